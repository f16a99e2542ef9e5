#include "wsgi/worker_limits.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/result.h"
#include "wsgi/error_log.h"

namespace tierce::wsgi {

void stay_on_processors(std::uint32_t place, std::uint32_t cpus) {
  const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
  if (cpus == 0 || place == 0 || online <= 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (std::uint32_t i = 0; i < cpus; ++i) CPU_SET(((place - 1) * cpus + i) % static_cast<std::uint32_t>(online), &set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0)
    log_line(os::LogLevel::kWarning, errno_error("cpu-affinity").text());
}

void reap_children() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

}  // namespace tierce::wsgi

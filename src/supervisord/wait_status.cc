#include "supervisord/wait_status.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include "config/supervisord/values.h"

namespace tierce::supervisord {

std::string describe_wait_status(int status) {
  if (WIFEXITED(status)) return fmt::format("exit status {}", WEXITSTATUS(status));
  if (WIFSIGNALED(status)) {
    return fmt::format("terminated by {}{}", config::supervisord::signal_name(WTERMSIG(status)),
                       WCOREDUMP(status) ? " (core dumped)" : "");
  }
  return fmt::format("unknown termination cause {:#06x}", status);
}

}  // namespace tierce::supervisord

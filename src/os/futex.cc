#include "os/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

namespace tierce::os {

static_assert(sizeof(std::atomic<std::uint32_t>) == 4 && std::atomic<std::uint32_t>::is_always_lock_free);

bool futex_wait(std::atomic<std::uint32_t>* word, std::uint32_t expected, std::int64_t timeout_ns) {
  timespec limit{timeout_ns / 1'000'000'000, timeout_ns % 1'000'000'000};
  const long status = ::syscall(SYS_futex, word, FUTEX_WAIT, expected, timeout_ns < 0 ? nullptr : &limit, nullptr, 0);
  return status == 0 || errno == EAGAIN;
}

void futex_wake(std::atomic<std::uint32_t>* word, std::uint32_t threads) {
  ::syscall(SYS_futex, word, FUTEX_WAKE, threads, nullptr, nullptr, 0);
}

}  // namespace tierce::os

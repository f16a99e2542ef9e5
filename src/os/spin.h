// Waiting a few microseconds without giving up the processor. Worth it only when the answer comes sooner
// than two context switches take and another processor can do the work meanwhile.
#pragma once

#include <sched.h>

#include <cstdint>

#include "os/clock.h"

namespace tierce::os {

// False on one processor: who spins there keeps the one it waits for from running.
inline bool spinning_helps() {
  static const bool several = [] {
    cpu_set_t set;
    return ::sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 1;
  }();
  return several;
}

// True as soon as ready() is; false after `limit_ns`.
template <typename Ready>
bool spin_until(Ready&& ready, std::uint64_t limit_ns) {
  const std::uint64_t end = monotonic_ns() + limit_ns;
  do {
    for (int i = 0; i < 32; ++i) {
      if (ready()) return true;
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
  } while (monotonic_ns() < end);
  return false;
}

}  // namespace tierce::os

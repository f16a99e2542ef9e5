// How many processors this process may run on.
#pragma once

#include <sched.h>

#include <cstddef>

namespace tierce::os {

// At least 1; asked once, so a process that is bound elsewhere later keeps the first answer.
inline std::size_t processors() {
  static const std::size_t count = [] {
    cpu_set_t set;
    const bool known = ::sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0;
    return known ? static_cast<std::size_t>(CPU_COUNT(&set)) : std::size_t{1};
  }();
  return count;
}

}  // namespace tierce::os

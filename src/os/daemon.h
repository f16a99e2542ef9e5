// Leaving the terminal and whoever started us.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace tierce::os {

enum class DaemonStdio : std::uint8_t { kToNull, kKept };

// Goes on in a process of a session of its own, with the working directory of before; the process that was
// called ends with 0. Standard input is /dev/null then, output and error unless they are kept.
Result<void> daemonize(DaemonStdio stdio);

}  // namespace tierce::os

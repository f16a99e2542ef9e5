// Leaving the terminal and whoever started us.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace tierce::os {

enum class DaemonStdio : std::uint8_t { kToNull, kKept };

// Goes on in a process of a session of its own, with the working directory of before; the process that was
// called ends with 0. Standard input is /dev/null then, output and error unless they are kept.
Result<void> daemonize(DaemonStdio stdio);

// The same, but the process that was called ends when a byte is written to the descriptor that is answered, or with
// the status of the other one when that ends before. Output and error become /dev/null.
Result<int> daemonize_when_ready();

}  // namespace tierce::os

// The supervisor process: opens the sockets, starts edge and zygote, and carries out what the pool
// (pool.h) decides. No Python, no client bytes.
#pragma once

#include "config/edge_start.h"
#include "config/run_settings.h"

namespace tierce::supervise {

// Runs until stopped. Returns the exit code: 0 after a stop, 1 when it cannot start, 3 when the
// application cannot be imported at the start.
int run_supervisor(const config::RunSettings& settings, config::EdgeMain edge_main);

}  // namespace tierce::supervise

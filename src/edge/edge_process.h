// The edge process: its threads, and the conversation with the supervisor (gateway/control.h).
#pragma once

#include "config/edge_start.h"

namespace tierce::edge {

// Serves until told to stop or the supervisor is gone. Returns the exit code; signals are the caller's.
int run_edge(config::EdgeStart start);

}  // namespace tierce::edge

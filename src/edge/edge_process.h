// The edge process: its threads, and the conversation with the supervisor (gateway/control.h).
#pragma once

#include <vector>

#include "config/edge_settings.h"
#include "edge/edge_thread.h"
#include "gateway/mailbox.h"
#include "os/error_log.h"
#include "os/message_channel.h"

namespace tierce::edge {

struct EdgeStart {
  config::EdgeSettings settings;
  std::vector<EdgeListener> listeners;   // Descriptors stay the caller's.
  os::MessageChannel control;            // Non-blocking end of the pair to the supervisor.
  std::vector<os::UniqueFd> wakeups;     // One eventfd for each thread; workers ring it.
  std::uint64_t id_base = 0;             // Request ids begin here: differs between edge processes.
};

// Serves until told to stop or the supervisor is gone. Returns the exit code; signals are the caller's.
int run_edge(EdgeStart start);

}  // namespace tierce::edge

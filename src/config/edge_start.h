// What an edge process is started with. The supervisor makes it and forks; what runs in the child is
// handed to the supervisor by the command (cli/), so that the two roles do not know each other.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "config/edge_settings.h"
#include "config/wire_protocol.h"
#include "os/message_channel.h"
#include "os/unique_fd.h"

namespace tierce::config {

struct EdgeListener {
  int fd;
  bool is_unix;
  std::string name;
  std::uint16_t port;
  WireProtocol protocol = WireProtocol::kHttp;
  int tls = -1;                    // Which of EdgeStart::tls is spoken there; -1: none.
  bool to_https = false;           // Every request is sent to https.
  std::uint8_t worker_number = 0;  // Which one it is to the workers, who know nothing of doors.
};

struct EdgeStart {
  EdgeSettings settings;
  std::vector<EdgeListener> listeners;  // Closed when the edge stops.
  std::string tls;                      // tls::pack()
  os::MessageChannel control;           // Non-blocking end of the pair to the supervisor.
  std::vector<os::UniqueFd> wakeups;    // One eventfd for each thread; workers ring it.
  // Requests that wait for a worker, by thread, in memory shared with the supervisor.
  std::atomic<std::uint32_t>* waiting = nullptr;
  std::uint64_t id_base = 0;  // Request ids begin here: differs between edge processes.
};

// Serves until told to stop or the supervisor is gone. Returns the exit code; signals are the caller's.
using EdgeMain = int (*)(EdgeStart start);

}  // namespace tierce::config

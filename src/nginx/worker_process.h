// A process that serves: as the user that the configuration names, with a thread for each of `worker_processes`.
#pragma once

#include <string>

#include "config/nginx/interpreter.h"
#include "nginx/log_files.h"
#include "nginx/server_thread.h"
#include "nginx/tls_server.h"
#include "os/user_identity.h"

namespace tierce::nginx {

struct WorkerStart {
  const conf::Reading* reading = nullptr;  // Each thread makes its own model of it.
  std::string prefix, folder, error_log, access_log;
  std::vector<ListenPoint> points;
  LogFiles* log_files = nullptr;
  const TlsMaterials* tls = nullptr;
  std::string counted;            // SharedZones::pack() of the worker before.
  int legacy = -1;                // Where SIGWINCH has what is counted written to, for the next worker,
  int legacy_there = -1;          // and an eventfd that says when.
  int chain = -1;                 // To the parent under `tierce up`,
  bool chain_names_only = false;  // who only says where sockets are.
  int ready = -1;                 // Gets one byte when it serves.
};

// How many threads `worker_processes` asks for.
unsigned thread_count(const conf::MainSettings& settings);

// Who a server that root has started serves as: what `user` names, or who is usual.
Result<os::Identity> worker_identity(const std::vector<std::string>& user);

// Serves until QUIT (connections end by themselves) or TERM. Returns the exit status.
int run_worker(const WorkerStart& start);

}  // namespace tierce::nginx

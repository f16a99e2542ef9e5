// What all processes of a server share; outlives them.
#pragma once

#include <functional>
#include <string>

#include "config/supervisord/settings.h"
#include "os/callback_loop.h"
#include "supervisord/activity_log.h"
#include "supervisord/children.h"
#include "supervisord/events.h"
#include "supervisord/leftovers.h"
#include "supervisord/log_compressor.h"

namespace tierce::supervisord {

class Chain;

struct World {
  const conf::Settings* settings;
  ActivityLog* log;
  os::CallbackLoop* loop;
  EventBus* events;
  Children* children;
  LogCompressor* compressor;
  Leftovers* leftovers;
  std::string server_url;   // "" when there is no server.
  Chain* chain = nullptr;   // Where programs may be roles of ours: `tierce up`.
  int keeper = -1;          // GroupKeeper::fd().
  std::string cgroup_home;  // "" where no cgroups can be made, or nobody wants one.
  // Whether all that a process depends on is ready.
  std::function<bool(const conf::ProcessSettings&)> dependencies_up;
};

}  // namespace tierce::supervisord

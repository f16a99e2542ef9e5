// What the statistics server tells: one JSON object in uWSGI's shape, so that uwsgitop and the exporters made
// for uWSGI read it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include "config/around_settings.h"
#include "gateway/app_memory.h"

namespace tierce::supervise {

struct ThreadStats {
  std::uint64_t requests = 0;
  bool in_request = false;
};

struct WorkerStats {
  std::uint32_t id = 0;  // The place.
  pid_t pid = 0;         // 0: nobody is there.
  bool accepting = false;
  gateway::WorkTotals totals;
  gateway::WorkTotals of_this_life;
  std::uint64_t average_ns = 0;
  std::uint32_t timed_out = 0;
  std::uint32_t spawned = 0;
  std::time_t last_spawn = 0;
  std::uint64_t rss_bytes = 0;
  std::uint64_t vsz_bytes = 0;
  std::vector<ThreadStats> threads;
};

struct SocketStats {
  std::string name;
  std::string protocol;
  std::uint32_t queue = 0;
  std::uint32_t queue_max = 0;
};

struct DaemonStats {
  std::string command;
  pid_t pid = 0;
  std::uint32_t respawns = 0;
};

struct CronStats {
  config::CronSettings job;
  pid_t pid = -1;
  std::time_t started = 0;
};

struct Stats {
  std::string version;
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  std::string cwd;
  bool paused = false;
  std::string chdir;  // Of the application.
  std::vector<SocketStats> sockets;
  std::vector<WorkerStats> workers;
  std::vector<DaemonStats> daemons;
  std::vector<CronStats> crons;
};

struct StatsForm {
  bool minified = false;
  bool without_threads = false;
};
std::string stats_text(const Stats& stats, const StatsForm& form);

// VmRSS and VmSize of a process; zeros when it is gone.
struct MemoryUse {
  std::uint64_t rss_bytes = 0;
  std::uint64_t vsz_bytes = 0;
};
MemoryUse memory_use(pid_t pid);

}  // namespace tierce::supervise

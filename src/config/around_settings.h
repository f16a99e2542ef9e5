// What runs beside the application or looks at it: daemons, cron jobs, hooks, the statistics server, the fifo
// of commands.
#pragma once

#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

namespace tierce::config {

// A command that is kept running. With a pid file it may outlive us: whoever the file names is it.
struct DaemonSettings {
  std::string command;
  std::string pid_file;
  std::uint32_t checks = 10;  // Seconds a started one gets until its pid file must name it.
  bool daemonize = false;     // We detach it and write the pid file; else it does so itself.
  bool essential = false;     // Its end is ours.
  bool notified = false;      // With a pid file: told of reloads and of the stop.
  bool keeps_stdin = false;
  int stop_signal = SIGTERM;
  int reload_signal = 0;  // 0: a reload stops and starts it.
  std::uint32_t throttle_max = 0;
  std::string user;
  std::string group;
  std::string chdir;
  std::vector<std::string> touch;  // Restarted when one of these files changes.
};

// uWSGI's five fields: a number is that number, -1 is every, -N every N-th.
struct CronRule {
  int minute = -1;
  int hour = -1;
  int day = -1;
  int month = -1;    // 1 to 12
  int weekday = -1;  // 0 is Sunday, and so is 7.
};
struct CronSettings {
  CronRule rule;
  std::string command;
  bool unique = false;         // Not while it still runs.
  std::uint32_t harakiri = 0;  // Killed after so many seconds; 0: never.
  bool own_harakiri = false;   // cron-harakiri does not matter.
};

struct HookSettings {
  std::string phase;   // "as-root": what stands behind "hook-"
  std::string action;  // "exec"; "obey" for a command to the server (supervise/commands.h)
  std::string argument;
  std::string touched;  // Phase "touch": the file.
};

struct AroundSettings {
  std::vector<DaemonSettings> daemons;
  std::vector<CronSettings> crons;
  std::vector<HookSettings> hooks;
  std::string stats;  // An endpoint; "": no statistics.
  bool stats_http = false;
  bool stats_minified = false;
  bool stats_without_threads = false;
  std::vector<std::string> fifos;  // The first is read from; commands choose another.
  std::uint32_t stop_mercy = 3;    // Seconds that daemons get to end.
};

}  // namespace tierce::config

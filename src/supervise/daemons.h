// The commands of attach-daemon and its kin: started, kept running, stopped with the server.
//
//   plain           waiting --start--> running --ended--> waiting (throttled)
//                                         `--asked to end--> stopping --ended--> waiting, or gone at the end
//   with a pid file whoever the file names is it: looked at every second, started when nobody is, and left
//                   alone at the end, as uWSGI leaves it
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/around_settings.h"
#include "os/child_process.h"
#include "os/error_log.h"
#include "os/group_keeper.h"
#include "supervise/pool.h"
#include "supervise/restart_throttle.h"
#include "supervise/stats_document.h"

namespace tierce::supervise {

// What commands beside the application have in common.
struct CommandHome {
  os::Identity identity;  // The server's user.
  int output = -1;        // The log's descriptor; -1: our own output.
  const os::ErrorLog* log = nullptr;
  const os::GroupKeeper* keeper = nullptr;
};

class Daemons {
 public:
  Daemons() = default;
  // Names of users are looked up here.
  static Result<Daemons> create(const std::vector<config::DaemonSettings>& settings, const os::Identity& identity,
                                std::chrono::seconds mercy);

  bool empty() const { return daemons_.empty(); }
  void start(const CommandHome& home, TimePoint now);
  // True when the process was a daemon's.
  bool ended(const CommandHome& home, pid_t pid, int status, TimePoint now);
  void tick(const CommandHome& home, TimePoint now);
  TimePoint next_deadline() const;
  // The application was loaded anew: so are they.
  void restart(const CommandHome& home, TimePoint now);
  void stop(const CommandHome& home, TimePoint now);
  bool stopped() const;
  // One that is not to be survived has ended.
  bool essential_ended() const { return essential_ended_; }
  std::vector<DaemonStats> stats() const;

 private:
  enum class State : std::uint8_t { kWaiting, kRunning, kStopping, kGone };
  struct Daemon {
    config::DaemonSettings settings;
    os::Identity identity;
    RestartThrottle throttle{0};
    State state = State::kWaiting;
    pid_t pid = 0;
    std::uint32_t starts = 0;
    TimePoint started{};
    TimePoint next = TimePoint::max();  // Start, SIGKILL or the next look at the pid file.
    bool confirmed = false;             // Its pid file has named it.
    std::vector<std::int64_t> touched;  // Times of the files of `touch`.
    bool by_file() const { return !settings.pid_file.empty(); }
  };
  void launch(const CommandHome& home, Daemon& daemon, TimePoint now);
  void look_at_file(const CommandHome& home, Daemon& daemon, TimePoint now);
  void look_at_touched(const CommandHome& home, Daemon& daemon, TimePoint now);
  static void signal_named(const CommandHome& home, const Daemon& daemon, int number);
  void ask_to_end(const CommandHome& home, Daemon& daemon, int signal, TimePoint now);

  std::vector<Daemon> daemons_;
  std::chrono::seconds mercy_{3};
  TimePoint next_touch_look_ = TimePoint::max();
  bool stopping_ = false;
  bool essential_ended_ = false;
};

// The process that a pid file names, when it lives; 0 otherwise.
pid_t living_process_of(const std::string& pid_file);

}  // namespace tierce::supervise

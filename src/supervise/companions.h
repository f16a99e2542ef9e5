// Everything beside the application that the supervisor looks after: daemons, cron jobs, hooks that run while
// it serves, the statistics server, the fifo of commands. It hangs in the supervisor's loop and knows nothing of
// workers but what it is told.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/around_settings.h"
#include "os/error_log.h"
#include "os/group_keeper.h"
#include "os/user_identity.h"
#include "supervise/commands.h"
#include "supervise/cron.h"
#include "supervise/daemons.h"
#include "supervise/hooks.h"
#include "supervise/master_fifo.h"
#include "supervise/sources.h"
#include "supervise/stats_document.h"
#include "supervise/stats_server.h"

namespace tierce::supervise {

class Companions {
 public:
  struct Server {
    std::function<void(Command)> obey;
    std::function<void(Stats&)> fill_stats;  // Sockets and workers.
  };

  // `log` is borrowed; its descriptor may change, reopened() says so.
  Result<void> open(const config::AroundSettings& settings, const os::Identity& identity, const os::ErrorLog& log,
                    Server server);
  // Daemons and cron jobs, at the first call. The supervisor reaps children by now.
  void start();
  // The server is about to end: no more cron jobs, while daemons stay until finish().
  void begin_nothing_more() {
    started_ = true;
    crons_.begin_nothing_more();
  }

  void add_sources(Sources& sources);
  TimePoint next_deadline() const;
  void tick(TimePoint now);
  // True when the child was one of ours.
  bool reaped(pid_t pid, int status);
  void restart_daemons();
  // In a child that goes on with another task.
  void let_go();
  // Asks what runs to end; answers when nothing does. Reaps every child meanwhile.
  void finish(int signal_fd);

  // What a signal means by a hook.
  std::optional<Command> command_of_signal(int number) const;
  std::vector<int> signals() const;

  // Runs the hooks of a phase aside, and tells how it went; at once when there are none.
  void when_done(const std::vector<config::HookSettings>& hooks, std::function<void(bool)> then);
  // The hooks for a worker that is ready: accepting, accepting1 and their -once.
  std::vector<config::HookSettings> accepting_hooks(std::uint32_t place, bool first_time) const;
  std::vector<config::HookSettings> hooks(std::string_view phase) const { return hooks_of(settings_.hooks, phase); }

  std::string stats() const;

 private:
  struct Touched {
    std::string path;
    std::int64_t time;
  };
  CommandHome home() const;
  void read_letter(char letter);
  void look_at_touched(TimePoint now);

  config::AroundSettings settings_;
  os::Identity identity_;
  const os::ErrorLog* log_ = nullptr;
  Server server_;
  os::GroupKeeper keeper_;
  Daemons daemons_;
  CronJobs crons_;
  StatsServer stats_server_;
  MasterFifo fifo_;
  std::map<int, Command> by_signal_;
  std::map<pid_t, std::function<void(bool)>> running_hooks_;
  std::vector<Touched> touched_;
  TimePoint next_touch_look_ = TimePoint::max();
  bool started_ = false;
  bool essential_end_told_ = false;
};

}  // namespace tierce::supervise

// supervisord itself: the groups, the loop that looks after them, signals, and the control servers.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/supervisord/reader.h"
#include "os/group_keeper.h"
#include "os/pid_file.h"
#include "supervisord/chain.h"
#include "supervisord/group.h"

namespace tierce::supervisord {

class Chain;
class ControlServers;

// What the server is about to do; the numbers are those of the API.
enum class Mood : int { kFatal = 2, kRunning = 1, kRestarting = 0, kShutdown = -1 };
std::string_view name_of(Mood mood);

class Server {
 public:
  // How the settings are read again.
  using Reread = std::function<Result<conf::Settings>()>;
  Server(conf::Settings settings, Reread reread);
  // Before run(): programs that are nginx, uWSGI or Gunicorn become roles of this binary (chain.h), played by `play`;
  // `fuses`: with the way through shared memory.
  void play_roles(Chain::Rules rules);
  ~Server();

  // Logs, sockets, limits: what can fail while there is still somebody to tell.
  Result<void> prepare();
  // Until it is told to end. kShutdown or kRestarting.
  Result<Mood> run();

  // What an essential program ended with; 0 where none ended us.
  int exit_code() const { return exit_code_; }

  // For the API.
  Mood mood() const { return mood_; }
  void set_mood(Mood mood) { mood_ = mood; }
  const conf::Settings& settings() const { return settings_; }
  World& world() { return world_; }
  ActivityLog& log() { return log_; }
  std::vector<Group*> groups() const;  // By priority.
  Group* find_group(std::string_view name) const;
  struct Differences {
    std::vector<std::string> added;
    std::vector<std::string> changed;
    std::vector<std::string> removed;
    std::map<std::string, std::vector<std::string>> reasons;  // Of those that have changed.
  };
  Result<Differences> reread();
  // What reread() found last.
  const Differences& differences() const { return differences_; }
  // The groups of the latest configuration that was read.
  const std::vector<conf::GroupSettings>& known_groups() const { return known_groups_; }
  void add_group(const conf::GroupSettings& settings);
  void remove_group(const std::string& name);
  void reap();
  // False when a new configuration would not be read: nothing is restarted for it.
  Result<void> check_restart() const;

  static TimePoint now();

 private:
  Result<void> raise_limits();
  void say_what_was_read();
  void say_what_has_changed(const Differences& found);
  void remove_old_auto_logs();
  Result<void> watch_signals();
  void on_signal(int number);
  void reopen_logs();
  std::vector<Group*> in_order_of_stops() const;
  // True when all is down.
  bool go_down(TimePoint now);
  void ticks();
  void look_at_essentials();
  void open_cgroups();
  void look_at_schedules();
  void look_at_memory();
  void pass_on(int number);
  std::vector<Process*> all_processes() const;
  bool is_ready(const std::string& name) const;
  int wait_ms() const;

  conf::Settings settings_;
  Reread reread_;
  ActivityLog log_;
  os::CallbackLoop loop_;
  EventBus events_;
  Children children_;
  LogCompressor compressor_{children_};
  std::unique_ptr<Chain> chain_;
  Leftovers leftovers_;
  World world_;
  os::GroupKeeper keeper_;
  os::PidFile pid_file_;
  os::UniqueFd signals_;
  std::unique_ptr<ControlServers> control_;
  std::vector<conf::GroupSettings> known_groups_;
  std::vector<std::unique_ptr<Group>> groups_;
  Differences differences_;
  Mood mood_ = Mood::kRunning;
  int exit_code_ = 0;
  bool stopping_ = false;
  std::vector<Group*> to_stop_;
  TimePoint last_report_{};
  std::time_t schedule_minute_ = 0;  // The last that was looked at.
  TimePoint weighed_{};
  std::vector<std::pair<long, long>> last_ticks_;
};

}  // namespace tierce::supervisord

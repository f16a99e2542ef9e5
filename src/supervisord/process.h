// One supervised process: its state (process_state.h), its pipes and logs, and, for an event listener, the event it
// works at.
#pragma once

#include <sys/types.h>

#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config/chain/program_role.h"
#include "config/supervisord/settings.h"
#include "os/cgroup.h"
#include "supervisord/health_check.h"
#include "supervisord/input_pipe.h"
#include "supervisord/listener_protocol.h"
#include "supervisord/output_channel.h"
#include "supervisord/process_state.h"
#include "supervisord/spawn.h"
#include "supervisord/world.h"

namespace tierce::supervisord {

class Process {
 public:
  enum class Kind : std::uint8_t { kProgram, kListener, kFcgi };
  Process(World& world, std::string group, const conf::ProcessSettings& settings, Kind kind);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  const conf::ProcessSettings& settings() const { return settings_; }
  const std::string& group() const { return group_; }
  const std::string& name() const { return settings_.name; }
  // "group:name", or the name alone where both are the same.
  std::string full_name() const { return group_ == name() ? name() : group_ + ":" + name(); }
  State state() const { return state_.state(); }
  pid_t pid() const { return pid_; }
  std::time_t started() const { return started_; }
  std::time_t stopped() const { return stopped_; }
  const std::string& spawn_error() const { return spawn_error_; }
  int exit_status() const { return exit_status_; }
  // "" for none.
  const std::string& log_path(bool errors) const { return errors ? err_.path() : out_.path(); }
  // It runs and, where it has a health check, that says so too.
  bool is_ready() const { return state() == State::kRunning && (!settings_.health.any() || health_.is_ready()); }
  // ", ready", ", not ready (503)"; "" for one without a health check.
  std::string health_note() const;

  // An nginx of ours whose stop signal lets it finish what runs.
  bool is_graceful_edge() const;

  Result<Executable, CommandError> executable() const;
  // `fcgi_socket`: the standard input of an FCGI program.
  void start(TimePoint now);
  void set_fcgi_socket(int fd) { fcgi_socket_ = fd; }
  void stop(TimePoint now);
  // ... and does not wait for its end: the next tick kills it.
  void stop_at_once(TimePoint now);
  // Starts it, after it has stopped where it runs. Waits for nothing.
  void restart(TimePoint now);
  // To the process alone; an error text or "".
  std::string signal(int number);
  // To be told of its end before it is reaped, while its number is still its own.
  void reaped(TimePoint now, int wait_status);
  // It uses so much memory, and nobody but us is to stop it at its limit.
  void weighed(TimePoint now, std::uint64_t resident_bytes);
  bool is_weighed() const { return pid_ != 0 && settings_.memory_max > 0 && !limited_; }
  // A time of its schedule has come.
  void scheduled(TimePoint now);
  void tick(TimePoint now, bool may_start);
  TimePoint deadline(bool may_start) const;
  // It is down and will not come up by itself.
  bool has_ended() const;
  // False when it has no standard input that is read.
  bool write_stdin(std::string_view bytes);
  void clear_logs();
  void reopen_logs();
  // For an event listener. Nothing but READY takes one.
  bool give_event(const EventPtr& event, const std::string& envelope);
  bool takes_events() const { return state() == State::kRunning && protocol_.state() == ListenerState::kReady; }
  // Called with an event that was not accepted, or not answered before the listener ended.
  std::function<void(const EventPtr&)> on_rejected;

 private:
  void apply(const Step& step, TimePoint now);
  void announce(const Change& change);
  void tell(Note note, std::string_view how);
  void spawn_now(TimePoint now);
  void spawn_failed(TimePoint now, std::string why);
  void output_logged(bool errors, std::string_view bytes);
  void write_syslog(std::string_view bytes) const;
  void take_listener_output(std::string_view bytes);
  LineFormat line_format(const char* stream) const;
  OutputChannel::Hooks hooks(bool errors);
  Result<SpawnPlan> plan() const;
  // Under `tierce up`: the command becomes a role of this binary, when it is one that we can play.
  os::UniqueFd take_role(SpawnPlan& plan) const;
  // kOther for a program that is run as it is.
  config::chain::Program role() const;
  void look_at_health(TimePoint now);
  void look_after_orphans(TimePoint now, int wait_status, State before);
  void open_cgroup();
  void close_pipes();
  void send_stop(int number, bool as_group, TimePoint now);
  bool may_start_itself(bool may_start) const;
  Result<std::vector<std::string>> environment() const;
  std::string search_path() const;
  std::string event_head() const;
  // What it is called in the files of others.
  std::vector<std::string> names() const { return {full_name(), name(), settings_.program}; }
  void tell_chain_of_end(TimePoint now, State before);
  void tell_chain_of_failure();

  World& world_;
  std::string group_;
  conf::ProcessSettings settings_;
  Kind kind_;
  ProcessState state_;
  pid_t pid_ = 0;
  std::time_t started_ = 0;
  std::time_t stopped_ = 0;
  std::string spawn_error_;
  int exit_status_ = 0;
  OutputChannel out_;
  OutputChannel err_;
  InputPipe stdin_;
  HealthCheck health_;
  os::Cgroup cgroup_;
  bool limited_ = false;  // The kernel keeps its memory limit.
  int fcgi_socket_ = -1;
  bool start_when_stopped_ = false;
  ListenerProtocol protocol_;
  EventPtr event_;
};

}  // namespace tierce::supervisord

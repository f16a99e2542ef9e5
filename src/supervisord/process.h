// One supervised process: its state (process_state.h), its pipes and logs, and, for an event listener, the event it
// works at.
#pragma once

#include <sys/types.h>

#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config/supervisord/settings.h"
#include "os/callback_loop.h"
#include "os/unique_fd.h"
#include "supervisord/activity_log.h"
#include "supervisord/events.h"
#include "supervisord/listener_protocol.h"
#include "supervisord/log_file.h"
#include "supervisord/output_filter.h"
#include "supervisord/process_state.h"
#include "supervisord/spawn.h"

namespace tierce::supervisord {

// What all processes share; outlives them.
struct World {
  const conf::Settings* settings;
  ActivityLog* log;
  os::CallbackLoop* loop;
  EventBus* events;
  std::string server_url;  // "" when there is no server.
  int keeper = -1;
  // Whether all that a process depends on is up.
  std::function<bool(const conf::ProcessSettings&)> dependencies_up;
};

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
  const std::string& log_path(bool errors) const { return errors ? err_.path : out_.path; }

  Result<Executable, CommandError> executable() const;
  // `fcgi_socket`: the standard input of an FCGI program.
  void start(TimePoint now);
  void set_fcgi_socket(int fd) { fcgi_socket_ = fd; }
  void stop(TimePoint now);
  // Starts it, after it has stopped where it runs. Waits for nothing.
  void restart(TimePoint now);
  // To the process alone; an error text or "".
  std::string signal(int number);
  void reaped(TimePoint now, int wait_status);
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
  struct Channel {
    bool errors = false;
    const conf::OutputSettings* rules = nullptr;
    std::string path;  // AUTO has been resolved.
    os::UniqueFd fd;
    LogFile log;
    std::unique_ptr<OutputFilter> filter;
    bool paused = false;  // The log takes no more for now.
  };
  void apply(const Step& step, TimePoint now);
  void announce(const Change& change);
  void tell(Note note, std::string_view how);
  void spawn_now(TimePoint now);
  void spawn_failed(TimePoint now, std::string why);
  void open_channel(Channel& channel, os::UniqueFd fd);
  void read_channel(Channel& channel);
  void take_output(Channel& channel, std::string_view bytes);
  void log_output(Channel& channel, std::string_view bytes);
  void write_syslog(std::string_view bytes) const;
  void take_listener_output(std::string_view bytes);
  void close_pipes();
  void flush_stdin();
  void send_stop(int number, bool as_group, TimePoint now);
  bool may_start_itself(bool may_start) const;
  Result<std::vector<std::string>> environment() const;
  std::string search_path() const;
  std::string event_head() const;

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
  Channel out_;
  Channel err_;
  os::UniqueFd stdin_;
  std::string stdin_pending_;
  int fcgi_socket_ = -1;
  bool start_when_stopped_ = false;
  ListenerProtocol protocol_;
  EventPtr event_;
};

// "exit status 1", "terminated by SIGTERM (core dumped)".
std::string describe_wait_status(int status);

}  // namespace tierce::supervisord

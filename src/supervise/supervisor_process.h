// What the supervisor is, for its files: supervisor.cc has the loop, supervisor_*.cc what it does.
#pragma once

#include <sys/types.h>

#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/edge_start.h"
#include "config/run_settings.h"
#include "gateway/control.h"
#include "gateway/mailbox.h"
#include "os/error_log.h"
#include "os/file_watcher.h"
#include "os/listen_socket.h"
#include "os/message_backlog.h"
#include "os/message_channel.h"
#include "os/pid_file.h"
#include "os/process_handle.h"
#include "os/shared_words.h"
#include "os/unique_fd.h"
#include "supervise/app_resources.h"
#include "supervise/cheaper.h"
#include "supervise/commands.h"
#include "supervise/companions.h"
#include "supervise/log_files.h"
#include "supervise/pool.h"
#include "supervise/succession.h"
#include "supervise/visitors.h"
#include "supervise/worker_slots.h"
#include "supervise/zygote_process.h"

namespace tierce::supervise {

// How many workers there are once there are requests.
std::uint32_t workers_wanted_first(const config::RunSettings& settings);

// What ties us to a worker.
struct WorkerLines {
  os::MessageChannel control;
  bool named = false;                         // Its zygote has told its number ...
  os::ProcessHandle process;                  // ... and this is it; none when it had ended by then.
  std::vector<os::MessageChannel> edge_ends;  // Until they are handed to the edge.
  gateway::Region region;                     // The same, where there are no ports.
  std::vector<os::MessageChannel> port_ends;  // For visitors, in the order of their ports.
  std::vector<bool> used_ports;               // A visitor has had it.
  bool attached = false;
  bool buried = false;     // The edges have been told of its end.
  std::uint32_t life = 0;  // In the application's memory, if it has one.
  bool first_in_place = false;
};

class Supervisor {
 public:
  Supervisor(const config::RunSettings& settings, config::EdgeMain edge_main);
  // Until stopped; the exit code of the program.
  int run();

 private:
  // --- start (supervisor_start.cc) ---
  Result<void> prepare();
  Result<void> become_immediately() const;
  Result<void> raise_limits() const;
  Result<void> enter_jail() const;
  Result<void> write_pid_files();
  Result<void> run_phase(std::string_view phase) const;
  static std::string absolute(const std::string& path);
  Result<void> open_listeners();
  Result<void> own_socket(const std::string& path) const;

  // --- loop (supervisor.cc) ---
  void wait();
  static TimePoint now();
  void feed(Event event);
  void carry_out(const Action& action);

  // --- edges of other programs, and what they and our own say together (supervisor_visitors.cc) ---
  Result<void> open_door();
  std::uint32_t mailboxes() const;
  std::string announced_address(std::size_t index) const;
  std::string uwsgi_address() const;
  void let_in(os::MessageChannel channel);
  Result<void> welcome(std::uint32_t port);
  os::UniqueFd open_access_log() const;
  void attach_visitor(std::uint32_t port, std::uint32_t id, WorkerLines& lines);
  void drain(std::uint32_t worker);
  void drained_by_one(std::uint32_t worker);
  void bury(std::uint32_t worker, int status, const std::string& why);
  void bury_for_visitors(std::uint32_t worker, const gateway::ControlMessage& message);
  void timed_out(const gateway::ControlMessage& message);
  void visitors_stopped();

  // --- the edge of our own (supervisor_edge.cc) ---
  Result<std::string> read_certificates() const;
  void renew_certificates();
  void edge_ended(int status);
  void serve_edge();
  void read_edge();
  void tell_edge(const gateway::ControlMessage& message, std::span<const int> descriptors = {});
  void edge_cannot_start(const Error& error);
  void start_edge();
  static std::uint64_t request_ids();

  // --- zygotes and workers (supervisor_workers.cc) ---
  void change_workers(Event::Kind kind);
  void tell_zygotes(const gateway::ControlMessage& message, std::span<const int> descriptors = {});
  void reap();
  void bury_unreported(std::uint32_t generation);
  void signal_worker(std::uint32_t id, int number) const;
  void send_hang_signal(std::uint32_t id) const;
  void read_zygote(std::uint32_t generation);
  void name_worker(std::uint32_t id, std::uint32_t generation, pid_t pid);
  bool is_worker_of(const ZygoteProcess& zygote, pid_t pid, os::ProcessHandle& process) const;
  void zygote_ready(std::uint32_t generation, std::uint32_t wanted);
  void tell_ready();
  void read_worker(std::uint32_t id);
  void tell_worker(std::uint32_t id, const gateway::ControlMessage& message);
  void start(std::uint32_t generation);
  void fork_worker(std::uint32_t id, std::uint32_t generation);
  Result<WorkerLines> ask_for_worker(std::uint32_t id, std::uint32_t generation, std::uint32_t place,
                                     std::uint32_t life);
  void attach(std::uint32_t id);

  // --- what users ask for (supervisor_commands.cc) ---
  void hook_failed();
  void read_signals();
  void reload();
  void start_successor();
  void be_promoted();
  void obey(Command command);
  void pause_or_resume();
  std::vector<std::uint32_t> replaceable_workers() const;
  void reload_next_of_chain();
  void rotate_logs();
  void reopen_logs();
  void read_watch_list(std::uint32_t generation);
  void read_changes();

  // --- what is looked at from time to time, and the statistics (supervisor_load.cc) ---
  void look_at_logs();
  std::uint32_t waiting_requests() const;
  void look_at_load();
  Cheaper::Load load() const;
  void look_at_memory();
  void fill_stats(Stats& stats) const;
  SocketStats socket_stats(std::size_t index) const;
  WorkerStats worker_stats(std::uint32_t number, const WorkerSlots::Place& place) const;

  config::RunSettings settings_;
  config::EdgeMain edge_main_;
  Cheaper cheaper_;
  Pool pool_;
  std::deque<Event> events_;
  bool feeding_ = false;
  ZygotePlan plan_;
  AppResources app_;
  os::ErrorLog log_;
  std::vector<std::pair<os::PidFile, std::string>> pid_files_;  // With the names they are to have.
  Succession succession_;
  std::vector<os::ListenSocket> listeners_;
  std::vector<config::BindAddress> binds_;  // Of each listener.
  std::string certificates_;                // tls::pack(), for edges that start.
  os::UniqueFd signals_;
  os::FileWatcher watcher_;
  std::string watch_text_;
  TimePoint reload_at_ = TimePoint::max();
  pid_t edge_pid_ = 0;
  bool stopping_edge_ = false;
  bool edge_ready_ = false;
  os::MessageChannel edge_control_;
  os::MessageBacklog to_edge_;
  std::vector<os::UniqueFd> wakeups_;
  Visitors visitors_;
  std::vector<os::UniqueFd> port_wakeups_;  // Of the visitors' ports; none when nobody is let in.
  std::map<std::uint32_t, int> draining_;   // Worker: whose word is still missing, ours and the visitors'.
  bool in_trouble_ = false;
  bool edge_stopped_ = false;
  std::map<std::uint32_t, ZygoteProcess> zygotes_;
  std::map<std::uint32_t, WorkerLines> workers_;
  std::optional<int> exit_code_;
  Companions companions_;
  WorkerSlots slots_;
  std::deque<std::uint32_t> chain_;       // Workers that a chain reload has still to replace ...
  std::optional<std::uint32_t> chained_;  // ... and the one that is being replaced.
  std::optional<std::uint32_t> paused_;   // How many workers there were.
  os::SharedWords waiting_;               // Requests, by thread of the edge.
  bool cheap_ = settings_.cheap;          // Still: nobody has come.
  TimePoint next_load_look_ = TimePoint::max();
  TimePoint next_memory_look_ = TimePoint::max();
  TimePoint next_log_look_ = TimePoint::max();
  LogFiles log_files_;
  bool daemons_to_restart_ = false;
  bool told_ready_ = false;    // The service manager.
  bool served_ = false;        // A worker has been ready.
  bool start_failed_ = false;  // A hook ended the start.
};

}  // namespace tierce::supervise

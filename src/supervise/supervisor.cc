#include "supervise/supervisor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <utility>

#include "config/edge_welcome.h"
#include "gateway/control.h"
#include "gateway/mailbox.h"
#include "os/clock.h"
#include "os/error_log.h"
#include "os/file_watcher.h"
#include "os/listen_socket.h"
#include "os/message_backlog.h"
#include "os/pid_file.h"
#include "os/process_title.h"
#include "os/real_path.h"
#include "os/service_manager.h"
#include "os/shared_text.h"
#include "os/shared_words.h"
#include "os/user_identity.h"
#include "supervise/cheaper.h"
#include "supervise/companions.h"
#include "supervise/hooks.h"
#include "supervise/log_files.h"
#include "supervise/pool.h"
#include "supervise/sources.h"
#include "supervise/succession.h"
#include "supervise/visitors.h"
#include "supervise/worker_slots.h"
#include "supervise/zygote_process.h"
#include "tls/material.h"

namespace tierce::supervise {
namespace {

using gateway::ControlMessage;
using gateway::FromEdge;
using gateway::FromWorker;
using gateway::FromZygote;
using gateway::ToEdge;
using gateway::ToWorker;
using gateway::ToZygote;
using os::LogLevel;
using namespace std::chrono_literals;

constexpr int kSignals[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU, SIGWINCH, SIGCHLD};
// Greenlets start at once what they are given: a few more slots are for what comes meanwhile.
constexpr std::uint32_t kSpareSlots = 64;
static_assert(config::kGreenletsMax + kSpareSlots <= gateway::kSlotsMax);
// nginx's default backlog; a kernel that allows less drops connections in a burst.
constexpr int kSmallBacklog = 511;
constexpr auto kReloadDebounce = 100ms;
// How often the load is looked at, and how often whether the first request has come.
constexpr auto kLoadInterval = 1s;
constexpr auto kFirstRequestInterval = 20ms;

std::uint32_t workers_wanted_first(const config::RunSettings& settings) {
  if (settings.cheaper.least == 0) return settings.workers;
  return settings.cheaper.initial != 0 ? settings.cheaper.initial : settings.cheaper.least;
}
std::uint32_t workers_at_start(const config::RunSettings& settings) {
  return settings.cheap ? 0 : workers_wanted_first(settings);
}

bool is_http(const config::BindAddress& bind) { return bind.protocol == config::WireProtocol::kHttp; }

gateway::MailboxShape shape_for(const config::RunSettings& settings, const std::vector<config::BindAddress>& binds) {
  gateway::MailboxShape shape;
  const std::uint32_t wanted = settings.in_greenlets ? settings.greenlets + kSpareSlots : 4 * settings.threads;
  shape.slots = std::bit_ceil(std::clamp(wanted, 64u, gateway::kSlotsMax));
  std::uint32_t head = sizeof(http::HeaderField) * settings.edge.fields_max + settings.edge.head_bytes_max;
  if (!std::all_of(binds.begin(), binds.end(), is_http)) {
    head = std::max<std::uint32_t>(
        head, sizeof(http::HeaderField) * http::kHeaderFieldsMax + settings.edge.variables_bytes_max);
  }
  const std::uint32_t request = head + settings.edge.body_buffer_bytes;
  const std::uint32_t added = settings.edge.routes.empty() ? 0 : gateway::kAddedVariablesBytes;
  shape.request_bytes = (request + added + 4096 + 4095) / 4096 * 4096;
  return shape;
}

// What ties us to a worker.
struct WorkerLines {
  os::MessageChannel control;
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
  Supervisor(const config::RunSettings& settings, config::EdgeMain edge_main)
      : settings_(settings),
        edge_main_(edge_main),
        cheaper_(settings.cheaper, settings.workers),
        pool_({.workers = workers_at_start(settings),
               .graceful_timeout = settings.edge.graceful_timeout,
               .hang_grace = settings.hang_grace,
               .reload = settings.reload}) {}

  int run() {
    const auto prepared = prepare();
    if (!prepared) {
      log_.line(LogLevel::kCritical, prepared.error().text());
      exit_code_ = 1;
    } else {
      feed({.kind = Event::Kind::kStart});
    }
    while (!exit_code_) wait();
    companions_.finish(signals_.get());
    if (start_failed_) exit_code_ = 1;
    if (prepared) static_cast<void>(run_phase("as-user-atexit"));
    // Another supervisor still listens there, or has to remove them when it ends.
    const bool shared = succession_.has_successor() || succession_.has_predecessor();
    for (const os::ListenSocket& listener : listeners_) {
      if (!shared && !listener.unlink_at_exit.empty()) ::unlink(listener.unlink_at_exit.c_str());
    }
    return *exit_code_;
  }

 private:
  // --- start ---

  Result<void> prepare() {
    if (!settings_.title.empty()) os::set_process_title(settings_.title);
    if (auto done = become_immediately(); !done) return done;
    if (!settings_.first_chdir.empty() && ::chdir(settings_.first_chdir.c_str()) != 0)
      return fail(errno_error("force-cwd " + settings_.first_chdir));
    if (auto done = run_phase("asap"); !done) return done;
    if (auto done = raise_limits(); !done) return done;
    auto identity = os::find_identity(settings_.user, settings_.group);
    if (!identity) return fail(std::move(identity).error());
    plan_.identity = std::move(*identity);
    if (auto added = os::add_groups(settings_.more_groups, plan_.identity); !added) return added;
    if (auto done = enter_jail(); !done) return done;
    // Names of programs and directories are the user's, seen from where the user stands.
    auto python = find_python(settings_.python);
    if (!python) return fail(std::move(python).error());
    auto library = find_library();
    if (!library) return fail(std::move(library).error());
    plan_.python = absolute(*python);
    plan_.library = absolute(*library);
    if (!settings_.chdir.empty() && ::chdir(settings_.chdir.c_str()) != 0)
      return fail(errno_error("--chdir " + settings_.chdir));
    if (settings_.umask >= 0) ::umask(static_cast<mode_t>(settings_.umask));

    log_files_ = LogFiles(settings_.edge.error_log, settings_.edge.access_log, settings_.log_files);
    if (auto given = log_files_.hand_over(plan_.identity); !given) return given;
    if (auto begun = log_files_.begin(); !begun) return begun;
    if (log_files_.limited()) next_log_look_ = now();
    auto log = os::ErrorLog::open(settings_.edge.error_log, settings_.edge.log_level);
    if (!log) return fail(std::move(log).error());
    log_ = std::move(*log);
    plan_.error_log = log_.fd();
    log_.line(LogLevel::kInfo, fmt::format("Starting tierce {}{}", TIERCE_VERSION,
                                           settings_.name.empty() ? "" : fmt::format(" ({})", settings_.name)));
    for (const std::string& remark : settings_.remarks) log_.line(LogLevel::kInfo, remark);
    for (const std::string& warning : settings_.warnings) log_.line(LogLevel::kWarning, warning);
    if (auto written = write_pid_files(); !written) return written;
    for (const char* phase :
         {settings_.chroot.empty() ? "pre-jail" : "", "post-jail", "in-jail", "as-root", "as-user"}) {
      if (auto done = run_phase(phase); !done) return done;
    }
    auto waiting = os::SharedWords::create(settings_.edge.threads);
    if (!waiting) return fail(std::move(waiting).error());
    waiting_ = std::move(*waiting);
    if (settings_.cheap || settings_.cheaper.least != 0) next_load_look_ = now();
    if (settings_.worker_rss_evil != 0 || settings_.worker_as_evil != 0) next_memory_look_ = now();
    plan_.before_python = [this] {
      auto done = run_hooks(companions_.hooks("pre-app"), os::Identity{}, log_);
      if (!done) log_.line(LogLevel::kCritical, done.error().text());
      return static_cast<bool>(done);
    };
    if (auto opened = open_listeners(); !opened) return opened;
    if (auto opened = companions_.open(settings_.around, plan_.identity, log_,
                                       {.obey = [this](Command command) { obey(command); },
                                        .fill_stats = [this](Stats& stats) { fill_stats(stats); }});
        !opened) {
      return opened;
    }
    if (auto opened = open_door(); !opened) return opened;
    if (settings_.reload || !settings_.touch_reload.empty()) {
      auto watcher = os::FileWatcher::create();
      if (!watcher) return fail(std::move(watcher).error());
      watcher_ = std::move(*watcher);
      watcher_.watch(settings_.touch_reload);
    }
    if (settings_.uwsgi) {
      auto made = AppResources::create(settings_, plan_.identity);
      if (!made) return fail(std::move(made).error());
      app_ = std::move(*made);
      plan_.app = &app_;
    }
    // Orphans of the zygote and of workers become our children: we reap them, as PID 1 must.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    ::signal(SIGPIPE, SIG_IGN);
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : kSignals) ::sigaddset(&set, number);
    for (const int number : companions_.signals()) ::sigaddset(&set, number);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    signals_ = os::UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) return fail(errno_error("signalfd"));
    log_.line(LogLevel::kInfo,
              fmt::format("Using worker: {} process(es) with {} {}, {}", settings_.workers, settings_.at_once(),
                          settings_.in_greenlets ? "greenlet(s) of gevent" : "thread(s)", plan_.python));
    return run_phase("master-start");
  }

  Result<void> become_immediately() const {
    if (settings_.immediate_user.empty() && settings_.immediate_group.empty()) return {};
    auto identity = os::find_identity(settings_.immediate_user, settings_.immediate_group);
    if (!identity) return fail(std::move(identity).error().during("immediate-uid and immediate-gid"));
    return os::become(*identity);
  }

  Result<void> raise_limits() const {
    if (settings_.descriptors_limit == 0) return {};
    const rlimit limit{settings_.descriptors_limit, settings_.descriptors_limit};
    if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return {};
    return fail(errno_error(fmt::format("max-fd {}", settings_.descriptors_limit)));
  }

  // Users are known by their names outside.
  Result<void> enter_jail() const {
    if (settings_.chroot.empty()) return {};
    if (auto done = run_phase("pre-jail"); !done) return done;
    if (::chroot(settings_.chroot.c_str()) != 0 || ::chdir("/") != 0)
      return fail(errno_error("chroot " + settings_.chroot));
    return {};
  }

  Result<void> write_pid_files() {
    const auto write = [this](const std::string& path) -> Result<void> {
      // The name is the predecessor's until it has ended; Gunicorn's name until then.
      auto file = os::PidFile::write(succession_.has_predecessor() ? path + ".2" : path);
      if (!file) return fail(std::move(file).error());
      pid_files_.emplace_back(std::move(*file), path);
      return {};
    };
    if (!settings_.pid_file.empty()) {
      if (auto written = write(settings_.pid_file); !written) return written;
    }
    for (const std::string& path : settings_.more_pid_files) {
      if (auto written = write(path); !written) return written;
    }
    for (const std::string& path : settings_.pid_files_of_user) {
      if (auto written = write(path); !written) return written;
      if (auto given = os::give_path(path, plan_.identity); !given) return given;
    }
    return {};
  }

  // The hooks of one turn of our own life. What is to run as the user does so; signals have been given their
  // meaning elsewhere.
  Result<void> run_phase(std::string_view phase) const {
    auto hooks = hooks_of(settings_.around.hooks, phase);
    std::erase_if(hooks, [](const config::HookSettings& hook) { return hook.action == "unix_signal"; });
    const bool as_user = phase.starts_with("as-user");
    auto done = as_user ? run_hooks_as(hooks, plan_.identity, log_) : run_hooks(hooks, os::Identity{}, log_);
    if (!done && phase == "as-user-atexit") log_.line(LogLevel::kError, done.error().text());
    return done;
  }

  // A hook before the first request ends the start, as in uWSGI; later on the server is worth more than the hook.
  void hook_failed() {
    if (served_) return;
    log_.line(LogLevel::kCritical, "A hook has failed: stopping");
    start_failed_ = true;
    feed({.kind = Event::Kind::kStopAtOnce});
  }

  static std::string absolute(const std::string& path) {
    if (path.starts_with('/')) return path;
    char here[4096];
    return ::getcwd(here, sizeof here) != nullptr ? fmt::format("{}/{}", here, path) : path;
  }

  Result<void> open_listeners() {
    auto activated = os::take_activated_sockets();
    if (!activated) return fail(std::move(activated).error());
    listeners_ = std::move(*activated);
    if (succession_.has_predecessor()) {
      for (os::ListenSocket& listener : listeners_) {
        if (listener.is_unix) listener.unlink_at_exit = listener.host;
      }
    }
    // Sockets that systemd has opened take the protocols of --bind in their order.
    for (const std::string& bind : settings_.binds) binds_.push_back(config::split_bind(bind));
    if (!listeners_.empty()) binds_.resize(listeners_.size());
    auto certificates = read_certificates();
    if (!certificates) return fail(std::move(certificates).error());
    certificates_ = std::move(*certificates);
    const int allowed = os::somaxconn();
    const int backlog = settings_.backlog > 0 ? settings_.backlog : allowed;
    if (listeners_.empty()) {
      for (const config::BindAddress& bind : binds_) {
        auto endpoint = os::parse_endpoint(bind.endpoint);
        if (!endpoint) return fail(std::move(endpoint).error().during("bind"));
        auto socket = os::open_listen_socket(*endpoint, backlog, settings_.socket_umask,
                                             settings_.reuse_port ? os::ReusePort::kYes : os::ReusePort::kNo);
        if (!socket) return fail(std::move(socket).error());
        listeners_.push_back(std::move(*socket));
        // The user's, as gunicorn has it: a proxy of the same user may connect whatever the umask says.
        if (const std::string& path = listeners_.back().unlink_at_exit; !path.empty()) {
          if (auto given = own_socket(path); !given) return given;
        }
      }
    }
    if (allowed < kSmallBacklog || backlog > allowed) {
      log_.line(
          LogLevel::kWarning,
          fmt::format("net.core.somaxconn is {}: the kernel keeps no more waiting connections than that{}", allowed,
                      backlog > allowed ? fmt::format(", --backlog {} has no effect beyond it", backlog) : ""));
    }
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
      log_.line(LogLevel::kInfo,
                fmt::format("Listening at: {} ({})", listeners_[i].url(config::scheme_of(binds_[i])), ::getpid()));
    }
    return {};
  }

  // --- edges of other programs (gateway/door.h) ---

  Result<void> open_door() {
    visitors_.open({.came = [this](os::MessageChannel channel) { let_in(std::move(channel)); },
                    .drained = [this](std::uint32_t worker) { drained_by_one(worker); },
                    .timed_out = [this](const ControlMessage& message) { timed_out(message); },
                    .stopped = [this] { visitors_stopped(); }});
    if (!visitors_.any_door()) return {};
    if (visitors_.names_only()) {
      visitors_.settle();
      return {};
    }
    if (const std::string why = config::why_not_shared(settings_.edge); !why.empty()) {
      log_.line(LogLevel::kInfo, "Requests come through the socket, not through shared memory: " + why);
      visitors_.settle();
      return {};
    }
    for (std::uint32_t i = 0; i < visitors_.ports(); ++i) {
      port_wakeups_.emplace_back(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
      if (!port_wakeups_.back()) return fail(errno_error("eventfd"));
    }
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
      if (const std::string address = announced_address(i); !address.empty()) visitors_.announce(address);
    }
    visitors_.settle();
    return {};
  }

  std::uint32_t mailboxes() const { return settings_.edge.threads + static_cast<std::uint32_t>(port_wakeups_.size()); }

  // "" where TLS is spoken, which is not for somebody on this machine.
  std::string announced_address(std::size_t index) const {
    const os::ListenSocket& listener = listeners_[index];
    if (binds_[index].tls != config::Tls::kOff) return {};
    if (!listener.is_unix) {
      const bool any = listener.host == "0.0.0.0" || listener.host == "::" || listener.host == "[::]";
      const bool v6 = listener.host.find(':') != std::string::npos && !listener.host.starts_with('[');
      return fmt::format("{}:{}", any ? "127.0.0.1" : v6 ? "[" + listener.host + "]" : listener.host, listener.port);
    }
    return "unix:" + os::real_path(listener.host);
  }

  // Where those connect to who know the application by its name.
  std::string uwsgi_address() const {
    if (settings_.edge.proxy_protocol) return {};
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
      if (binds_[i].protocol != config::WireProtocol::kUwsgi) continue;
      if (std::string address = announced_address(i); !address.empty()) return address;
    }
    return {};
  }

  void let_in(os::MessageChannel channel) {
    if (stopping_edge_) return;
    const auto port = port_wakeups_.empty() ? std::nullopt : visitors_.admit(channel);
    if (!port) return Visitors::show_socket(channel, uwsgi_address());
    if (auto welcomed = welcome(*port); !welcomed) {
      return log_.line(LogLevel::kError, std::move(welcomed).error().during("letting an edge in").text());
    }
    for (auto& [id, lines] : workers_) {
      if (lines.attached && !lines.buried && !draining_.contains(id)) attach_visitor(*port, id, lines);
    }
  }

  Result<void> welcome(std::uint32_t port) {
    config::EdgeWelcome welcome;
    welcome.settings = settings_.edge;
    welcome.id_base = request_ids() + (std::uint64_t{128 + port} << 56);
    welcome.port = settings_.edge.threads + port;
    welcome.ports = mailboxes();
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
      welcome.listeners.push_back({.is_unix = listeners_[i].is_unix,
                                   .name = listeners_[i].host,
                                   .port = listeners_[i].port,
                                   .protocol = binds_[i].protocol,
                                   .worker_number = static_cast<std::uint8_t>(i),
                                   .address = announced_address(i)});
    }
    // Who means the application by its name speaks uwsgi.
    welcome.listeners.push_back(
        {.is_unix = true, .protocol = config::WireProtocol::kUwsgi, .address = config::kAppByName});
    auto packed = os::share_text(welcome.pack());
    if (!packed) return fail(std::move(packed).error());
    std::vector<int> descriptors = {packed->get(), port_wakeups_[port].get(), log_.fd()};
    const os::UniqueFd access_log = open_access_log();
    if (access_log) descriptors.push_back(access_log.get());
    visitors_.tell(port, {.kind = static_cast<std::uint32_t>(ToEdge::kWelcome), .number = in_trouble_ ? 1u : 0u},
                   descriptors);
    return {};
  }

  // For a visitor, who may not be allowed to open it.
  os::UniqueFd open_access_log() const {
    const std::string& path = settings_.edge.access_log;
    if (path.empty()) return {};
    if (path == "-") return os::UniqueFd(::fcntl(1, F_DUPFD_CLOEXEC, 3));
    os::UniqueFd file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
    if (!file) log_.line(LogLevel::kError, errno_error("opening the access log " + path).text());
    return file;
  }

  void attach_visitor(std::uint32_t port, std::uint32_t id, WorkerLines& lines) {
    const auto worker = pool_.workers().find(id);
    if (worker == pool_.workers().end()) return;
    const int descriptors[] = {lines.region.fd(), lines.port_ends[port].fd()};
    visitors_.tell(port,
                   {.kind = static_cast<std::uint32_t>(ToEdge::kAttach),
                    .number = id,
                    .pid = worker->second.pid,
                    .threads = settings_.at_once(),
                    .in_greenlets = settings_.in_greenlets,
                    .used_port = lines.used_ports[port],
                    .shape = lines.region.shape()},
                   descriptors);
    lines.used_ports[port] = true;
  }

  // A worker is drained when our own edge and all visitors have said so.
  void drain(std::uint32_t worker) {
    draining_[worker] = visitors_.drain(worker) ? 2 : 1;
    tell_edge({.kind = static_cast<std::uint32_t>(ToEdge::kDrain), .number = worker});
  }
  void drained_by_one(std::uint32_t worker) {
    const auto waited_for = draining_.find(worker);
    if (waited_for == draining_.end() || --waited_for->second > 0) return;
    feed({.kind = Event::Kind::kDrained, .worker = worker});
  }

  void bury(std::uint32_t worker, int status, const std::string& why) {
    ControlMessage message{.kind = static_cast<std::uint32_t>(ToEdge::kDead), .number = worker, .status = status};
    std::strncpy(message.text, why.c_str(), sizeof message.text - 1);
    tell_edge(message);
    bury_for_visitors(worker, message);
  }
  void bury_for_visitors(std::uint32_t worker, const ControlMessage& message) {
    const auto lines = workers_.find(worker);
    if (lines == workers_.end() || !lines->second.attached || std::exchange(lines->second.buried, true)) return;
    visitors_.forget_worker(worker);
    visitors_.tell_all(message);
  }

  void timed_out(const ControlMessage& message) {
    slots_.count_timeout(message.number);
    send_hang_signal(message.number);
    feed({.kind = Event::Kind::kTimedOut,
          .worker = message.number,
          .thread = message.thread,
          .request = message.request});
  }

  void visitors_stopped() {
    if (stopping_edge_ && edge_stopped_) feed({.kind = Event::Kind::kEdgeStopped});
  }

  Result<void> own_socket(const std::string& path) const {
    auto owner = plan_.identity;
    if (!settings_.socket_owner.empty()) {
      const std::size_t colon = settings_.socket_owner.find(':');
      auto named = os::find_identity(settings_.socket_owner.substr(0, colon),
                                     colon == std::string::npos ? "" : settings_.socket_owner.substr(colon + 1));
      if (!named) return fail(std::move(named).error().during("the owner of " + path));
      owner = std::move(*named);
    }
    if (auto given = os::give_path(path, owner); !given) return given;
    if (settings_.socket_mode >= 0 && ::chmod(path.c_str(), static_cast<mode_t>(settings_.socket_mode)) != 0)
      return fail(errno_error("changing the mode of " + path));
    return {};
  }

  // --- the loop ---

  void wait() {
    Sources sources;
    auto& [set, handlers] = sources;
    const auto add = [&](int fd, std::function<void()> handler, short events = POLLIN) {
      sources.add(fd, std::move(handler), events);
    };
    add(signals_.get(), [this] { read_signals(); });
    if (edge_control_) {
      add(
          edge_control_.fd(), [this] { serve_edge(); }, to_edge_.empty() ? POLLIN : POLLIN | POLLOUT);
    }
    for (auto& [generation, zygote] : zygotes_) {
      if (zygote.control) add(zygote.control.fd(), [this, g = generation] { read_zygote(g); });
      if (zygote.watch_list) add(zygote.watch_list.get(), [this, g = generation] { read_watch_list(g); });
    }
    for (auto& [id, lines] : workers_) {
      if (lines.control) add(lines.control.fd(), [this, worker = id] { read_worker(worker); });
    }
    if (watcher_.fd() >= 0) add(watcher_.fd(), [this] { read_changes(); });
    visitors_.add_sources(sources);
    if (succession_.has_predecessor()) add(succession_.predecessor_fd(), [this] { be_promoted(); });
    companions_.add_sources(sources);

    int timeout = -1;
    TimePoint next = std::min({pool_.next_deadline(), reload_at_, companions_.next_deadline(), next_load_look_,
                               next_memory_look_, next_log_look_});
    if (next != TimePoint::max()) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next - now()).count();
      timeout = static_cast<int>(std::clamp<std::int64_t>(left + 1, 0, 60'000));
    }
    ::poll(set.data(), set.size(), timeout);
    for (std::size_t i = 0; i < set.size() && !exit_code_; ++i) {
      if (set[i].revents != 0) handlers[i]();
    }
    if (exit_code_) return;
    companions_.tick(now());
    if (now() >= reload_at_) {
      reload_at_ = TimePoint::max();
      reload();
    }
    if (now() >= next_load_look_) look_at_load();
    if (now() >= next_memory_look_) look_at_memory();
    if (now() >= next_log_look_) look_at_logs();
    if (now() >= pool_.next_deadline()) feed({.kind = Event::Kind::kTick});
  }

  static TimePoint now() { return TimePoint(static_cast<std::int64_t>(os::monotonic_ns())); }

  // What comes up while actions are carried out waits until all of them are: the pool's actions of one
  // event belong together.
  void feed(Event event) {
    event.now = now();
    events_.push_back(event);
    if (feeding_) return;
    feeding_ = true;
    while (!events_.empty() && !exit_code_) {
      const Event next = events_.front();
      events_.pop_front();
      Actions actions;
      pool_.on(next, actions);
      for (const Action& action : actions) carry_out(action);
    }
    feeding_ = false;
  }

  // --- what comes in ---

  void read_signals() {
    signalfd_siginfo info;
    while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
      if (const auto command = companions_.command_of_signal(static_cast<int>(info.ssi_signo))) {
        log_.line(LogLevel::kInfo, fmt::format("Handling signal: {} (a hook gave it its meaning)", info.ssi_signo));
        obey(*command);
        if (exit_code_) return;
        continue;
      }
      switch (info.ssi_signo) {
        case SIGCHLD:
          reap();
          break;
        case SIGTERM:
        case SIGINT:
        case SIGQUIT:
          log_.line(LogLevel::kInfo, fmt::format("Handling signal: {}", info.ssi_signo == SIGTERM  ? "term"
                                                                        : info.ssi_signo == SIGINT ? "int"
                                                                                                   : "quit"));
          feed({.kind = settings_.stop_at_once_by_interrupt && info.ssi_signo != SIGTERM ? Event::Kind::kStopAtOnce
                                                                                         : Event::Kind::kStop});
          break;
        case SIGHUP:
          log_.line(LogLevel::kInfo, "Handling signal: hup");
          reload();
          break;
        case SIGTTIN:
          change_workers(Event::Kind::kMoreWorkers);
          break;
        case SIGTTOU:
          change_workers(Event::Kind::kFewerWorkers);
          break;
        case SIGWINCH:
          // A terminal sends it too, when its window changes.
          if (settings_.daemon) change_workers(Event::Kind::kNoWorkers);
          break;
        case SIGUSR2:
          log_.line(LogLevel::kInfo, "Handling signal: usr2");
          start_successor();
          break;
        case SIGUSR1:
          reopen_logs();
          break;
        default:
          break;
      }
      if (exit_code_) return;
    }
  }

  // What the files of settings_.tls hold now.
  Result<std::string> read_certificates() const {
    const auto speaks_tls = [](const config::BindAddress& bind) { return bind.tls == config::Tls::kOn; };
    if (std::none_of(binds_.begin(), binds_.end(), speaks_tls)) return std::string();
    if (settings_.tls.empty()) return fail("an address of https needs a certificate: --certfile names it");
    std::vector<tls::Material> all;
    for (const config::TlsSettings& each : settings_.tls) {
      auto material = tls::read_material(each);
      if (!material) return fail(std::move(material).error());
      all.push_back(std::move(*material));
    }
    return tls::pack(all);
  }

  // Renewed files count for connections from now on; broken ones for none.
  void renew_certificates() {
    auto now = read_certificates();
    if (now && *now == certificates_) return;
    if (!now) {
      return log_.line(LogLevel::kError, std::move(now).error().during("the certificates stay as they were").text());
    }
    auto shared = os::share_text(*now);
    if (!shared) return log_.line(LogLevel::kError, std::move(shared).error().during("new certificates").text());
    certificates_ = std::move(*now);
    const int fd = shared->get();
    tell_edge({.kind = static_cast<std::uint32_t>(ToEdge::kTls)}, {&fd, 1});
    log_.line(LogLevel::kInfo, "New certificates are in use");
  }

  void reload() {
    daemons_to_restart_ = true;
    renew_certificates();
    if (settings_.log_files.reopened_by_reload) reopen_logs();
    feed({.kind = Event::Kind::kReload});
  }

  void start_successor() {
    tell_zygotes({.kind = static_cast<std::uint32_t>(ToZygote::kPreExec)});
    if (auto started = succession_.start(listeners_); !started) {
      return log_.line(LogLevel::kWarning, std::move(started).error().during("USR2 is ignored").text());
    }
    log_.line(LogLevel::kInfo,
              fmt::format("Another master is started (pid: {}): stop this one by TERM when the new one answers",
                          succession_.successor()));
  }

  void be_promoted() {
    succession_.predecessor_ended();
    for (auto& [file, name] : pid_files_) {
      if (auto renamed = file.rename(name); !renamed) log_.line(LogLevel::kError, renamed.error().text());
    }
    log_.line(LogLevel::kInfo, "The master before this one has ended");
  }

  void obey(Command command) {
    switch (command) {
      case Command::kReload:
        return reload();
      case Command::kReloadBrutally:
        log_.line(LogLevel::kWarning, "A brutal reload is not supported: running requests are finished");
        return reload();
      case Command::kStop:
        return feed({.kind = Event::Kind::kStop});
      case Command::kStopBrutally:
        return feed({.kind = Event::Kind::kStopAtOnce});
      case Command::kPause:
        return pause_or_resume();
      case Command::kMoreWorkers:
        if (settings_.cheaper.least != 0 && pool_.target() >= settings_.workers) return;
        return change_workers(Event::Kind::kMoreWorkers);
      case Command::kFewerWorkers:
        return change_workers(Event::Kind::kFewerWorkers);
      case Command::kReloadWorkersBrutally:
        log_.line(LogLevel::kWarning, "A brutal reload is not supported: running requests are finished");
        [[fallthrough]];
      case Command::kReloadWorkers:
        for (const std::uint32_t id : replaceable_workers()) feed({.kind = Event::Kind::kWantsRestart, .worker = id});
        return;
      case Command::kChainReload:
        for (const std::uint32_t id : replaceable_workers()) chain_.push_back(id);
        if (!chained_) reload_next_of_chain();
        return;
      case Command::kLogStats:
        return log_.line(LogLevel::kInfo, "Stats: " + companions_.stats());
      case Command::kReopenLogs:
        return reopen_logs();
      case Command::kRotateLogs:
        return rotate_logs();
      case Command::kNotThere:
        return log_.line(LogLevel::kWarning, "A command that is not supported");
    }
  }

  // Requests wait in the edge while there is no worker.
  void pause_or_resume() {
    if (!paused_) {
      paused_ = pool_.target();
      return change_workers(Event::Kind::kNoWorkers);
    }
    for (std::uint32_t i = 0; i < *paused_; ++i) change_workers(Event::Kind::kMoreWorkers);
    paused_.reset();
  }

  std::vector<std::uint32_t> replaceable_workers() const {
    std::vector<std::uint32_t> found;
    for (const auto& [id, worker] : pool_.workers()) {
      if (worker.state == Pool::WorkerState::kForking || worker.state > Pool::WorkerState::kServing) continue;
      if (!worker.to_replace) found.push_back(id);
    }
    return found;
  }

  void reload_next_of_chain() {
    chained_.reset();
    while (!chain_.empty() && !chained_) {
      const std::uint32_t id = chain_.front();
      chain_.pop_front();
      if (pool_.workers().contains(id)) chained_ = id;
    }
    if (chained_) feed({.kind = Event::Kind::kWantsRestart, .worker = *chained_});
  }

  void rotate_logs() {
    for (const Error& trouble : log_files_.move_away(::time(nullptr))) log_.line(LogLevel::kError, trouble.text());
    reopen_logs();
  }

  void look_at_logs() {
    next_log_look_ = now() + kLoadInterval;
    if (log_files_.too_large()) rotate_logs();
  }

  // --- how many workers ---

  std::uint32_t waiting_requests() const {
    std::uint32_t all = 0;
    for (const auto& of_thread : waiting_) all += of_thread.load(std::memory_order_relaxed);
    return all;
  }

  void look_at_load() {
    if (cheap_) {
      next_load_look_ = now() + kFirstRequestInterval;
      if (waiting_requests() == 0) return;
      cheap_ = false;
      log_.line(LogLevel::kInfo, "The first request has come: starting workers");
      for (std::uint32_t i = 0; i < workers_wanted_first(settings_); ++i) change_workers(Event::Kind::kMoreWorkers);
    }
    next_load_look_ = settings_.cheaper.least != 0 ? now() + kLoadInterval : TimePoint::max();
    // A reload has enough to do with the number that there is.
    if (settings_.cheaper.least == 0 || paused_ || pool_.reloading()) return;
    const Cheaper::Decision decision = cheaper_.look(load());
    for (const std::string& said : decision.said) log_.line(LogLevel::kInfo, said);
    for (int i = 0; i < decision.change; ++i) change_workers(Event::Kind::kMoreWorkers);
    if (decision.change < 0) change_workers(Event::Kind::kFewerWorkers);
  }

  Cheaper::Load load() const {
    Cheaper::Load load;
    load.now = now();
    load.waiting = waiting_requests();
    const bool measured = settings_.cheaper.rss_soft_bytes != 0 || settings_.cheaper.rss_hard_bytes != 0;
    for (const auto& [id, worker] : pool_.workers()) {
      const auto lines = workers_.find(id);
      if (worker.state > Pool::WorkerState::kServing || worker.to_replace || lines == workers_.end()) continue;
      const std::uint32_t place = slots_.place_of(id);
      load.workers.push_back({.place = place,
                              .busy = app_.memory().done_in(lines->second.life).in_request != 0,
                              .running_ns = app_.memory().done_at(place).running_ns});
      if (measured && worker.pid > 0) load.rss_bytes += memory_use(worker.pid).rss_bytes;
    }
    return load;
  }

  // What a worker took while its request runs is not looked at by itself.
  void look_at_memory() {
    next_memory_look_ = now() + kLoadInterval;
    for (const auto& [id, worker] : pool_.workers()) {
      if (worker.state != Pool::WorkerState::kServing || worker.pid <= 0) continue;
      const MemoryUse use = memory_use(worker.pid);
      const bool rss = settings_.worker_rss_evil != 0 && use.rss_bytes >= settings_.worker_rss_evil;
      const bool as = settings_.worker_as_evil != 0 && use.vsz_bytes >= settings_.worker_as_evil;
      if (!rss && !as) continue;
      log_.line(LogLevel::kWarning,
                fmt::format("Evil reload of the worker (pid: {}) with {} MiB of {}", worker.pid,
                            (rss ? use.rss_bytes : use.vsz_bytes) >> 20, rss ? "resident memory" : "address space"));
      ::kill(worker.pid, SIGKILL);
    }
  }

  // --- statistics ---

  void fill_stats(Stats& stats) const {
    stats.paused = paused_.has_value();
    stats.chdir = settings_.chdir;
    for (std::size_t i = 0; i < listeners_.size(); ++i) stats.sockets.push_back(socket_stats(i));
    const auto& places = slots_.places();
    for (std::size_t i = 0; i < std::max<std::size_t>(places.size(), settings_.workers); ++i) {
      stats.workers.push_back(
          worker_stats(static_cast<std::uint32_t>(i + 1), i < places.size() ? places[i] : WorkerSlots::Place()));
    }
  }

  SocketStats socket_stats(std::size_t index) const {
    const os::ListenSocket& listener = listeners_[index];
    SocketStats stats;
    stats.name = listener.is_unix ? listener.host : fmt::format("{}:{}", listener.host, listener.port);
    stats.protocol = config::scheme_of(binds_[index]);
    const os::ListenQueue queue = os::listen_queue(listener);
    stats.queue = queue.waiting;
    stats.queue_max = queue.room;
    return stats;
  }

  // The newest worker of a place speaks for it; what an older one still does counts.
  WorkerStats worker_stats(std::uint32_t number, const WorkerSlots::Place& place) const {
    WorkerStats stats;
    stats.id = number;
    const gateway::AppMemory& memory = app_.memory();
    stats.totals = memory.done_at(number);
    stats.of_this_life = memory.done_lately_at(number);
    stats.average_ns = memory.average_ns_at(number);
    stats.timed_out = place.timed_out;
    stats.spawned = place.spawned;
    stats.last_spawn = place.last_spawn;
    for (const std::uint32_t id : place.workers) {
      const auto lines = workers_.find(id);
      const auto worker = pool_.workers().find(id);
      if (lines == workers_.end() || worker == pool_.workers().end()) continue;
      const std::uint32_t life = lines->second.life;
      stats.pid = worker->second.pid;
      stats.accepting = worker->second.state == Pool::WorkerState::kServing;
      stats.threads.clear();
      for (std::uint32_t i = 0; i < memory.threads(); ++i) {
        const gateway::ThreadCounts& counts = memory.counts(life, i);
        stats.threads.push_back(
            {counts.requests.load(std::memory_order_relaxed), counts.in_request.load(std::memory_order_relaxed) != 0});
      }
    }
    const MemoryUse use = stats.pid > 0 ? memory_use(stats.pid) : MemoryUse();
    stats.rss_bytes = use.rss_bytes;
    stats.vsz_bytes = use.vsz_bytes;
    return stats;
  }

  void change_workers(Event::Kind kind) {
    feed({.kind = kind});
    // Hooks of a Gunicorn configuration want to know.
    if (!settings_.gunicorn) return;
    tell_zygotes({.kind = static_cast<std::uint32_t>(ToZygote::kWorkers), .number = pool_.target()});
  }

  void tell_zygotes(const ControlMessage& message, std::span<const int> descriptors = {}) {
    for (auto& [generation, zygote] : zygotes_) {
      if (zygote.control) static_cast<void>(zygote.control.send(message, descriptors));
    }
  }

  void reopen_logs() {
    if (auto given = log_files_.hand_over(plan_.identity); !given) log_.line(LogLevel::kError, given.error().text());
    if (auto reopened = log_.reopen(); !reopened) log_.line(LogLevel::kError, reopened.error().text());
    plan_.error_log = log_.fd();
    tell_edge({.kind = static_cast<std::uint32_t>(ToEdge::kReopen)});
    if (visitors_.any()) {
      const os::UniqueFd access_log = open_access_log();
      std::vector<int> descriptors = {log_.fd()};
      if (access_log) descriptors.push_back(access_log.get());
      visitors_.tell_all({.kind = static_cast<std::uint32_t>(ToEdge::kReopen)}, descriptors);
    }
    if (settings_.edge.error_log != "-") {
      const int log = log_.fd();
      tell_zygotes({.kind = static_cast<std::uint32_t>(ToZygote::kReopen)}, std::span(&log, 1));
      for (auto& [id, lines] : workers_) {
        if (!lines.control) continue;
        static_cast<void>(lines.control.send(ControlMessage{.kind = static_cast<std::uint32_t>(ToWorker::kReopen)},
                                             std::span(&log, 1)));
      }
    }
    log_.line(LogLevel::kInfo, "Logs reopened");
  }

  void reap() {
    for (;;) {
      int status = 0;
      const pid_t pid = ::waitpid(-1, &status, WNOHANG);
      if (pid <= 0) return;
      if (pid == edge_pid_) {
        edge_pid_ = 0;
        read_edge();  // What it said last.
        edge_control_.close();
        edge_ended(status);
        continue;
      }
      const auto zygote =
          std::find_if(zygotes_.begin(), zygotes_.end(), [&](const auto& z) { return z.second.pid == pid; });
      if (zygote != zygotes_.end()) {
        const std::uint32_t generation = zygote->first;
        // What it said before it ended counts: a failed import, the ends of workers.
        read_zygote(generation);
        read_watch_list(generation);
        zygotes_.erase(generation);
        bury_unreported(generation);
        feed({.kind = Event::Kind::kZygoteDied, .generation = generation, .status = status});
        continue;
      }
      if (succession_.reaped(pid)) {
        log_.line(LogLevel::kWarning,
                  fmt::format("The new master (pid: {}) {}: this one goes on", pid, describe_wait_status(status)));
        continue;
      }
      if (companions_.reaped(pid, status)) {
        if (exit_code_) return;
        continue;
      }
      // A worker whose zygote is gone is ours; everything else is an orphan of the application.
      for (const auto& [id, worker] : pool_.workers()) {
        if (worker.pid == pid) {
          feed({.kind = Event::Kind::kWorkerExited, .worker = id, .status = status});
          break;
        }
      }
    }
  }

  // A zygote that is killed between reaping a worker and saying so takes the news along: such a worker is
  // nobody's child, and no process has its number. How it ended is not known; SIGKILL stands for it.
  void bury_unreported(std::uint32_t generation) {
    std::vector<std::uint32_t> gone;
    for (const auto& [id, worker] : pool_.workers()) {
      if (worker.generation == generation && worker.pid > 0 && ::kill(worker.pid, 0) != 0 && errno == ESRCH)
        gone.push_back(id);
    }
    for (const std::uint32_t id : gone) feed({.kind = Event::Kind::kWorkerExited, .worker = id, .status = SIGKILL});
  }

  void edge_ended(int status) {
    const auto kind = stopping_edge_ ? Event::Kind::kEdgeStopped
                      : edge_ready_  ? Event::Kind::kEdgeDied
                                     : Event::Kind::kEdgeFailed;
    if (stopping_edge_) {
      edge_stopped_ = true;
      if (visitors_.any()) return;  // They still answer what they have.
    }
    feed({.kind = kind, .status = status});
  }

  void serve_edge() {
    read_edge();
    if (edge_control_) to_edge_.flush(edge_control_);
  }

  void read_edge() {
    ControlMessage message;
    for (;;) {
      switch (edge_control_.receive(&message)) {
        case os::MessageChannel::Received::kNothing:
          return;
        case os::MessageChannel::Received::kClosed:
          return edge_control_.close();  // SIGCHLD tells the rest.
        case os::MessageChannel::Received::kMessage:
          break;
      }
      switch (static_cast<FromEdge>(message.kind)) {
        case FromEdge::kDrained:
          drained_by_one(message.number);
          break;
        case FromEdge::kTimedOut:
          timed_out(message);
          break;
        case FromEdge::kReady:
          edge_ready_ = true;
          break;
        case FromEdge::kStopped:
          break;  // A visitor's.
      }
    }
  }

  // The application may have a handler that says more than its stack does, or frees what hangs.
  void send_hang_signal(std::uint32_t id) const {
    const auto worker = pool_.workers().find(id);
    if (settings_.hang_grace.count() == 0 || worker == pool_.workers().end() || worker->second.hangs) return;
    if (worker->second.pid > 0)
      ::kill(worker->second.pid, settings_.hang_signal != 0 ? settings_.hang_signal : SIGTERM);
  }

  void read_zygote(std::uint32_t generation) {
    for (;;) {
      const auto zygote = zygotes_.find(generation);
      if (zygote == zygotes_.end() || !zygote->second.control) return;
      ControlMessage message;
      switch (zygote->second.control.receive(&message)) {
        case os::MessageChannel::Received::kNothing:
          return;
        case os::MessageChannel::Received::kClosed:
          return zygote->second.control.close();
        case os::MessageChannel::Received::kMessage:
          break;
      }
      switch (static_cast<FromZygote>(message.kind)) {
        case FromZygote::kReady:
          companions_.when_done(companions_.hooks("post-app"), [this, generation, number = message.number](bool done) {
            if (!done) hook_failed();
            zygote_ready(generation, number);
          });
          break;
        case FromZygote::kFailed:
          feed({.kind = Event::Kind::kZygoteFailed, .generation = generation});
          break;
        case FromZygote::kForked:
          feed({.kind = Event::Kind::kForked, .worker = message.number, .pid = message.pid});
          break;
        case FromZygote::kExited:
          if (message.number != 0)
            feed({.kind = Event::Kind::kWorkerExited, .worker = message.number, .status = message.status});
          break;
      }
    }
  }

  void zygote_ready(std::uint32_t generation, std::uint32_t wanted) {
    // It may have ended while hooks ran.
    if (!zygotes_.contains(generation)) return;
    if (daemons_to_restart_ && served_) companions_.restart_daemons();
    daemons_to_restart_ = false;
    if (settings_.ready_fd >= 0) {
      static_cast<void>(!::write(settings_.ready_fd, "", 1));
      ::close(std::exchange(settings_.ready_fd, -1));
    }
    feed({.kind = Event::Kind::kZygoteReady, .generation = generation, .status = static_cast<std::int32_t>(wanted)});
    if (pool_.target() == 0) {  // Workers come with the requests.
      visitors_.ready();
      tell_ready();
    }
    companions_.start();  // With the workers, as in uWSGI: an application that cannot be imported starts none.
  }

  // Once: a worker has imported the application, or one will with the first request.
  void tell_ready() {
    if (!std::exchange(told_ready_, true)) os::tell_service_manager("READY=1\nSTATUS=serving\n");
  }

  void read_worker(std::uint32_t id) {
    for (;;) {
      const auto worker = workers_.find(id);
      if (worker == workers_.end() || !worker->second.control) return;
      ControlMessage message;
      switch (worker->second.control.receive(&message)) {
        case os::MessageChannel::Received::kNothing:
          return;
        case os::MessageChannel::Received::kClosed:
          return worker->second.control.close();
        case os::MessageChannel::Received::kMessage:
          break;
      }
      switch (static_cast<FromWorker>(message.kind)) {
        case FromWorker::kReady:
          companions_.when_done(companions_.accepting_hooks(slots_.place_of(id), worker->second.first_in_place),
                                [this, id, pid = message.pid](bool done) {
                                  if (!done) hook_failed();
                                  served_ = served_ || done;
                                  if (done) tell_ready();
                                  feed({.kind = Event::Kind::kWorkerReady, .worker = id, .pid = pid});
                                });
          break;
        case FromWorker::kWantsRestart:
          feed({.kind = Event::Kind::kWantsRestart, .worker = id});
          break;
        case FromWorker::kFailed:
          feed({.kind = Event::Kind::kWorkerFailed, .worker = id});
          break;
        case FromWorker::kAsksReload:
          log_.line(LogLevel::kInfo, "The application asks for a reload");
          feed({.kind = Event::Kind::kReload});
          break;
        case FromWorker::kAsksStop:
          log_.line(LogLevel::kInfo, "The application asks for the end of the server");
          feed({.kind = Event::Kind::kStop});
          break;
        case FromWorker::kHangs:
          tell_edge({.kind = static_cast<std::uint32_t>(ToEdge::kHangs), .number = id});
          visitors_.tell_all({.kind = static_cast<std::uint32_t>(ToEdge::kHangs), .number = id});
          slots_.count_timeout(id);
          feed({.kind = Event::Kind::kTimedOut, .worker = id});
          break;
        case FromWorker::kDumped:
          feed({.kind = Event::Kind::kDumped, .worker = id});
          break;
      }
    }
  }

  // --- --reload ---

  void read_watch_list(std::uint32_t generation) {
    const auto zygote = zygotes_.find(generation);
    if (zygote == zygotes_.end() || !zygote->second.watch_list) return;
    char buffer[65536];
    for (;;) {
      const ssize_t got = ::read(zygote->second.watch_list.get(), buffer, sizeof buffer);
      if (got > 0) {
        watch_text_.append(buffer, static_cast<std::size_t>(got));
        continue;
      }
      if (got < 0 && errno == EAGAIN) return;
      zygote->second.watch_list = os::UniqueFd();
      break;
    }
    std::vector<std::string> files;
    for (std::size_t at = 0; at < watch_text_.size();) {
      const std::size_t end = std::min(watch_text_.find('\n', at), watch_text_.size());
      if (end > at) files.push_back(watch_text_.substr(at, end - at));
      at = end + 1;
    }
    watch_text_.clear();
    watcher_.watch(files);
  }

  void read_changes() {
    for (const std::string& file : watcher_.changed()) {
      log_.line(LogLevel::kInfo, fmt::format("{} has changed", file));
      // An editor writes several files in a row: one reload for all.
      reload_at_ = now() + kReloadDebounce;
    }
  }

  // --- what goes out ---

  void tell_edge(const ControlMessage& message, std::span<const int> descriptors = {}) {
    if (edge_control_) to_edge_.send(edge_control_, message, descriptors);
  }

  void carry_out(const Action& action) {
    switch (action.kind) {
      case Action::Kind::kLog:
        return log_.line(action.level, action.text);
      case Action::Kind::kStartEdge:
        return start_edge();
      case Action::Kind::kStopEdge:
        stopping_edge_ = true;
        companions_.begin_nothing_more();
        // The edge closes its copies: a client that comes now is told at once that nobody listens.
        for (os::ListenSocket& listener : listeners_) listener.fd = os::UniqueFd();
        // Without any patience: what visitors have asked for here waits for the next who listens where we did.
        if (action.status == 0) visitors_.send_away_all();
        visitors_.stop();
        if (edge_pid_ == 0) {
          edge_stopped_ = true;
          if (visitors_.any()) return;
          return feed({.kind = Event::Kind::kEdgeStopped});
        }
        return tell_edge(
            {.kind = static_cast<std::uint32_t>(ToEdge::kStop), .number = static_cast<std::uint32_t>(action.status)});
      case Action::Kind::kKillEdge:
        if (edge_pid_ > 0) ::kill(edge_pid_, SIGKILL);
        visitors_.send_away_all();
        return;
      case Action::Kind::kStartZygote:
        return start(action.generation);
      case Action::Kind::kRetireZygote:
        if (const auto zygote = zygotes_.find(action.generation); zygote != zygotes_.end() && zygote->second.control) {
          static_cast<void>(
              zygote->second.control.send(ControlMessage{.kind = static_cast<std::uint32_t>(ToZygote::kExit),
                                                         .number = static_cast<std::uint32_t>(action.status)}));
        }
        return;
      case Action::Kind::kKillZygote:
        if (const auto zygote = zygotes_.find(action.generation); zygote != zygotes_.end())
          ::kill(zygote->second.pid, SIGKILL);
        return;
      case Action::Kind::kForkWorker:
        return fork_worker(action.worker, action.generation);
      case Action::Kind::kAttach:
        return attach(action.worker);
      case Action::Kind::kDrain:
        return drain(action.worker);
      case Action::Kind::kBury:
        return bury(action.worker, action.status, action.text);
      case Action::Kind::kForget:
        draining_.erase(action.worker);
        bury_for_visitors(
            action.worker,
            {.kind = static_cast<std::uint32_t>(ToEdge::kDead), .number = action.worker, .text = "ended"});
        if (const auto lines = workers_.find(action.worker); lines != workers_.end()) {
          slots_.remove(action.worker);
          if (lines->second.life != 0) app_.memory().end_life(lines->second.life);
          workers_.erase(lines);
        }
        if (chained_ == action.worker) reload_next_of_chain();
        return;
      case Action::Kind::kTellExit:
        // Of a worker that goes with its edge; the others have been drained.
        visitors_.tell_all({.kind = static_cast<std::uint32_t>(ToEdge::kDrain), .number = action.worker});
        return tell_worker(action.worker, {.kind = static_cast<std::uint32_t>(ToWorker::kExit),
                                           .number = static_cast<std::uint32_t>(action.status)});
      case Action::Kind::kDumpStack:
        return tell_worker(action.worker, {.kind = static_cast<std::uint32_t>(ToWorker::kDumpStack),
                                           .thread = action.thread,
                                           .request = action.request});
      case Action::Kind::kKillWorker: {
        const auto worker = pool_.workers().find(action.worker);
        if (worker != pool_.workers().end() && worker->second.pid > 0) ::kill(worker->second.pid, SIGKILL);
        return;
      }
      case Action::Kind::kTrouble:
        in_trouble_ = action.status != 0;
        visitors_.ready();
        visitors_.tell_all({.kind = static_cast<std::uint32_t>(ToEdge::kTrouble),
                            .number = static_cast<std::uint32_t>(action.status)});
        return tell_edge({.kind = static_cast<std::uint32_t>(ToEdge::kTrouble),
                          .number = static_cast<std::uint32_t>(action.status)});
      case Action::Kind::kExit:
        exit_code_ = action.status;
        return;
    }
  }

  void tell_worker(std::uint32_t id, const ControlMessage& message) {
    const auto worker = workers_.find(id);
    if (worker == workers_.end() || !worker->second.control) return;
    static_cast<void>(worker->second.control.send(message));  // A worker that is gone has ended already.
  }

  void edge_cannot_start(const Error& error) {
    log_.line(LogLevel::kCritical, fmt::format("starting the edge: {}", error.text()));
    edge_ended(1 << 8);
  }

  void start_edge() {
    wakeups_.clear();
    for (auto& of_thread : waiting_) of_thread.store(0);
    for (std::uint32_t i = 0; i < settings_.edge.threads; ++i) {
      wakeups_.emplace_back(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
      if (!wakeups_.back()) return edge_cannot_start(errno_error("eventfd"));
    }
    auto channels = os::MessageChannel::pair(true);
    if (!channels) return edge_cannot_start(channels.error());
    auto& [ours, theirs] = *channels;
    const pid_t supervisor = ::getpid();
    const std::uint64_t id_base = request_ids();
    const pid_t pid = ::fork();
    if (pid < 0) return edge_cannot_start(errno_error("fork"));
    if (pid > 0) {
      edge_pid_ = pid;
      edge_control_ = std::move(ours);
      to_edge_.clear();
      return;
    }
    // The edge: a copy of us that keeps the listening sockets and its own channel, and nothing else.
    ours.close();
    edge_control_.close();
    signals_ = os::UniqueFd();
    workers_.clear();
    zygotes_.clear();
    watcher_ = os::FileWatcher();
    for (auto& [file, name] : pid_files_) file.forget();
    companions_.let_go();
    visitors_.let_go();
    port_wakeups_.clear();
    if (!settings_.edge_title.empty()) os::set_process_title(settings_.edge_title);
    if (auto done = os::become(plan_.identity); !done) {
      log_.line(LogLevel::kCritical, std::move(done).error().during("the edge").text());
      ::_exit(1);
    }
    // Signals stay blocked: the supervisor steers by messages. A killed supervisor takes the edge along.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != supervisor) ::_exit(1);
    config::EdgeStart start;
    start.settings = settings_.edge;
    int certificates = static_cast<int>(settings_.tls.size()), next = 0;
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
      const os::ListenSocket& listener = listeners_[i];
      start.listeners.push_back({.fd = listener.fd.get(),
                                 .is_unix = listener.is_unix,
                                 .name = listener.host,
                                 .port = listener.port,
                                 .protocol = binds_[i].protocol,
                                 .tls = binds_[i].tls == config::Tls::kOn ? std::min(next++, certificates - 1) : -1,
                                 .to_https = binds_[i].tls == config::Tls::kRedirect,
                                 .worker_number = static_cast<std::uint8_t>(i)});
    }
    start.tls = certificates_;
    start.waiting = waiting_.begin();
    start.control = std::move(theirs);
    start.wakeups = std::move(wakeups_);
    start.id_base = id_base;
    ::_exit(edge_main_(std::move(start)));
  }

  // Ids of different edges and different starts do not meet: 24 random bits above 32 of counting.
  static std::uint64_t request_ids() { return static_cast<std::uint64_t>(std::random_device()() & 0xffffff) << 32; }

  void start(std::uint32_t generation) {
    const std::uint32_t workers = settings_.uwsgi ? std::max(pool_.target(), settings_.workers) : pool_.target();
    auto process = supervise::start_zygote(settings_, plan_, listeners_, generation, workers);
    if (!process) {
      log_.line(LogLevel::kCritical, std::move(process).error().during("starting Python").text());
      return feed({.kind = Event::Kind::kZygoteDied, .generation = generation, .status = 1 << 8});
    }
    zygotes_[generation] = std::move(*process);
  }

  void fork_worker(std::uint32_t id, std::uint32_t generation) {
    const std::time_t now = ::time(nullptr);
    slots_.add(id, pool_.target(), now, [this](std::uint32_t other) {
      const auto worker = pool_.workers().find(other);
      return worker == pool_.workers().end() || worker->second.to_replace ||
             worker->second.state >= Pool::WorkerState::kDraining;
    });
    const std::uint32_t place = slots_.place_of(id);
    const std::uint32_t life = settings_.uwsgi ? app_.memory().begin_life(place, static_cast<std::uint64_t>(now)) : 0;
    auto lines = ask_for_worker(id, generation, place, life);
    if (!lines) {
      slots_.remove(id);
      if (life != 0) app_.memory().end_life(life);
      log_.line(LogLevel::kError, std::move(lines).error().during("asking for a worker").text());
      return feed({.kind = Event::Kind::kForkFailed, .worker = id});
    }
    lines->life = life;
    lines->first_in_place = slots_.places()[place - 1].spawned == 1;
    workers_[id] = std::move(*lines);
  }

  Result<WorkerLines> ask_for_worker(std::uint32_t id, std::uint32_t generation, std::uint32_t place,
                                     std::uint32_t life) {
    const auto zygote = zygotes_.find(generation);
    if (zygote == zygotes_.end() || !zygote->second.control) return fail("the zygote has ended");
    WorkerLines lines;
    auto region = gateway::Region::create(mailboxes(), shape_for(settings_, binds_));
    if (!region) return fail(std::move(region).error());
    lines.region = std::move(*region);
    auto control = os::MessageChannel::pair(true);
    if (!control) return fail(std::move(control).error());
    lines.control = std::move(control->first);
    std::vector<int> descriptors = {control->second.fd(), lines.region.fd()};
    std::vector<os::MessageChannel> worker_ends;
    for (std::uint32_t i = 0; i < mailboxes(); ++i) {
      auto channel = os::MessageChannel::pair(true);
      if (!channel) return fail(std::move(channel).error());
      const bool own = i < settings_.edge.threads;
      (own ? lines.edge_ends : lines.port_ends).push_back(std::move(channel->first));
      worker_ends.push_back(std::move(channel->second));
      descriptors.push_back(own ? wakeups_[i].get() : port_wakeups_[i - settings_.edge.threads].get());
      descriptors.push_back(worker_ends.back().fd());
    }
    lines.used_ports.resize(lines.port_ends.size());
    const ControlMessage message{.kind = static_cast<std::uint32_t>(ToZygote::kFork),
                                 .number = id,
                                 .threads = settings_.at_once(),
                                 .in_greenlets = settings_.in_greenlets,
                                 .place = place,
                                 .life = life};
    if (auto sent = zygote->second.control.send(message, descriptors); !sent) return fail(std::move(sent).error());
    return lines;
  }

  void attach(std::uint32_t id) {
    const auto lines = workers_.find(id);
    const auto worker = pool_.workers().find(id);
    if (lines == workers_.end() || worker == pool_.workers().end()) return;
    std::vector<int> descriptors = {lines->second.region.fd()};
    for (const os::MessageChannel& end : lines->second.edge_ends) descriptors.push_back(end.fd());
    tell_edge({.kind = static_cast<std::uint32_t>(ToEdge::kAttach),
               .number = id,
               .pid = worker->second.pid,
               .threads = settings_.at_once(),
               .in_greenlets = settings_.in_greenlets,
               .mailboxes = mailboxes(),
               .shape = lines->second.region.shape()},
              descriptors);
    lines->second.edge_ends.clear();
    lines->second.attached = true;
    visitors_.for_each([&](std::uint32_t port) { attach_visitor(port, id, lines->second); });
    visitors_.ready();
    // The edge and the worker hold it now. Visitors may still come.
    if (port_wakeups_.empty()) lines->second.region = gateway::Region();
  }

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

}  // namespace

int run_supervisor(const config::RunSettings& settings, config::EdgeMain edge_main) {
  return Supervisor(settings, edge_main).run();
}

}  // namespace tierce::supervise

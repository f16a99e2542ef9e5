// Before the first process: who we are, the logs, the pid files, the listening sockets.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "os/process_title.h"
#include "os/user_identity.h"
#include "supervise/hooks.h"
#include "supervise/supervisor_process.h"

namespace tierce::supervise {
namespace {

using os::LogLevel;

constexpr int kSignals[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU, SIGWINCH, SIGCHLD};
// nginx's default backlog; a kernel that allows less drops connections in a burst.
constexpr int kSmallBacklog = 511;

}  // namespace

Result<void> Supervisor::prepare() {
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
  for (const char* phase : {settings_.chroot.empty() ? "pre-jail" : "", "post-jail", "in-jail", "as-root", "as-user"}) {
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

Result<void> Supervisor::become_immediately() const {
  if (settings_.immediate_user.empty() && settings_.immediate_group.empty()) return {};
  auto identity = os::find_identity(settings_.immediate_user, settings_.immediate_group);
  if (!identity) return fail(std::move(identity).error().during("immediate-uid and immediate-gid"));
  return os::become(*identity);
}

Result<void> Supervisor::raise_limits() const {
  if (settings_.descriptors_limit == 0) return {};
  const rlimit limit{settings_.descriptors_limit, settings_.descriptors_limit};
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return {};
  return fail(errno_error(fmt::format("max-fd {}", settings_.descriptors_limit)));
}

// Users are known by their names outside.
Result<void> Supervisor::enter_jail() const {
  if (settings_.chroot.empty()) return {};
  if (auto done = run_phase("pre-jail"); !done) return done;
  if (::chroot(settings_.chroot.c_str()) != 0 || ::chdir("/") != 0)
    return fail(errno_error("chroot " + settings_.chroot));
  return {};
}

Result<void> Supervisor::write_pid_files() {
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
Result<void> Supervisor::run_phase(std::string_view phase) const {
  auto hooks = hooks_of(settings_.around.hooks, phase);
  std::erase_if(hooks, [](const config::HookSettings& hook) { return hook.action == "unix_signal"; });
  const bool as_user = phase.starts_with("as-user");
  auto done = as_user ? run_hooks_as(hooks, plan_.identity, log_) : run_hooks(hooks, os::Identity{}, log_);
  if (!done && phase == "as-user-atexit") log_.line(LogLevel::kError, done.error().text());
  return done;
}

std::string Supervisor::absolute(const std::string& path) {
  if (path.starts_with('/')) return path;
  char here[4096];
  return ::getcwd(here, sizeof here) != nullptr ? fmt::format("{}/{}", here, path) : path;
}

Result<void> Supervisor::open_listeners() {
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
    log_.line(LogLevel::kWarning,
              fmt::format("net.core.somaxconn is {}: the kernel keeps no more waiting connections than that{}", allowed,
                          backlog > allowed ? fmt::format(", --backlog {} has no effect beyond it", backlog) : ""));
  }
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    log_.line(LogLevel::kInfo,
              fmt::format("Listening at: {} ({})", listeners_[i].url(config::scheme_of(binds_[i])), ::getpid()));
  }
  return {};
}

Result<void> Supervisor::own_socket(const std::string& path) const {
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
}  // namespace tierce::supervise

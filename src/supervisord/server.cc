#include "supervisord/server.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <set>

#include "config/supervisord/dependencies.h"
#include "config/supervisord/differences.h"
#include "config/supervisord/values.h"
#include "os/cgroup.h"
#include "os/clock.h"
#include "supervisord/chain.h"
#include "supervisord/control_servers.h"
#include "supervisord/memory_watch.h"
#include "supervisord/wait_status.h"

namespace tierce::supervisord {
namespace {

using namespace std::chrono_literals;

constexpr int kSignals[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD};
constexpr auto kWeighEvery = 5s;
constexpr auto kReportEvery = 3s;
constexpr long kTickPeriods[] = {5, 60, 3600};

}  // namespace

std::string_view name_of(Mood mood) {
  switch (mood) {
    case Mood::kFatal:
      return "FATAL";
    case Mood::kRunning:
      return "RUNNING";
    case Mood::kRestarting:
      return "RESTARTING";
    case Mood::kShutdown:
      break;
  }
  return "SHUTDOWN";
}

TimePoint Server::now() { return TimePoint(static_cast<std::int64_t>(os::monotonic_ns())); }

Server::Server(conf::Settings settings, Reread reread)
    : settings_(std::move(settings)),
      reread_(std::move(reread)),
      world_{.settings = &settings_,
             .log = &log_,
             .loop = &loop_,
             .events = &events_,
             .children = &children_,
             .compressor = &compressor_,
             .leftovers = &leftovers_} {
  world_.dependencies_up = [this](const conf::ProcessSettings& process) {
    const auto& names = process.depends_on;
    return std::all_of(names.begin(), names.end(), [this](const std::string& name) { return is_ready(name); });
  };
}

Server::~Server() = default;

void Server::play_roles(Chain::Rules rules) {
  chain_ = std::make_unique<Chain>(loop_, std::move(rules), [this](const std::string& line) { log_.info(line); });
  world_.chain = chain_.get();
}

Result<void> Server::raise_limits() {
  struct Row {
    int resource;
    const char* name;
    const char* key;
    long least;
    const char* what;
  };
  for (const Row& row : {Row{RLIMIT_NOFILE, "RLIMIT_NOFILE", "minfds", settings_.minfds, "file descriptors"},
                         Row{RLIMIT_NPROC, "RLIMIT_NPROC", "minprocs", settings_.minprocs, "processes"}}) {
    rlimit limit{};
    if (::getrlimit(static_cast<__rlimit_resource_t>(row.resource), &limit) != 0) continue;
    const auto least = static_cast<rlim_t>(std::max(row.least, 0l));
    if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= least) continue;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < least) limit.rlim_max = least;
    limit.rlim_cur = least;
    if (::setrlimit(static_cast<__rlimit_resource_t>(row.resource), &limit) != 0) {
      return fail(
          Error(fmt::format("{}={} in [supervisord]: this environment allows fewer {} and we may not raise that: "
                            "lower {} in the file, or raise the hard limit (ulimit -H)",
                            row.key, row.least, row.what, row.key)));
    }
    settings_.infos.push_back(fmt::format("Increased {} limit to {}", row.name, row.least));
  }
  return {};
}

Result<void> Server::prepare() {
  if (auto raised = raise_limits(); !raised) return raised;
  if (auto opened = log_.open(settings_); !opened) return opened;
  if (settings_.logfile_compress) {
    log_.on_rotated([this] { compressor_.look_at(settings_.logfile, settings_.logfile_backups); });
  }
  log_.to_stdout(settings_.nodaemon && !settings_.silent);
  if (!settings_.nocleanup) remove_old_auto_logs();
  say_what_was_read();
  control_ = std::make_unique<ControlServers>(*this);
  auto opened = control_->open(settings_.servers);
  if (!opened) return opened;
  world_.server_url = control_->first_url();
  return {};
}

void Server::say_what_was_read() {
  if (::geteuid() == 0 && settings_.user.empty()) {
    log_.critical(
        "Supervisor is running as root.  Privileges were not dropped because no user is specified in the config file.  "
        "If you intend to run as root, you can set user=root in the config file to avoid this message.");
  }
  for (const std::string& info : settings_.infos) log_.info(info);
  for (const std::string& warning : settings_.warnings) log_.warn(warning);
}

void Server::remove_old_auto_logs() {
  std::error_code ignored;
  const std::string mark = "---" + settings_.identifier + "-";
  for (const auto& entry : std::filesystem::directory_iterator(settings_.childlogdir, ignored)) {
    const std::string name = entry.path().filename().string();
    const std::size_t at = name.find(mark);
    if (at == std::string::npos || at == 0 || name.find(".log", at) == std::string::npos) continue;
    if (!entry.is_regular_file(ignored) || entry.is_symlink(ignored)) continue;
    std::filesystem::remove(entry.path(), ignored);
  }
}

Result<void> Server::watch_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : kSignals) ::sigaddset(&set, number);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  signals_ = os::UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) return fail(errno_error("signalfd"));
  loop_.watch(signals_.get(), {}, [this] {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      on_signal(static_cast<int>(info.ssi_signo));
  });
  return {};
}

void Server::on_signal(int number) {
  switch (number) {
    case SIGCHLD:
      return reap();
    case SIGHUP:
      if (mood_ == Mood::kShutdown) {
        log_.warn("ignored SIGHUP indicating restart request (shutdown in progress)");
        return;
      }
      log_.warn("received SIGHUP indicating restart request");
      if (auto good = check_restart(); !good) return log_.critical("not restarted: " + good.error().text());
      mood_ = Mood::kRestarting;
      return;
    case SIGUSR2:
      log_.info("received SIGUSR2 indicating log reopen request");
      return reopen_logs();
    case SIGUSR1:
    case SIGWINCH:
      return pass_on(number);
    default:
      log_.warn(fmt::format("received {} indicating exit request", conf::signal_name(number)));
      // Asked twice, `tierce up` waits for no stream that has no end.
      if (stopping_ && chain_ != nullptr && mood_ == Mood::kShutdown) {
        for (Group* group : groups()) group->stop_at_once(now());
      }
      mood_ = Mood::kShutdown;
  }
}

void Server::reopen_logs() {
  log_.info("supervisord logreopen");
  log_.reopen();
  for (const auto& group : groups_) {
    for (const auto& process : group->processes()) process->reopen_logs();
  }
}

// What we have no use for ourselves is for whom this server, as the first process of a container, stands for.
void Server::pass_on(int number) {
  for (Process* process : all_processes()) {
    if (process->settings().essential && process->pid() != 0) process->signal(number);
  }
}

std::vector<Process*> Server::all_processes() const {
  std::vector<Process*> all;
  for (const auto& group : groups_) {
    for (const auto& process : group->processes()) all.push_back(process.get());
  }
  return all;
}

void Server::reap() {
  while (true) {
    // Looked at first: until it is reaped its number, and its group's, is nobody else's.
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) break;
    const pid_t pid = info.si_pid;
    const int status = info.si_code == CLD_EXITED   ? W_EXITCODE(info.si_status, 0)
                       : info.si_code == CLD_DUMPED ? W_EXITCODE(0, info.si_status) | WCOREFLAG
                                                    : W_EXITCODE(0, info.si_status);
    const auto all = all_processes();
    const auto owner = std::find_if(all.begin(), all.end(), [pid](const Process* one) { return one->pid() == pid; });
    if (owner != all.end()) {
      (*owner)->reaped(now(), status);
    } else if (!children_.reaped(pid, status) && pid != keeper_.pid()) {
      log_.info(fmt::format("reaped unknown pid {} ({})", pid, describe_wait_status(status)));
    }
    ::waitpid(pid, nullptr, WNOHANG);
  }
  leftovers_.tick(now(), keeper_);
}

std::vector<Group*> Server::groups() const {
  std::vector<Group*> sorted;
  for (const auto& group : groups_) sorted.push_back(group.get());
  std::stable_sort(sorted.begin(), sorted.end(), [](const Group* a, const Group* b) {
    const auto &x = a->settings(), &y = b->settings();
    return x.priority != y.priority ? x.priority < y.priority : x.name < y.name;
  });
  return sorted;
}

// As they have started, the last to be stopped first; where all is the same the edge is the first to stop: who comes
// then is told at once that nobody is there, and what runs still finds the applications.
std::vector<Group*> Server::in_order_of_stops() const {
  std::vector<Group*> sorted = groups();
  std::stable_sort(sorted.begin(), sorted.end(), [](const Group* a, const Group* b) {
    if (a->settings().priority != b->settings().priority) return a->settings().priority < b->settings().priority;
    return !a->is_edge() && b->is_edge();
  });
  return sorted;
}

Group* Server::find_group(std::string_view name) const {
  for (const auto& group : groups_) {
    if (group->name() == name) return group.get();
  }
  return nullptr;
}

void Server::add_group(const conf::GroupSettings& settings) {
  groups_.push_back(std::make_unique<Group>(world_, settings));
  events_.notify("PROCESS_GROUP_ADDED", fmt::format("groupname:{}\n", settings.name));
}

void Server::remove_group(const std::string& name) {
  std::erase_if(groups_, [&](const auto& group) { return group->name() == name; });
  events_.notify("PROCESS_GROUP_REMOVED", fmt::format("groupname:{}\n", name));
}

Result<Server::Differences> Server::reread() {
  auto fresh = reread_();
  if (!fresh) return fail(std::move(fresh).error());
  for (const std::string& warning : fresh->warnings) log_.warn(warning);
  known_groups_ = fresh->groups;
  Differences found;
  for (const conf::GroupSettings& group : known_groups_) {
    const Group* current = find_group(group.name);
    if (current == nullptr) {
      found.added.push_back(group.name);
    } else if (!(current->settings() == group)) {
      found.changed.push_back(group.name);
      found.reasons[group.name] = conf::differences(current->settings(), group);
    }
  }
  for (const Group* group : groups()) {
    if (std::none_of(known_groups_.begin(), known_groups_.end(),
                     [&](const auto& g) { return g.name == group->name(); }))
      found.removed.push_back(group->name());
  }
  say_what_has_changed(found);
  differences_ = found;
  return found;
}

void Server::say_what_has_changed(const Differences& found) {
  for (const std::string& name : found.added) log_.info(fmt::format("reread: {} is new", name));
  for (const std::string& name : found.removed) log_.info(fmt::format("reread: {} is gone", name));
  for (const auto& [name, reasons] : found.reasons)
    log_.info(fmt::format("reread: {} has changed: {}", name, fmt::join(reasons, "; ")));
}

Result<void> Server::check_restart() const {
  auto fresh = reread_();
  if (!fresh) return fail(std::move(fresh).error());
  return {};
}

bool Server::go_down(TimePoint now) {
  if (!stopping_) {
    stopping_ = true;
    events_.notify("SUPERVISOR_STATE_CHANGE_STOPPING", "");
    if (chain_ != nullptr) chain_->end();
    to_stop_ = in_order_of_stops();
    last_report_ = now - kReportEvery;
  }
  // The last to start is the first to stop, and the next one waits until it is down.
  while (!to_stop_.empty()) {
    to_stop_.back()->stop_all(now);
    if (to_stop_.back()->has_unstopped()) break;
    to_stop_.pop_back();
  }
  if (to_stop_.empty()) return true;
  if (now - last_report_ >= kReportEvery) {
    last_report_ = now;
    std::vector<std::string> names;
    for (const Group* group : groups()) {
      for (const auto& process : group->processes()) {
        if (!is_stopped(process->state())) names.push_back(process->name());
      }
    }
    log_.info(fmt::format("waiting for {} to die", fmt::join(names, ", ")));
  }
  return false;
}

void Server::open_cgroups() {
  bool wanted = false, memory = false;
  for (const conf::GroupSettings& group : settings_.groups) {
    for (const conf::ProcessSettings& process : group.processes) {
      wanted = wanted || process.cgroup || process.memory_max > 0;
      memory = memory || process.memory_max > 0;
    }
  }
  if (wanted) world_.cgroup_home = os::find_cgroup_home(memory);
}

void Server::ticks() {
  const long seconds = os::wall_seconds();
  const bool first = last_ticks_.empty();
  if (first) {
    for (const long period : kTickPeriods) last_ticks_.emplace_back(period, seconds - seconds % period);
  }
  for (auto& [period, last] : last_ticks_) {
    const long slice = seconds - seconds % period;
    if (slice == last) continue;
    last = slice;
    events_.notify(fmt::format("TICK_{}", period), fmt::format("when:{}", slice));
  }
}

bool Server::is_ready(const std::string& name) const {
  for (const auto& group : groups_) {
    for (const auto& process : group->processes()) {
      if (conf::is_named(name, group->name(), process->settings()) && !process->is_ready()) return false;
    }
  }
  return true;
}

void Server::look_at_schedules() {
  const std::time_t seconds = os::wall_seconds();
  if (std::exchange(schedule_minute_, seconds / 60) == seconds / 60 || mood_ < Mood::kRunning) return;
  tm local{};
  ::localtime_r(&seconds, &local);
  for (Process* process : all_processes()) {
    const auto& cron = process->settings().cron;
    if (cron && conf::is_due(*cron, local)) process->scheduled(now());
  }
}

void Server::look_at_memory() {
  if (now() < weighed_ + kWeighEvery) return;
  weighed_ = now();
  std::set<pid_t> programs;
  for (const Process* process : all_processes()) {
    if (process->is_weighed()) programs.insert(process->pid());
  }
  if (programs.empty()) return;
  const auto sums = memory_of_programs(memory_of_all(), programs);
  for (Process* process : all_processes()) {
    const auto sum = process->is_weighed() ? sums.find(process->pid()) : sums.end();
    if (sum != sums.end()) process->weighed(now(), sum->second);
  }
}

void Server::look_at_essentials() {
  for (const auto& group : groups_) {
    for (const auto& process : group->processes()) {
      if (!process->settings().essential || !process->has_ended() || mood_ < Mood::kRunning) continue;
      const bool fatal = process->state() == State::kFatal;
      // One that never ran has no code of its own; a signal has none that an exit could have.
      exit_code_ = fatal || process->exit_status() < 0 ? 1 : process->exit_status();
      log_.critical(fmt::format("essential program {} is {}: the server ends with exit status {}", process->full_name(),
                                name_of(process->state()), exit_code_));
      mood_ = Mood::kShutdown;
    }
  }
}

int Server::wait_ms() const {
  const bool may_start = mood_ >= Mood::kRunning;
  TimePoint first = TimePoint::max();
  for (const auto& group : groups_) first = std::min(first, group->deadline(may_start));
  const TimePoint at = now();
  const bool ticking = std::any_of(groups_.begin(), groups_.end(), [](const auto& group) {
    return group->settings().kind == conf::GroupSettings::Kind::kListeners;
  });
  if (ticking) first = std::min<TimePoint>(first, at + std::chrono::seconds(5 - os::wall_seconds() % 5));
  first = std::min(first, leftovers_.deadline());
  const auto all = all_processes();
  if (std::any_of(all.begin(), all.end(), [](const Process* p) { return p->is_weighed(); }))
    first = std::min<TimePoint>(first, weighed_ + kWeighEvery);
  if (std::any_of(all.begin(), all.end(), [](const Process* p) { return p->settings().cron.has_value(); }))
    first = std::min<TimePoint>(first, at + std::chrono::seconds(60 - os::wall_seconds() % 60));
  if (stopping_) first = std::min<TimePoint>(first, last_report_ + kReportEvery);
  first = std::min(first, control_->deadline());
  if (chain_ != nullptr) first = std::min(first, chain_->deadline());
  if (first <= at || (mood_ < Mood::kRunning && !stopping_)) return 0;
  if (first == TimePoint::max()) return -1;
  // Rounded up: waking too early would be a turn for nothing.
  return static_cast<int>(std::min<std::int64_t>((first - at).count() / 1000000 + 1, 3600000));
}

Result<Mood> Server::run() {
  auto loop = os::CallbackLoop::create();
  if (!loop) return fail(std::move(loop).error());
  loop_ = std::move(*loop);
  // Whatever our programs leave behind becomes our child, and is reaped.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (auto keeper = os::GroupKeeper::start()) {
    keeper_ = std::move(*keeper);
    world_.keeper = keeper_.fd();
  }
  if (auto watched = watch_signals(); !watched) return fail(std::move(watched).error());
  control_->serve(loop_);
  if (!settings_.pidfile.empty()) {
    auto written = os::PidFile::write(settings_.pidfile);
    if (written) {
      pid_file_ = std::move(*written);
    } else {
      log_.critical(fmt::format("could not write pidfile {}: {}", settings_.pidfile, written.error().text()));
    }
  }
  log_.info(fmt::format("supervisord started with pid {}", ::getpid()));
  open_cgroups();
  schedule_minute_ = os::wall_seconds() / 60;
  known_groups_ = settings_.groups;
  for (const conf::GroupSettings& group : settings_.groups) add_group(group);
  events_.notify("SUPERVISOR_STATE_CHANGE_RUNNING", "");
  while (true) {
    const bool may_start = mood_ >= Mood::kRunning;
    if (!may_start && go_down(now())) break;
    for (Group* group : groups()) group->tick(now(), may_start);
    ticks();
    look_at_essentials();
    look_at_schedules();
    look_at_memory();
    leftovers_.tick(now(), keeper_);
    if (chain_ != nullptr) chain_->tick(now());
    control_->tick();
    loop_.turn(wait_ms());
  }
  control_->tick();
  world_.keeper = -1;
  keeper_.close();
  return mood_;
}

}  // namespace tierce::supervisord

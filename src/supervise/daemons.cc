#include "supervise/daemons.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "os/process_handle.h"

namespace tierce::supervise {
namespace {

using os::LogLevel;
using namespace std::chrono_literals;

constexpr auto kLookInterval = 1s;

std::int64_t time_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return 0;
  return info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec;
}

std::vector<std::int64_t> times_of(const std::vector<std::string>& paths) {
  std::vector<std::int64_t> times;
  for (const std::string& path : paths) times.push_back(time_of(path));
  return times;
}

}  // namespace

pid_t living_process_of(const std::string& pid_file) {
  const os::UniqueFd file(::open(pid_file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  char text[32] = {};
  if (!file || ::read(file.get(), text, sizeof text - 1) <= 0) return 0;
  const long pid = std::strtol(text, nullptr, 10);
  // 0 and negative numbers would be whole groups.
  if (pid <= 0 || pid > INT32_MAX) return 0;
  return ::kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM ? static_cast<pid_t>(pid) : 0;
}

Result<Daemons> Daemons::create(const std::vector<config::DaemonSettings>& settings, const os::Identity& identity,
                                std::chrono::seconds mercy) {
  Daemons daemons;
  daemons.mercy_ = mercy;
  for (const config::DaemonSettings& each : settings) {
    Daemon daemon{.settings = each, .identity = identity, .throttle = RestartThrottle(each.throttle_max)};
    if (!each.user.empty() || !each.group.empty()) {
      auto own = os::find_identity(each.user, each.group);
      if (!own) return fail(std::move(own).error().during(fmt::format("daemon \"{}\"", each.command)));
      daemon.identity = std::move(*own);
    }
    daemon.touched = times_of(each.touch);
    daemons.daemons_.push_back(std::move(daemon));
  }
  return daemons;
}

void Daemons::start(const CommandHome& home, TimePoint now) {
  for (Daemon& daemon : daemons_) {
    if (!daemon.settings.touch.empty()) next_touch_look_ = now + kLookInterval;
    if (daemon.by_file()) {
      daemon.pid = living_process_of(daemon.settings.pid_file);
      if (daemon.pid > 0) {
        daemon.state = State::kRunning;
        daemon.confirmed = true;
        daemon.next = now + kLookInterval;
        home.log->line(LogLevel::kInfo, fmt::format("daemon \"{}\": runs already (pid {}, by {})",
                                                    daemon.settings.command, daemon.pid, daemon.settings.pid_file));
        continue;
      }
    }
    launch(home, daemon, now);
  }
}

void Daemons::launch(const CommandHome& home, Daemon& daemon, TimePoint now) {
  const config::DaemonSettings& settings = daemon.settings;
  os::ChildPlan plan;
  plan.command = settings.command;
  plan.identity = daemon.identity;
  plan.chdir = settings.chdir;
  plan.keeps_stdin = settings.keeps_stdin;
  plan.output = home.output;
  if (!daemon.by_file()) plan.keeper = home.keeper->fd();
  if (settings.daemonize) plan.detached_pid_file = settings.pid_file;
  daemon.started = now;
  ++daemon.starts;
  daemon.confirmed = false;
  auto pid = os::start_child(plan);
  if (!pid) {
    home.log->line(LogLevel::kError, fmt::format("daemon \"{}\": {}", settings.command, pid.error().text()));
    daemon.state = State::kWaiting;
    daemon.next = now + daemon.throttle.delay_after(0s);
    return;
  }
  daemon.pid = *pid;
  daemon.state = State::kRunning;
  daemon.next = daemon.by_file() ? now + kLookInterval : TimePoint::max();
  home.log->line(LogLevel::kInfo, fmt::format("daemon \"{}\": {} (pid {})", settings.command,
                                              daemon.starts > 1 ? "started again" : "started", *pid));
}

bool Daemons::ended(const CommandHome& home, pid_t pid, int status, TimePoint now) {
  const auto found = std::find_if(daemons_.begin(), daemons_.end(),
                                  [pid](const Daemon& daemon) { return daemon.pid == pid && !daemon.by_file(); });
  if (found == daemons_.end()) return false;
  Daemon& daemon = *found;
  const bool asked = daemon.state == State::kStopping;
  // What it has started and left behind is not waited for: the next one might not start beside it.
  ::kill(-pid, SIGKILL);
  home.keeper->forget(pid);
  daemon.pid = 0;
  if (stopping_) {
    daemon.state = State::kGone;
    daemon.next = TimePoint::max();
    return true;
  }
  if (asked) {
    launch(home, daemon, now);
    return true;
  }
  daemon.state = State::kWaiting;
  const auto delay = daemon.throttle.delay_after(now - daemon.started);
  daemon.next = now + delay;
  std::string text =
      fmt::format("daemon \"{}\" (pid {}) {}", daemon.settings.command, pid, describe_wait_status(status));
  if (daemon.settings.essential) {
    essential_ended_ = true;
    daemon.next = TimePoint::max();
  } else if (delay > 0s) {
    text += fmt::format(": the next start is in {} s", delay.count());
  }
  home.log->line(LogLevel::kWarning, text);
  return true;
}

// uWSGI's rules: one whose file has named it is started as soon as the file does not; one that was just started
// gets its time to write the file.
void Daemons::look_at_file(const CommandHome& home, Daemon& daemon, TimePoint now) {
  daemon.next = now + kLookInterval;
  const pid_t named = living_process_of(daemon.settings.pid_file);
  if (named > 0) {
    daemon.confirmed = true;
    daemon.pid = named;
    return;
  }
  if (!daemon.confirmed && now - daemon.started < std::chrono::seconds(daemon.settings.checks)) return;
  home.log->line(LogLevel::kWarning, fmt::format("daemon \"{}\": {} names no living process", daemon.settings.command,
                                                 daemon.settings.pid_file));
  const auto delay = daemon.confirmed ? daemon.throttle.delay_after(now - daemon.started) : 0s;
  daemon.state = State::kWaiting;
  daemon.pid = 0;
  daemon.next = now + delay;
}

void Daemons::look_at_touched(const CommandHome& home, Daemon& daemon, TimePoint now) {
  std::vector<std::int64_t> times = times_of(daemon.settings.touch);
  if (times == daemon.touched) return;
  daemon.touched = std::move(times);
  if (daemon.state != State::kRunning || daemon.pid <= 0) return;
  home.log->line(LogLevel::kInfo, fmt::format("daemon \"{}\": touched", daemon.settings.command));
  if (daemon.by_file()) {
    if (daemon.confirmed) signal_named(home, daemon, daemon.settings.stop_signal);
  } else {
    ask_to_end(home, daemon, daemon.settings.stop_signal, now);
  }
}

void Daemons::tick(const CommandHome& home, TimePoint now) {
  if (!stopping_ && now >= next_touch_look_) {
    next_touch_look_ = now + kLookInterval;
    for (Daemon& daemon : daemons_) look_at_touched(home, daemon, now);
  }
  for (Daemon& daemon : daemons_) {
    if (now < daemon.next) continue;
    switch (daemon.state) {
      case State::kWaiting:
        launch(home, daemon, now);
        break;
      case State::kRunning:
        look_at_file(home, daemon, now);
        break;
      case State::kStopping:
        home.log->line(LogLevel::kWarning, fmt::format("daemon \"{}\" (pid {}) did not end within {} s: killed",
                                                       daemon.settings.command, daemon.pid, mercy_.count()));
        ::kill(-daemon.pid, SIGKILL);
        daemon.next = TimePoint::max();
        break;
      case State::kGone:
        daemon.next = TimePoint::max();
        break;
    }
  }
}

TimePoint Daemons::next_deadline() const {
  TimePoint next = stopping_ ? TimePoint::max() : next_touch_look_;
  for (const Daemon& daemon : daemons_) next = std::min(next, daemon.next);
  return next;
}

void Daemons::ask_to_end(const CommandHome& home, Daemon& daemon, int signal, TimePoint now) {
  home.log->line(LogLevel::kInfo, fmt::format("daemon \"{}\": stopping (pid {})", daemon.settings.command, daemon.pid));
  // The whole group, as uWSGI has it: a shell does not pass signals on.
  ::kill(-daemon.pid, signal);
  daemon.state = State::kStopping;
  daemon.next = now + mercy_;
}

// Whoever may write the file may write any number: one who is not root must not have root signal others.
void Daemons::signal_named(const CommandHome& home, const Daemon& daemon, int number) {
  os::ProcessHandle process = os::ProcessHandle::open(daemon.pid);
  if (const uid_t user = daemon.identity.uid; process && user != 0 && ::geteuid() == 0) {
    const auto facts = process.facts();
    if (!facts) {
      if (os::proc_is_ours()) return;  // It has ended.
      process.reach_only_as(daemon.identity);
    } else if (facts->user != user) {
      return home.log->line(
          LogLevel::kError,
          fmt::format("daemon \"{}\": process {} of {} is user {}'s, not user {}'s: no signal is sent",
                      daemon.settings.command, daemon.pid, daemon.settings.pid_file, facts->user, user));
    }
  }
  process.signal(number);
}

void Daemons::restart(const CommandHome& home, TimePoint now) {
  for (Daemon& daemon : daemons_) {
    if (daemon.state != State::kRunning || daemon.pid <= 0) continue;
    const int reload = daemon.settings.reload_signal;
    if (!daemon.by_file()) {
      ask_to_end(home, daemon, reload > 0 ? reload : daemon.settings.stop_signal, now);
    } else if (daemon.settings.notified && daemon.confirmed) {
      signal_named(home, daemon, reload > 0 ? reload : SIGHUP);
    }
  }
}

void Daemons::stop(const CommandHome& home, TimePoint now) {
  stopping_ = true;
  for (Daemon& daemon : daemons_) {
    if (daemon.by_file()) {
      if (daemon.settings.notified && daemon.confirmed) signal_named(home, daemon, daemon.settings.stop_signal);
      daemon.state = State::kGone;
    } else if (daemon.state == State::kRunning) {
      ask_to_end(home, daemon, daemon.settings.stop_signal, now);
    } else if (daemon.state == State::kWaiting) {
      daemon.state = State::kGone;
    }
    if (daemon.state == State::kGone) daemon.next = TimePoint::max();
  }
}

bool Daemons::stopped() const {
  return std::all_of(daemons_.begin(), daemons_.end(),
                     [](const Daemon& daemon) { return daemon.state == State::kGone; });
}

std::vector<DaemonStats> Daemons::stats() const {
  std::vector<DaemonStats> all;
  for (const Daemon& daemon : daemons_)
    all.push_back({daemon.settings.command, daemon.pid, daemon.starts > 0 ? daemon.starts - 1 : 0});
  return all;
}

}  // namespace tierce::supervise

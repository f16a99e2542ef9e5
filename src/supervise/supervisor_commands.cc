// What users ask for: signals, the fifo, changed files, another master.
#include <fmt/format.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <utility>

#include "supervise/supervisor_process.h"

namespace tierce::supervise {
namespace {

using gateway::ControlMessage;
using gateway::ToEdge;
using gateway::ToWorker;
using gateway::ToZygote;
using os::LogLevel;

using namespace std::chrono_literals;

constexpr auto kReloadDebounce = 100ms;

}  // namespace

// A hook before the first request ends the start, as in uWSGI; later on the server is worth more than the hook.
void Supervisor::hook_failed() {
  if (served_) return;
  log_.line(LogLevel::kCritical, "A hook has failed: stopping");
  start_failed_ = true;
  feed({.kind = Event::Kind::kStopAtOnce});
}

void Supervisor::read_signals() {
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

void Supervisor::reload() {
  daemons_to_restart_ = true;
  renew_certificates();
  if (settings_.log_files.reopened_by_reload) reopen_logs();
  feed({.kind = Event::Kind::kReload});
}

void Supervisor::start_successor() {
  tell_zygotes({.kind = static_cast<std::uint32_t>(ToZygote::kPreExec)});
  if (auto started = succession_.start(listeners_); !started) {
    return log_.line(LogLevel::kWarning, std::move(started).error().during("USR2 is ignored").text());
  }
  log_.line(LogLevel::kInfo,
            fmt::format("Another master is started (pid: {}): stop this one by TERM when the new one answers",
                        succession_.successor()));
}

void Supervisor::be_promoted() {
  succession_.predecessor_ended();
  for (auto& [file, name] : pid_files_) {
    if (auto renamed = file.rename(name); !renamed) log_.line(LogLevel::kError, renamed.error().text());
  }
  log_.line(LogLevel::kInfo, "The master before this one has ended");
}

void Supervisor::obey(Command command) {
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
void Supervisor::pause_or_resume() {
  if (!paused_) {
    paused_ = pool_.target();
    return change_workers(Event::Kind::kNoWorkers);
  }
  for (std::uint32_t i = 0; i < *paused_; ++i) change_workers(Event::Kind::kMoreWorkers);
  paused_.reset();
}

std::vector<std::uint32_t> Supervisor::replaceable_workers() const {
  std::vector<std::uint32_t> found;
  for (const auto& [id, worker] : pool_.workers()) {
    if (worker.state == Pool::WorkerState::kForking || worker.state > Pool::WorkerState::kServing) continue;
    if (!worker.to_replace) found.push_back(id);
  }
  return found;
}

void Supervisor::reload_next_of_chain() {
  chained_.reset();
  while (!chain_.empty() && !chained_) {
    const std::uint32_t id = chain_.front();
    chain_.pop_front();
    if (pool_.workers().contains(id)) chained_ = id;
  }
  if (chained_) feed({.kind = Event::Kind::kWantsRestart, .worker = *chained_});
}

void Supervisor::rotate_logs() {
  for (const Error& trouble : log_files_.move_away(::time(nullptr))) log_.line(LogLevel::kError, trouble.text());
  reopen_logs();
}

void Supervisor::reopen_logs() {
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

void Supervisor::read_watch_list(std::uint32_t generation) {
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

void Supervisor::read_changes() {
  for (const std::string& file : watcher_.changed()) {
    log_.line(LogLevel::kInfo, fmt::format("{} has changed", file));
    // An editor writes several files in a row: one reload for all.
    reload_at_ = now() + kReloadDebounce;
  }
}
}  // namespace tierce::supervise

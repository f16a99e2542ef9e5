#include "supervise/pool.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstring>

namespace tierce::supervise {

using namespace std::chrono_literals;
using os::LogLevel;

namespace {
// A worker that lives shorter than this has died "at once", and the next start waits.
constexpr auto kQuickDeath = 1s;
constexpr auto kBackOffFirst = 100ms;
constexpr auto kBackOffMost = 10s;
// After so many quick deaths in a row the edge answers 503 instead of letting requests wait.
constexpr std::uint32_t kTroubleAfter = 3;
// What the interpreter may take for its own end after the last request.
constexpr auto kExitPatience = 2s;
// How long a worker that hangs may take to write the stack that was asked for.
constexpr auto kDumpPatience = 1s;
// Forks asked for and not confirmed: the channel to a zygote holds about 200 messages, and every worker
// that is not attached yet costs the supervisor descriptors.
constexpr std::uint32_t kForksAskedMost = 32;

// 0.1 s after the first, doubling.
std::chrono::nanoseconds back_off(std::uint32_t failures) {
  std::chrono::nanoseconds pause = kBackOffFirst;
  for (std::uint32_t i = 1; i < failures && pause < kBackOffMost; ++i) pause *= 2;
  return std::min<std::chrono::nanoseconds>(pause, kBackOffMost);
}
}  // namespace

std::string describe_wait_status(int status) {
  if (WIFEXITED(status)) return fmt::format("exited with status {}", WEXITSTATUS(status));
  const int number = WTERMSIG(status);
  const char* name = ::sigabbrev_np(number);
  const std::string text = name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", number);
  if (number == SIGKILL) return fmt::format("was killed by {} (out of memory?)", text);
  return fmt::format("was killed by {}{}", text, WCOREDUMP(status) ? " (core dumped)" : "");
}

void Pool::log(LogLevel level, std::string text, Actions& out) const {
  out.push_back({.kind = Action::Kind::kLog, .level = level, .text = std::move(text)});
}

std::uint32_t Pool::count(std::uint32_t generation, bool serving_only, bool without_replaced) const {
  std::uint32_t found = 0;
  for (const auto& [id, worker] : workers_) {
    if (worker.generation != generation || worker.state > WorkerState::kServing) continue;
    if (serving_only && worker.state != WorkerState::kServing) continue;
    if (without_replaced && worker.to_replace) continue;
    ++found;
  }
  return found;
}

void Pool::start_zygote(std::uint32_t generation, Actions& out) {
  zygotes_[generation] = {};
  out.push_back({.kind = Action::Kind::kStartZygote, .generation = generation});
}

void Pool::start_edge(TimePoint now, Actions& out) {
  edge_down_ = false;
  edge_started_ = now;
  out.push_back({.kind = Action::Kind::kStartEdge});
  if (trouble_) out.push_back({.kind = Action::Kind::kTrouble, .status = 1});
}

void Pool::fork_worker(std::uint32_t generation, TimePoint now, Actions& out) {
  const std::uint32_t id = next_worker_++;
  workers_[id] = {.generation = generation, .started = now};
  out.push_back({.kind = Action::Kind::kForkWorker, .worker = id, .generation = generation});
}

std::uint32_t Pool::wanted(std::uint32_t generation) const {
  return generation == newest_ ? target_ : std::min(target_, target_before_);
}

bool Pool::lacks_workers(std::uint32_t generation) const {
  const auto zygote = zygotes_.find(generation);
  return zygote != zygotes_.end() && zygote->second.state == ZygoteState::kReady &&
         count(generation, false, true) < wanted(generation);
}

void Pool::fill(std::uint32_t generation, TimePoint now, Actions& out) {
  if (now < fork_not_before_ || !lacks_workers(generation)) return;
  auto asked = std::count_if(workers_.begin(), workers_.end(),
                             [](const auto& item) { return item.second.state == WorkerState::kForking; });
  for (std::uint32_t have = count(generation, false, true); have < wanted(generation) && asked < kForksAskedMost;
       ++have, ++asked) {
    fork_worker(generation, now, out);
  }
}

// One for each replacement that serves, the oldest first. Not all together at the end: workers that are
// used up faster than others boot are never all fresh, and the oldest would stay for ever.
void Pool::drain_replaced(std::uint32_t generation, TimePoint now, Actions& out) {
  std::uint32_t serving = count(generation, true, false);
  for (auto& [id, worker] : workers_) {
    if (worker.generation != generation || !worker.to_replace || worker.state > WorkerState::kServing) continue;
    if (worker.state == WorkerState::kServing) {
      if (serving <= target_) continue;
      --serving;
    }
    begin_drain(id, worker, now, out);
  }
}

bool Pool::anybody_serves() const {
  return std::any_of(workers_.begin(), workers_.end(),
                     [](const auto& item) { return item.second.state == WorkerState::kServing; });
}

void Pool::begin_drain(std::uint32_t id, Worker& worker, TimePoint now, Actions& out) {
  if (worker.state >= WorkerState::kDraining) return;
  if (!worker.attached) return tell_exit(id, worker, now, out);
  worker.state = WorkerState::kDraining;
  worker.deadline = now + settings_.graceful_timeout;
  out.push_back({.kind = Action::Kind::kDrain, .worker = id});
}

void Pool::tell_exit(std::uint32_t id, Worker& worker, TimePoint now, Actions& out) {
  worker.state = WorkerState::kExiting;
  worker.deadline = now + kExitPatience;
  if (worker.hangs && now >= worker.spared_until) {
    out.push_back({.kind = Action::Kind::kKillWorker, .worker = id});
  } else {
    // One that comes to its senses meanwhile ends by itself.
    if (worker.hangs) worker.deadline = worker.spared_until;
    out.push_back({.kind = Action::Kind::kTellExit, .worker = id, .status = at_once_ ? 1 : 0});
  }
}

// Brings the number of workers to what is wanted and lets go of those that are not needed any more.
void Pool::settle(TimePoint now, Actions& out) {
  if (stopping_ || edge_down_) return;
  fill(newest_, now, out);
  if (generation_ != newest_) {
    // The import of the new code may take minutes: until its workers serve, the old code is kept whole.
    fill(generation_, now, out);
    drain_replaced(generation_, now, out);
  }
  // Fewer were asked for: the youngest go.
  std::uint32_t have = count(newest_, false, true);
  for (auto worker = workers_.rbegin(); worker != workers_.rend() && have > target_; ++worker) {
    if (worker->second.generation != newest_ || worker->second.state > WorkerState::kServing ||
        worker->second.to_replace)
      continue;
    begin_drain(worker->first, worker->second, now, out);
    --have;
  }
  drain_replaced(newest_, now, out);
  if (count(newest_, true, false) < target_) return;
  if (generation_ != newest_) {
    log(LogLevel::kInfo, "The new code answers; workers of the old code finish what they run", out);
    generation_ = newest_;
  }
  for (auto& [id, worker] : workers_) {
    if (worker.generation != newest_) begin_drain(id, worker, now, out);
  }
  for (auto& [generation, old] : zygotes_) {
    if (generation == newest_ || old.state == ZygoteState::kRetired) continue;
    const bool needed = std::any_of(workers_.begin(), workers_.end(),
                                    [g = generation](const auto& item) { return item.second.generation == g; });
    if (needed) continue;  // It reports the end of its workers.
    old.state = ZygoteState::kRetired;
    old.deadline = now + kExitPatience;
    out.push_back({.kind = Action::Kind::kRetireZygote, .generation = generation});
  }
}

void Pool::set_trouble(bool trouble, Actions& out) {
  if (trouble_ == trouble) return;
  trouble_ = trouble;
  out.push_back({.kind = Action::Kind::kTrouble, .status = trouble ? 1 : 0});
}

void Pool::replace(std::uint32_t id, TimePoint now, Actions& out) {
  const auto found = workers_.find(id);
  if (found == workers_.end() || found->second.state > WorkerState::kServing || stopping_) return;
  found->second.to_replace = true;
  settle(now, out);
}

// What the new code has failed in was said already.
void Pool::give_reload_up(TimePoint now, Actions& out) {
  log(LogLevel::kError, "Reload failed: the old code goes on answering", out);
  newest_ = generation_;
  target_ = target_before_;
  quick_deaths_ = 0;
  fork_not_before_ = {};
  if (!zygotes_.contains(newest_)) start_zygote(newest_, out);
  settle(now, out);
}

void Pool::worker_ready(std::uint32_t id, TimePoint now, Actions& out) {
  const auto found = workers_.find(id);
  if (found == workers_.end() || stopping_ || found->second.state >= WorkerState::kServing) return;
  Worker& worker = found->second;
  // Of a reload that was given up.
  if (worker.generation != newest_ && worker.generation != generation_) return tell_exit(id, worker, now, out);
  // Its own word may be faster than its zygote's, who tells its number.
  worker.ready = true;
  if (worker.state == WorkerState::kForking) return;
  worker.state = WorkerState::kServing;
  worker.attached = true;
  ever_served_ = true;
  worker.started = now;
  out.push_back({.kind = Action::Kind::kAttach, .worker = id});
  set_trouble(false, out);
  settle(now, out);
}

void Pool::worker_exited(const Event& event, Actions& out) {
  const auto found = workers_.find(event.worker);
  if (found == workers_.end()) return;
  const Worker worker = found->second;
  const std::string how = describe_wait_status(event.status);
  const bool expected = worker.state == WorkerState::kExiting || stopping_;
  workers_.erase(found);
  if (worker.attached)
    out.push_back({.kind = Action::Kind::kBury, .worker = event.worker, .status = event.status, .text = how});
  out.push_back({.kind = Action::Kind::kForget, .worker = event.worker});
  if (expected) {
    log(LogLevel::kInfo, fmt::format("Worker exiting (pid: {})", worker.pid), out);
  } else {
    log(LogLevel::kError, fmt::format("Worker (pid: {}) {}", worker.pid, how), out);
    if (event.now - worker.started < kQuickDeath) {
      ++quick_deaths_;
      if (quick_deaths_ >= kTroubleAfter && worker.generation == newest_ && newest_ != generation_ && ever_served_ &&
          !stopping_ && count(newest_, true, false) == 0) {
        return give_reload_up(event.now, out);
      }
      const auto pause = back_off(quick_deaths_);
      // The first replacement comes at once: one bad request must not cost capacity.
      if (quick_deaths_ > 1) {
        fork_not_before_ = event.now + pause;
        log(LogLevel::kWarning,
            fmt::format("Workers die right after their start: the next one starts in {:.1f} s",
                        std::chrono::duration<double>(pause).count()),
            out);
      }
      if (quick_deaths_ >= kTroubleAfter && !anybody_serves()) set_trouble(true, out);
    } else {
      quick_deaths_ = 0;
    }
  }
  if (stopping_) return finish_stop(event.now, out);
  settle(event.now, out);
}

void Pool::zygote_died(const Event& event, Actions& out) {
  const auto found = zygotes_.find(event.generation);
  if (found == zygotes_.end()) return;
  const ZygoteState state = found->second.state;
  zygotes_.erase(found);
  // Forks it was asked for and has not confirmed will never come.
  for (auto worker = workers_.begin(); worker != workers_.end();) {
    if (worker->second.generation == event.generation && worker->second.pid == 0) {
      out.push_back({.kind = Action::Kind::kForget, .worker = worker->first});
      worker = workers_.erase(worker);
    } else {
      ++worker;
    }
  }
  if (stopping_) return finish_stop(event.now, out);
  if (state == ZygoteState::kRetired || event.generation != newest_) return;
  const bool failed = state == ZygoteState::kFailed || state == ZygoteState::kImporting;
  if (failed && state != ZygoteState::kFailed) {
    log(LogLevel::kError,
        fmt::format("The process that imports the application {}", describe_wait_status(event.status)), out);
  }
  if (failed && generation_ != newest_ && ever_ready_) {
    return give_reload_up(event.now, out);
  }
  if (failed && !ever_ready_) {
    if (settings_.reload) {
      log(LogLevel::kError, "The application cannot be imported; waiting for a change of its files", out);
      set_trouble(true, out);
      return;
    }
    exit_code_ = 3;
    return stop(event.now, settings_.graceful_timeout, out);
  }
  const auto pause = back_off(++zygote_deaths_);
  log(LogLevel::kError,
      fmt::format("The zygote {}; starting another in {:.1f} s", describe_wait_status(event.status),
                  std::chrono::duration<double>(pause).count()),
      out);
  zygote_not_before_ = event.now + pause;
}

void Pool::edge_died(const Event& event, Actions& out) {
  edge_down_ = true;
  quick_edge_deaths_ = event.now - edge_started_ < kQuickDeath ? quick_edge_deaths_ + 1 : 0;
  log(LogLevel::kCritical,
      fmt::format("The edge {}; starting another, its connections are lost", describe_wait_status(event.status)), out);
  // Workers ring the wake-ups of the edge they were forked for, those that are being forked too: others
  // take their place, from the same import.
  for (auto& [id, worker] : workers_) {
    worker.attached = false;
    if (worker.state != WorkerState::kExiting) tell_exit(id, worker, event.now, out);
  }
  if (quick_edge_deaths_ > 1) {
    edge_not_before_ = event.now + back_off(quick_edge_deaths_);
    return;
  }
  start_edge(event.now, out);
  settle(event.now, out);
}

void Pool::stop(TimePoint now, std::chrono::milliseconds grace, Actions& out) {
  if (!stopping_) {
    stopping_ = true;
    edge_not_before_ = TimePoint::max();
    stop_deadline_ = now + grace + (at_once_ ? kExitPatience : 1s);
    log(LogLevel::kInfo, "Shutting down: Master", out);
    if (edge_gone_) return finish_stop(now, out);
    out.push_back(
        {.kind = Action::Kind::kStopEdge, .status = static_cast<std::int32_t>(exit_code_ != 0 ? 0 : grace.count())});
    return;
  }
  stop_deadline_ = now;
  tick(now, out);
}

// The edge has ended: nobody gives the workers anything any more.
void Pool::finish_stop(TimePoint now, Actions& out) {
  if (!edge_gone_ || exited_) return;
  for (auto& [id, worker] : workers_) {
    if (worker.state != WorkerState::kExiting && worker.state != WorkerState::kForking) tell_exit(id, worker, now, out);
  }
  if (workers_.empty()) {
    for (auto& [generation, zygote] : zygotes_) {
      if (zygote.state == ZygoteState::kRetired) continue;
      const bool importing = zygote.state == ZygoteState::kImporting;
      zygote.state = ZygoteState::kRetired;
      zygote.deadline = now + std::max<std::chrono::nanoseconds>(settings_.graceful_timeout, kExitPatience);
      // One that still imports does not listen.
      out.push_back({.kind = importing ? Action::Kind::kKillZygote : Action::Kind::kRetireZygote,
                     .generation = generation,
                     .status = generation == generation_ ? 1 : 0});
    }
  }
  if (!workers_.empty() || !zygotes_.empty()) return;
  exited_ = true;
  out.push_back({.kind = Action::Kind::kExit, .status = exit_code_});
}

void Pool::tick(TimePoint now, Actions& out) {
  for (auto& [id, worker] : workers_) {
    if (now < worker.deadline) continue;
    worker.deadline = TimePoint::max();
    if (worker.state == WorkerState::kDraining) {
      log(LogLevel::kWarning,
          fmt::format("Worker (pid: {}) did not finish within the graceful timeout: killed", worker.pid), out);
    }
    worker.state = WorkerState::kExiting;
    out.push_back({.kind = Action::Kind::kKillWorker, .worker = id});
  }
  for (auto& [generation, zygote] : zygotes_) {
    if (now < zygote.deadline) continue;
    zygote.deadline = TimePoint::max();
    out.push_back({.kind = Action::Kind::kKillZygote, .generation = generation});
  }
  if (now >= stop_deadline_) {
    stop_deadline_ = TimePoint::max();
    if (!edge_gone_) out.push_back({.kind = Action::Kind::kKillEdge});
    for (const auto& [id, worker] : workers_) out.push_back({.kind = Action::Kind::kKillWorker, .worker = id});
    for (const auto& [generation, zygote] : zygotes_)
      out.push_back({.kind = Action::Kind::kKillZygote, .generation = generation});
  }
  if (now >= zygote_not_before_ && !stopping_) {
    zygote_not_before_ = TimePoint::max();
    if (!zygotes_.contains(newest_)) start_zygote(newest_, out);
  }
  if (now >= edge_not_before_) {
    edge_not_before_ = TimePoint::max();
    start_edge(now, out);
  }
  if (now >= fork_not_before_) {
    fork_not_before_ = {};
    settle(now, out);
  }
}

TimePoint Pool::next_deadline() const {
  TimePoint next = std::min({stop_deadline_, zygote_not_before_, edge_not_before_});
  for (const auto& [id, worker] : workers_) next = std::min(next, worker.deadline);
  for (const auto& [generation, zygote] : zygotes_) next = std::min(next, zygote.deadline);
  if (!stopping_ && !edge_down_ && fork_not_before_ > TimePoint{} &&
      (lacks_workers(newest_) || lacks_workers(generation_))) {
    next = std::min(next, fork_not_before_);
  }
  return next;
}

void Pool::on(const Event& event, Actions& out) {
  if (exited_) return;
  const auto found = workers_.find(event.worker);
  Worker* worker = found == workers_.end() ? nullptr : &found->second;
  switch (event.kind) {
    case Event::Kind::kStart:
      generation_ = newest_ = last_generation_ = 1;
      start_edge(event.now, out);
      return start_zygote(1, out);
    case Event::Kind::kZygoteReady:
      if (const auto zygote = zygotes_.find(event.generation);
          zygote != zygotes_.end() && zygote->second.state == ZygoteState::kImporting) {
        zygote->second.state = ZygoteState::kReady;
        zygote_deaths_ = 0;
        ever_ready_ = true;
        if (event.status > 0 && event.generation == newest_ && newest_ != generation_)
          target_ = static_cast<std::uint32_t>(event.status);
      }
      return settle(event.now, out);
    case Event::Kind::kZygoteFailed:
      if (const auto zygote = zygotes_.find(event.generation); zygote != zygotes_.end())
        zygote->second.state = ZygoteState::kFailed;
      return;
    case Event::Kind::kZygoteDied:
      return zygote_died(event, out);
    case Event::Kind::kForked:
      // A number that is known stays: signals go by it.
      if (worker == nullptr || worker->pid != 0) return;
      worker->pid = event.pid;
      fork_failures_ = 0;
      if (worker->state == WorkerState::kForking) worker->state = WorkerState::kBooting;
      if (worker->state == WorkerState::kExiting) worker->deadline = event.now + kExitPatience;
      log(LogLevel::kInfo, fmt::format("Booting worker with pid: {}", event.pid), out);
      if (stopping_) return finish_stop(event.now, out);
      if (worker->ready) return worker_ready(event.worker, event.now, out);
      return settle(event.now, out);
    case Event::Kind::kForkFailed:
      if (worker == nullptr || worker->pid != 0) return;
      workers_.erase(found);
      out.push_back({.kind = Action::Kind::kForget, .worker = event.worker});
      if (stopping_) return finish_stop(event.now, out);
      // Of several that failed together, one counts.
      if (event.now >= fork_not_before_) fork_not_before_ = event.now + back_off(++fork_failures_);
      return;
    case Event::Kind::kWorkerReady:
      return worker_ready(event.worker, event.now, out);
    case Event::Kind::kWorkerFailed:
      // A lazy import that failed: the traceback was shown, the exit that follows is a quick death.
      if (stopping_) return;
      if (ever_served_ && worker != nullptr && worker->generation == newest_ && newest_ != generation_)
        return give_reload_up(event.now, out);
      if (ever_served_ || settings_.reload) return;
      exit_code_ = 3;
      return stop(event.now, settings_.graceful_timeout, out);
    case Event::Kind::kWorkerExited:
      return worker_exited(event, out);
    case Event::Kind::kWantsRestart:
      return replace(event.worker, event.now, out);
    case Event::Kind::kDrained:
      if (worker == nullptr || worker->state != WorkerState::kDraining) return;
      worker->drained = true;
      if (!worker->dumping) return tell_exit(event.worker, *worker, event.now, out);
      worker->deadline = std::min(worker->deadline, event.now + kDumpPatience);
      return;
    case Event::Kind::kDumped:
      if (worker == nullptr) return;
      worker->dumping = false;
      if (worker->drained && worker->state == WorkerState::kDraining) tell_exit(event.worker, *worker, event.now, out);
      return;
    case Event::Kind::kTimedOut:
      if (worker == nullptr) return;
      out.push_back(
          {.kind = Action::Kind::kDumpStack, .worker = event.worker, .thread = event.thread, .request = event.request});
      worker->dumping = true;
      if (worker->hangs) return;
      worker->hangs = true;
      worker->spared_until = event.now + settings_.hang_grace;
      log(LogLevel::kError,
          event.request == 0
              ? fmt::format("Worker (pid: {}) does not turn its hub any more: it is replaced", worker->pid)
              : fmt::format("Worker (pid: {}) runs request {:016x} over its time: it is replaced when its "
                            "other requests are finished",
                            worker->pid, event.request),
          out);
      // Out of the edge's sight at once: a thread of it is lost. The replacement comes by settle().
      begin_drain(event.worker, *worker, event.now, out);
      return settle(event.now, out);
    case Event::Kind::kEdgeDied:
      if (stopping_) {
        edge_gone_ = true;
        return finish_stop(event.now, out);
      }
      return edge_died(event, out);
    case Event::Kind::kEdgeFailed:
      edge_gone_ = true;
      exit_code_ = 1;
      if (stopping_) return finish_stop(event.now, out);
      return stop(event.now, settings_.graceful_timeout, out);
    case Event::Kind::kReload: {
      if (stopping_) return;
      log(LogLevel::kInfo, "Reloading: importing the application anew", out);
      // A reload within a reload: the newest wins, what the one before had imported goes.
      if (const auto zygote = zygotes_.find(newest_); zygote != zygotes_.end() && newest_ != generation_) {
        zygote->second.state = ZygoteState::kRetired;
        out.push_back({.kind = Action::Kind::kKillZygote, .generation = newest_});
      }
      quick_deaths_ = 0;
      fork_not_before_ = {};
      if (newest_ == generation_) target_before_ = target_;
      newest_ = ++last_generation_;
      return start_zygote(newest_, out);
    }
    case Event::Kind::kMoreWorkers:
      ++target_;
      return settle(event.now, out);
    case Event::Kind::kFewerWorkers:
      if (target_ > 1) --target_;
      return settle(event.now, out);
    case Event::Kind::kNoWorkers:
      target_ = 0;
      log(LogLevel::kInfo, "Graceful stop of workers", out);
      return settle(event.now, out);
    case Event::Kind::kStopAtOnce:
      at_once_ = true;
      return stop(event.now, 0ms, out);
    case Event::Kind::kStop:
      return stop(event.now, settings_.graceful_timeout, out);
    case Event::Kind::kEdgeStopped:
      edge_gone_ = true;
      return finish_stop(event.now, out);
    case Event::Kind::kTick:
      return tick(event.now, out);
  }
}

}  // namespace tierce::supervise

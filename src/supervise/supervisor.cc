#include "supervise/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

#include "os/clock.h"
#include "supervise/sources.h"
#include "supervise/supervisor_process.h"

namespace tierce::supervise {
namespace {

using gateway::ControlMessage;
using gateway::ToEdge;
using gateway::ToWorker;
using gateway::ToZygote;
using os::LogLevel;

std::uint32_t workers_at_start(const config::RunSettings& settings) {
  return settings.cheap ? 0 : workers_wanted_first(settings);
}

}  // namespace

Supervisor::Supervisor(const config::RunSettings& settings, config::EdgeMain edge_main)
    : settings_(settings),
      edge_main_(edge_main),
      cheaper_(settings.cheaper, settings.workers),
      pool_({.workers = workers_at_start(settings),
             .graceful_timeout = settings.edge.graceful_timeout,
             .hang_grace = settings.hang_grace,
             .reload = settings.reload}) {}

int Supervisor::run() {
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

void Supervisor::wait() {
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

TimePoint Supervisor::now() { return TimePoint(static_cast<std::int64_t>(os::monotonic_ns())); }

// What comes up while actions are carried out waits until all of them are: the pool's actions of one
// event belong together.
void Supervisor::feed(Event event) {
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

void Supervisor::carry_out(const Action& action) {
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
        static_cast<void>(zygote->second.control.send(ControlMessage{
            .kind = static_cast<std::uint32_t>(ToZygote::kExit), .number = static_cast<std::uint32_t>(action.status)}));
      }
      return;
    case Action::Kind::kKillZygote:
      if (const auto zygote = zygotes_.find(action.generation); zygote != zygotes_.end() && !zygote->second.reaped)
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
      bury_for_visitors(action.worker,
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
    case Action::Kind::kKillWorker:
      return signal_worker(action.worker, SIGKILL);
    case Action::Kind::kTrouble:
      in_trouble_ = action.status != 0;
      visitors_.ready();
      visitors_.tell_all(
          {.kind = static_cast<std::uint32_t>(ToEdge::kTrouble), .number = static_cast<std::uint32_t>(action.status)});
      return tell_edge(
          {.kind = static_cast<std::uint32_t>(ToEdge::kTrouble), .number = static_cast<std::uint32_t>(action.status)});
    case Action::Kind::kExit:
      exit_code_ = action.status;
      return;
  }
}

int run_supervisor(const config::RunSettings& settings, config::EdgeMain edge_main) {
  return Supervisor(settings, edge_main).run();
}

}  // namespace tierce::supervise

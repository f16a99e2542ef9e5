// What is looked at from time to time: how much there is to do, the memory, the logs; and the statistics.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cstdint>

#include "supervise/supervisor_process.h"

namespace tierce::supervise {
namespace {

using os::LogLevel;

using namespace std::chrono_literals;

// How often the load is looked at, and how often whether the first request has come.
constexpr auto kLoadInterval = 1s;
constexpr auto kFirstRequestInterval = 20ms;

}  // namespace

std::uint32_t workers_wanted_first(const config::RunSettings& settings) {
  if (settings.cheaper.least == 0) return settings.workers;
  return settings.cheaper.initial != 0 ? settings.cheaper.initial : settings.cheaper.least;
}

void Supervisor::look_at_logs() {
  next_log_look_ = now() + kLoadInterval;
  if (log_files_.too_large()) rotate_logs();
}

std::uint32_t Supervisor::waiting_requests() const {
  std::uint32_t all = 0;
  for (const auto& of_thread : waiting_) all += of_thread.load(std::memory_order_relaxed);
  return all;
}

void Supervisor::look_at_load() {
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

Cheaper::Load Supervisor::load() const {
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
void Supervisor::look_at_memory() {
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
    signal_worker(id, SIGKILL);
  }
}

void Supervisor::fill_stats(Stats& stats) const {
  stats.paused = paused_.has_value();
  stats.chdir = settings_.chdir;
  for (std::size_t i = 0; i < listeners_.size(); ++i) stats.sockets.push_back(socket_stats(i));
  const auto& places = slots_.places();
  for (std::size_t i = 0; i < std::max<std::size_t>(places.size(), settings_.workers); ++i) {
    stats.workers.push_back(
        worker_stats(static_cast<std::uint32_t>(i + 1), i < places.size() ? places[i] : WorkerSlots::Place()));
  }
}

SocketStats Supervisor::socket_stats(std::size_t index) const {
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
WorkerStats Supervisor::worker_stats(std::uint32_t number, const WorkerSlots::Place& place) const {
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
}  // namespace tierce::supervise

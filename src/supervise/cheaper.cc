#include "supervise/cheaper.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tierce::supervise {

using config::CheaperAlgorithm;
using std::chrono::seconds;

Cheaper::Decision Cheaper::look(const Load& load) {
  Decision decision;
  const bool too_large = settings_.rss_hard_bytes != 0 && load.rss_bytes >= settings_.rss_hard_bytes;
  if (too_large && load.workers.size() > 1) {
    decision.change = -1;
    decision.said.push_back(
        fmt::format("cheaper hard rss memory limit exceeded, cheap one of {} workers", load.workers.size()));
    return decision;
  }
  const bool may_grow = settings_.rss_soft_bytes == 0 || load.rss_bytes < settings_.rss_soft_bytes;
  decision.change = by_algorithm(load, may_grow);
  decision.said = std::exchange(said_, {});
  return decision;
}

int Cheaper::by_algorithm(const Load& load, bool may_grow) {
  switch (settings_.algorithm) {
    case CheaperAlgorithm::kSpare:
      return spare(load, may_grow);
    case CheaperAlgorithm::kBacklog:
      return backlog(load, may_grow);
    case CheaperAlgorithm::kBusyness:
      return busyness(load, may_grow);
    case CheaperAlgorithm::kManual:
      break;
  }
  return 0;
}

int Cheaper::growth(const Load& load, std::uint32_t step) const {
  const auto have = static_cast<std::uint32_t>(load.workers.size());
  return static_cast<int>(std::min(step, have < most_ ? most_ - have : 0));
}

// --- spare: one worker shall be free ---

int Cheaper::spare(const Load& load, bool may_grow) {
  const auto busy = static_cast<std::size_t>(
      std::count_if(load.workers.begin(), load.workers.end(), [](const Worker& w) { return w.busy; }));
  if (busy < load.workers.size()) {
    if (overloads_ > 0) --overloads_;
  } else {
    ++overloads_;
    idles_ = 0;
  }
  if (may_grow && overloads_ > settings_.overload) {
    overloads_ = 0;
    return growth(load, settings_.step);
  }
  if (overloads_ != 0 || load.workers.size() - busy == 1) return 0;
  ++idles_;
  const bool time_to_go = idles_ % std::max(settings_.overload, 1u) == 0;
  return load.workers.size() > settings_.least && time_to_go ? -1 : 0;
}

// --- backlog: nobody shall wait ---

int Cheaper::backlog(const Load& load, bool may_grow) {
  if (may_grow && load.waiting > settings_.overload) return growth(load, settings_.step);
  return load.waiting < settings_.overload && load.workers.size() > settings_.least ? -1 : 0;
}

// --- busyness: workers shall be busy for so much of their time ---

seconds Cheaper::cycle() const { return seconds(std::max(settings_.overload, 1u)); }

void Cheaper::set_next_cheap(Time now) {
  if (emergency_workers_ > 0) {
    // After a short spike they shall go soon.
    const auto wait = cycle() * settings_.busyness.backlog_multiplier;
    say_if_verbose(fmt::format("{} emergency worker(s) running, using {} seconds cheaper timer", emergency_workers_,
                               wait.count()));
    next_cheap_ = now + wait;
  } else {
    next_cheap_ = now + cycle() * static_cast<seconds::rep>(multiplier_);
  }
}

void Cheaper::decrease_multiplier() {
  if (multiplier_ <= settings_.busyness.multiplier) return;
  --multiplier_;
  say(fmt::format("decreasing cheaper multiplier to {}", multiplier_));
}

bool Cheaper::emergency(const Load& load) {
  if (load.waiting == 0) waiting_since_ = Time::max();
  if (load.workers.size() >= most_) return false;
  if (load.waiting > settings_.busyness.backlog_alert) return true;
  if (load.waiting == 0) return false;
  if (waiting_since_ == Time::max()) waiting_since_ = load.now;
  if (load.now - waiting_since_ < seconds(settings_.busyness.backlog_nonzero_seconds)) return false;
  waiting_since_ = load.now;
  return true;
}

int Cheaper::grow_in_emergency(const Load& load) {
  multiplier_ = settings_.busyness.multiplier;
  cheaped_last_ = false;
  const int more = growth(load, settings_.busyness.backlog_step);
  emergency_workers_ += static_cast<std::uint64_t>(more);
  set_next_cheap(load.now);
  say(fmt::format("{} requests in listen queue, spawning {} emergency worker(s) ({})!", load.waiting, more,
                  emergency_workers_));
  return more;
}

int Cheaper::busyness(const Load& load, bool may_grow) {
  if (!std::exchange(begun_, true)) {
    multiplier_ = settings_.busyness.multiplier;
    last_cycle_ = load.now;
    set_next_cheap(load.now);
    for (const Worker& worker : load.workers) seen_[worker.place].running_ns = worker.running_ns;
  }
  std::map<std::uint32_t, Seen> seen;
  for (const Worker& worker : load.workers) {
    const auto before = seen_.find(worker.place);
    Seen& now = seen[worker.place];
    now = before != seen_.end() ? before->second : Seen{worker.running_ns, 0};
    if (worker.busy) ++now.times_busy;
  }
  seen_ = std::move(seen);
  if (load.now - last_cycle_ >= cycle()) {
    last_cycle_ = load.now;
    return after_cycle(load, average_percent(load), may_grow);
  }
  return may_grow && emergency(load) ? grow_in_emergency(load) : 0;
}

std::uint64_t Cheaper::average_percent(const Load& load) {
  const auto length = static_cast<std::uint64_t>(std::chrono::nanoseconds(cycle()).count());
  std::uint64_t total = 0;
  for (const Worker& worker : load.workers) {
    Seen& seen = seen_[worker.place];
    const std::uint64_t ran = worker.running_ns > seen.running_ns ? worker.running_ns - seen.running_ns : 0;
    // Requests that take longer than a cycle are counted when they are over: until then the worker was just seen busy.
    const std::uint64_t percent =
        ran == 0 && seen.times_busy > 0 ? 100 : std::min<std::uint64_t>(ran * 100 / length, 100);
    if (load.workers.size() > 1) {
      say_if_verbose(
          fmt::format("worker nr {} {}s average busyness is at {}%", worker.place, cycle().count(), percent));
    }
    total += percent;
    seen = {worker.running_ns, 0};
  }
  const std::uint64_t average = load.workers.empty() ? 0 : total / load.workers.size();
  say_if_verbose(
      fmt::format("{}s average busyness of {} worker(s) is at {}%", cycle().count(), load.workers.size(), average));
  return average;
}

int Cheaper::after_cycle(const Load& load, std::uint64_t percent, bool may_grow) {
  if (percent > settings_.busyness.most_percent) return may_grow ? too_busy(load, percent) : 0;
  if (may_grow && emergency(load)) return grow_in_emergency(load);
  if (load.workers.size() == 1) return 0;
  if (percent < settings_.busyness.least_percent) return too_idle(load, percent);
  in_between(load, percent);
  return 0;
}

int Cheaper::too_busy(const Load& load, std::uint64_t percent) {
  tolerated_ = 0;
  const int more = growth(load, settings_.step);
  if (more == 0) {
    say_if_verbose(fmt::format("{}s average busyness is at {}% but we already started maximum number of workers ({})",
                               cycle().count(), percent, most_));
    return 0;
  }
  cheaped_last_ = false;
  if (ever_cheaped_ && load.now - last_cheaped_ <= cycle() * static_cast<seconds::rep>(multiplier_ + 1)) {
    multiplier_ += settings_.busyness.penalty;
    say(fmt::format("worker(s) respawned to fast, increasing cheaper multiplier to {} (+{})", multiplier_,
                    settings_.busyness.penalty));
  } else {
    decrease_multiplier();
  }
  set_next_cheap(load.now);
  say(fmt::format("{}s average busyness is at {}%, will spawn {} new worker(s)", cycle().count(), percent, more));
  return more;
}

int Cheaper::too_idle(const Load& load, std::uint64_t percent) {
  tolerated_ = 0;
  if (load.workers.size() <= settings_.least) return 0;
  if (load.now < next_cheap_) {
    const auto left = std::chrono::duration_cast<seconds>(next_cheap_ - load.now);
    say_if_verbose(fmt::format("need to wait {} more second(s) to cheap worker", left.count()));
    return 0;
  }
  if (cheaped_last_) decrease_multiplier();
  set_next_cheap(load.now);
  say(fmt::format("{}s average busyness is at {}%, cheap one of {} running workers", cycle().count(), percent,
                  load.workers.size()));
  last_cheaped_ = load.now;
  ever_cheaped_ = cheaped_last_ = true;
  if (emergency_workers_ > 0) --emergency_workers_;
  return -1;
}

// Neither: after three such cycles the time to let one go begins anew; until then it is only put off.
void Cheaper::in_between(const Load& load, std::uint64_t percent) {
  if (emergency_workers_ > 0) --emergency_workers_;
  ++tolerated_;
  const bool again = tolerated_ >= 3;
  say_if_verbose(fmt::format("{}s average busyness is at {}%, {} non-idle cycle(s), {} cheaper timer", cycle().count(),
                             percent, tolerated_, again ? "resetting" : "adjusting"));
  if (again) {
    set_next_cheap(load.now);
  } else {
    next_cheap_ += cycle();
  }
}

}  // namespace tierce::supervise

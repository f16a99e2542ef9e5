#include "nginx/rate_zone.h"

#include <algorithm>
#include <vector>

namespace tierce::nginx {
namespace {

constexpr std::int64_t kRequest = 1000;  // Excess is counted in thousandths.
constexpr std::size_t kKeyBytesMost = 65535;
constexpr std::int64_t kDrainedAfterMs = 60'000;
// What nginx's state and the zone's own data take beside the key.
constexpr std::size_t kStateBytes = 80, kOwnBytes = 80;

std::int64_t delay_of(std::int64_t excess, const RateLimit& limit) {
  const std::int64_t free = limit.delay * kRequest;
  return limit.no_delay || excess <= free ? 0 : (excess - free) * 1000 / limit.zone->rate();
}

}  // namespace

RateZone::RateZone(std::int64_t rate, std::int64_t bytes)
    : rate_(std::max<std::int64_t>(rate, 1)), budget_(bytes, kOwnBytes) {}

std::int64_t RateZone::excess_of(const State& state, std::int64_t now_ms) const {
  if (state.fresh) return 0;
  // After that long nothing is left, and the product stays small.
  const std::int64_t drained_ms = (state.excess + kRequest) * 1000 / rate_ + 1000;
  const std::int64_t passed = std::clamp<std::int64_t>(now_ms - state.last_ms, 0, drained_ms);
  return std::max<std::int64_t>(state.excess - rate_ * passed / 1000 + kRequest, 0);
}

RateZone::Look RateZone::look(std::string_view key, std::int64_t burst, std::int64_t now_ms, bool count) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    states_.splice(states_.begin(), states_, found->second);
    State& state = states_.front();
    const std::int64_t excess = excess_of(state, now_ms);
    if (excess > burst * kRequest) return {Look::Outcome::kTooMany, excess};
    if (count) {
      state.excess = excess;
      state.last_ms = std::max(state.last_ms, now_ms);
      state.fresh = false;
      return {Look::Outcome::kCounted, excess};
    }
    ++state.waiting;
    return {Look::Outcome::kHeld, excess, &state};
  }
  forget(now_ms, false);
  if (!add(key)) {
    forget(now_ms, true);
    if (!add(key)) return {Look::Outcome::kFull};
  }
  State& state = states_.front();
  if (count) {
    state.last_ms = now_ms;
    return {Look::Outcome::kCounted};
  }
  state.fresh = true;
  state.waiting = 1;
  return {Look::Outcome::kHeld, 0, &state};
}

std::int64_t RateZone::settle(State& state, std::int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  state.excess = excess_of(state, now_ms);
  state.last_ms = std::max(state.last_ms, now_ms);
  state.fresh = false;
  --state.waiting;
  return state.excess;
}

void RateZone::drop(State& state) {
  const std::lock_guard lock(mutex_);
  --state.waiting;
}

std::vector<RateZone::Counted> RateZone::counted() {
  const std::lock_guard lock(mutex_);
  std::vector<Counted> all;
  for (const State& state : states_) {
    if (!state.fresh) all.push_back({state.key, state.last_ms, state.excess});
  }
  return all;
}

void RateZone::go_on_with(const std::vector<Counted>& counted) {
  const std::lock_guard lock(mutex_);
  // (No std::views: clang 14, which builds the fuzz targets, cannot read libstdc++'s.)
  std::for_each(counted.rbegin(), counted.rend(), [this](const Counted& each) {
    if (by_key_.contains(each.key) || !add(each.key)) return;
    states_.front().last_ms = each.last_ms;
    states_.front().excess = each.excess;
  });
}

bool RateZone::add(std::string_view key) {
  if (!budget_.take(kStateBytes + key.size())) return false;
  states_.push_front({.key = std::string(key)});
  by_key_.emplace(states_.front().key, states_.begin());
  return true;
}

void RateZone::forget(std::int64_t now_ms, bool force) {
  for (int drained = 0; drained < 2 && !states_.empty();) {
    const State& oldest = states_.back();
    if (oldest.waiting != 0) return;
    if (!force) {
      const std::int64_t passed = now_ms - oldest.last_ms;
      if (passed < kDrainedAfterMs || excess_of(oldest, now_ms) > kRequest) return;
      ++drained;
    }
    force = false;
    by_key_.erase(oldest.key);
    budget_.give_back(kStateBytes + oldest.key.size());
    states_.pop_back();
  }
}

RateVerdict check_rates(std::span<const RateLimit> limits, std::span<const std::string_view> keys,
                        std::int64_t now_ms) {
  using Outcome = RateZone::Look::Outcome;
  std::vector<std::pair<std::size_t, RateZone::State*>> held;  // Of most requests: none, and no memory for it.
  RateVerdict verdict;
  const auto take_longest = [&](std::size_t limit, std::int64_t excess) {
    const std::int64_t delay = delay_of(excess, limits[limit]);
    if (delay <= verdict.delay_ms) return;
    verdict = {RateVerdict::Kind::kDelay, delay, excess, limit};
  };
  for (std::size_t i = 0; i < limits.size(); ++i) {
    if (keys[i].empty() || keys[i].size() > kKeyBytesMost) continue;
    const RateZone::Look look = limits[i].zone->look(keys[i], limits[i].burst, now_ms, i + 1 == limits.size());
    if (look.outcome == Outcome::kHeld) {
      held.emplace_back(i, look.held);
    } else if (look.outcome == Outcome::kCounted) {
      take_longest(i, look.excess);
    } else {
      for (const auto& [limit, state] : held) limits[limit].zone->drop(*state);
      const bool full = look.outcome == Outcome::kFull;
      return {full ? RateVerdict::Kind::kZoneFull : RateVerdict::Kind::kReject, 0, look.excess, i};
    }
  }
  std::for_each(held.rbegin(), held.rend(), [&](const auto& each) {
    take_longest(each.first, limits[each.first].zone->settle(*each.second, now_ms));
  });
  return verdict;
}

}  // namespace tierce::nginx

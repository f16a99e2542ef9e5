// limit_req: how many requests a second each key may make, with a bucket for bursts. Counted as nginx counts: in
// thousandths of a request, drained as time passes. Zones are shared by the threads of a process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nginx/zone_budget.h"

namespace tierce::nginx {

class RateZone;

// One limit_req of a location.
struct RateLimit {
  RateZone* zone = nullptr;
  std::int64_t burst = 0;  // Requests above the rate that are let in,
  std::int64_t delay = 0;  // and how many of them without waiting.
  bool no_delay = false;   // All.
};

struct RateVerdict {
  enum class Kind : std::uint8_t { kPass, kDelay, kReject, kZoneFull };
  Kind kind = Kind::kPass;
  std::int64_t delay_ms = 0;
  std::int64_t excess = 0;  // In thousandths of a request, for the log: "excess: 1.340".
  std::size_t limit = 0;    // Which of the limits decided.
};

// Asks all limits of a location in their order; a request that one of them refuses counts in none. `keys` has a key
// for each limit; one that is empty, or longer than 65535 bytes, is not limited. `now_ms` comes from a clock that does
// not go back, the same for all requests.
RateVerdict check_rates(std::span<const RateLimit> limits, std::span<const std::string_view> keys, std::int64_t now_ms);

class RateZone {
 public:
  // `rate`: in thousandths of a request a second.
  RateZone(std::int64_t rate, std::int64_t bytes);
  std::int64_t rate() const { return rate_; }

  // What is counted, for a zone of the next process: the one used last in front.
  struct Counted {
    std::string key;
    std::int64_t last_ms = 0;
    std::int64_t excess = 0;
  };
  std::vector<Counted> counted();
  // Goes on with what another one has counted, as far as there is room.
  void go_on_with(const std::vector<Counted>& counted);

 private:
  friend RateVerdict check_rates(std::span<const RateLimit>, std::span<const std::string_view>, std::int64_t);

  struct State {
    std::string key;
    std::int64_t last_ms = 0;
    std::int64_t excess = 0;
    int waiting = 0;     // Requests that other zones have yet to let in; it is not forgotten meanwhile.
    bool fresh = false;  // No request was counted yet.
  };
  using States = std::list<State>;  // The one used last in front.

  struct Look {
    enum class Outcome : std::uint8_t { kCounted, kHeld, kTooMany, kFull };
    Outcome outcome = Outcome::kCounted;
    std::int64_t excess = 0;
    State* held = nullptr;
  };
  // `count`: it is the last limit, the request is counted at once; else its state is held until settle() or drop().
  Look look(std::string_view key, std::int64_t burst, std::int64_t now_ms, bool count);
  std::int64_t settle(State& state, std::int64_t now_ms);
  void drop(State& state);

  std::int64_t excess_of(const State& state, std::int64_t now_ms) const;
  bool add(std::string_view key);
  // Forgets up to two keys at the end of the list that are drained; `force`: the last one in any case.
  void forget(std::int64_t now_ms, bool force);

  const std::int64_t rate_;
  std::mutex mutex_;
  ZoneBudget budget_;
  States states_;
  // Views of the states' keys. Ordered, and not hashed: clients may choose keys.
  std::map<std::string_view, States::iterator> by_key_;
};

}  // namespace tierce::nginx

// When there should be more workers, and when fewer: uWSGI's algorithms spare, backlog and busyness as a pure
// class. It is asked once a second; what it has seen before is all it keeps.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/cheaper_settings.h"

namespace tierce::supervise {

class Cheaper {
 public:
  using Time = std::chrono::nanoseconds;  // CLOCK_MONOTONIC.
  struct Worker {
    std::uint32_t place = 0;  // From 1.
    bool busy = false;
    std::uint64_t running_ns = 0;  // In requests that are over, of all workers that the place has had.
  };
  struct Load {
    Time now{};
    std::vector<Worker> workers;  // Those that serve or start.
    std::uint32_t waiting = 0;    // Requests for which no worker was free.
    std::uint64_t rss_bytes = 0;  // Of all workers; only asked for when there is a limit.
  };
  struct Decision {
    int change = 0;                 // So many workers more; -1: one less.
    std::vector<std::string> said;  // For the log.
  };

  Cheaper(const config::CheaperSettings& settings, std::uint32_t most) : settings_(settings), most_(most) {}

  Decision look(const Load& load);

 private:
  int by_algorithm(const Load& load, bool may_grow);
  int spare(const Load& load, bool may_grow);
  int backlog(const Load& load, bool may_grow);
  int busyness(const Load& load, bool may_grow);
  int after_cycle(const Load& load, std::uint64_t percent, bool may_grow);
  int too_busy(const Load& load, std::uint64_t percent);
  int too_idle(const Load& load, std::uint64_t percent);
  void in_between(const Load& load, std::uint64_t percent);
  bool emergency(const Load& load);
  int grow_in_emergency(const Load& load);
  std::uint64_t average_percent(const Load& load);
  void set_next_cheap(Time now);
  void decrease_multiplier();
  int growth(const Load& load, std::uint32_t step) const;
  std::chrono::seconds cycle() const;
  void say(std::string text) { said_.push_back("[busyness] " + std::move(text)); }
  void say_if_verbose(std::string text) {
    if (settings_.busyness.verbose) say(std::move(text));
  }

  config::CheaperSettings settings_;
  std::uint32_t most_;
  std::vector<std::string> said_;
  // spare
  std::uint64_t overloads_ = 0;
  std::uint64_t idles_ = 0;
  // busyness
  struct Seen {
    std::uint64_t running_ns = 0;
    std::uint32_t times_busy = 0;
  };
  std::map<std::uint32_t, Seen> seen_;  // By place.
  bool begun_ = false;
  Time last_cycle_{};
  Time last_cheaped_{};
  Time next_cheap_{};
  std::uint64_t multiplier_ = 0;
  std::uint64_t tolerated_ = 0;
  std::uint64_t emergency_workers_ = 0;
  bool cheaped_last_ = false;
  bool ever_cheaped_ = false;
  Time waiting_since_ = Time::max();
};

}  // namespace tierce::supervise

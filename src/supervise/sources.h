// Descriptors that the supervisor's loop waits for, gathered anew for every turn.
#pragma once

#include <poll.h>

#include <functional>
#include <vector>

#include "os/clock.h"
#include "supervise/pool.h"

namespace tierce::supervise {

struct Sources {
  std::vector<pollfd> set;
  std::vector<std::function<void()>> handlers;
  void add(int fd, std::function<void()> handler, short events = POLLIN) {
    set.push_back({fd, events, 0});
    handlers.push_back(std::move(handler));
  }
};

inline TimePoint monotonic_now() { return TimePoint(static_cast<std::int64_t>(os::monotonic_ns())); }

}  // namespace tierce::supervise

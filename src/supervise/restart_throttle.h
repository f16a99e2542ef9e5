// How long a command that has ended waits for its next start. Pure: time comes in.
#pragma once

#include <chrono>
#include <cstdint>

namespace tierce::supervise {

// uWSGI's rule: the n-th quick end in a row (within three seconds) costs n seconds, less what it lived. uWSGI
// counts all starts ever; here one that lives longer starts the count anew, so that the tenth failure of a
// month does not wait like the tenth in a row.
class RestartThrottle {
 public:
  // seconds_max 0: uWSGI's own bound.
  explicit RestartThrottle(std::uint32_t seconds_max) : seconds_max_(seconds_max == 0 ? kBound : seconds_max) {}
  std::chrono::seconds delay_after(std::chrono::nanoseconds lived);

 private:
  static constexpr std::uint32_t kBound = 300;
  std::uint32_t seconds_max_;
  std::uint32_t quick_ends_ = 0;
};

}  // namespace tierce::supervise

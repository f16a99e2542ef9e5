#include "supervise/restart_throttle.h"

#include <algorithm>

namespace tierce::supervise {

std::chrono::seconds RestartThrottle::delay_after(std::chrono::nanoseconds lived) {
  constexpr std::chrono::seconds kQuick{3};
  if (lived > kQuick) {
    quick_ends_ = 0;
    return std::chrono::seconds(0);
  }
  ++quick_ends_;
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(lived);
  const std::chrono::seconds most(seconds_max_);
  return std::clamp(std::chrono::seconds(quick_ends_) - whole, std::chrono::seconds(0), most);
}

}  // namespace tierce::supervise

#include "supervisord/health_state.h"

#include <algorithm>

namespace tierce::supervisord {

using std::chrono::seconds;

void HealthState::begin(TimePoint now) {
  ready_ = false;
  failures_ = 0;
  started_ = due_ = now;
}

HealthState::Verdict HealthState::checked(TimePoint now, bool good) {
  // Whoever waits for it to become ready is not to wait for a whole interval.
  due_ = now + seconds(good || ready_ ? rules_->interval : std::min(rules_->interval, 1l));
  if (good) {
    failures_ = 0;
    return std::exchange(ready_, true) ? Verdict::kNothing : Verdict::kBecameReady;
  }
  if (!ready_ && now - started_ < seconds(rules_->start)) return Verdict::kFailed;
  if (++failures_ < rules_->retries) return Verdict::kFailed;
  ready_ = false;
  return Verdict::kGiveUp;
}

}  // namespace tierce::supervisord

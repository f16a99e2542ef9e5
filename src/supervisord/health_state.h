// Whether a program is ready, from the results of its checks; without clocks and processes.
//
//   begin -> NOT READY -- a good check --> READY -- `retries` bad ones in a row --> GIVE UP (it is restarted)
//              \__ bad ones after `start` seconds: `retries` in a row _______________/
#pragma once

#include "config/supervisord/settings.h"
#include "supervisord/process_state.h"

namespace tierce::supervisord {

class HealthState {
 public:
  enum class Verdict : std::uint8_t { kNothing, kBecameReady, kFailed, kGiveUp };

  explicit HealthState(const conf::HealthSettings& rules) : rules_(&rules) {}

  // The program has started.
  void begin(TimePoint now);
  bool is_ready() const { return ready_; }
  // When the next check begins.
  TimePoint due() const { return due_; }
  Verdict checked(TimePoint now, bool good);

 private:
  const conf::HealthSettings* rules_;
  bool ready_ = false;
  long failures_ = 0;
  TimePoint started_{};
  TimePoint due_{};
};

}  // namespace tierce::supervisord

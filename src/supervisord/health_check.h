// Carries out the checks of a program: health_command or health_url, each in a process of its own that is killed when
// it takes too long.
#pragma once

#include <string>
#include <vector>

#include "os/unique_fd.h"
#include "supervisord/health_state.h"
#include "supervisord/spawn.h"
#include "supervisord/world.h"

namespace tierce::supervisord {

class HealthCheck {
 public:
  // `rules` and `world` outlive it.
  HealthCheck(World& world, const conf::HealthSettings& rules) : world_(world), rules_(rules), state_(rules) {}
  ~HealthCheck() { end(); }
  HealthCheck(const HealthCheck&) = delete;
  HealthCheck& operator=(const HealthCheck&) = delete;

  // The program has started; `surroundings`: its environment, user, folder.
  void begin(TimePoint now, SpawnPlan surroundings);
  // It is going to end.
  void end();
  bool is_ready() const { return running_ && state_.is_ready(); }
  // Starts what is due, and says once what has become of it.
  HealthState::Verdict tick(TimePoint now);
  TimePoint deadline() const;
  // Why the last check was bad; "" when it was good.
  const std::string& reason() const { return reason_; }

 private:
  void check(TimePoint now);
  void ended(int wait_status);
  void kill() const;

  World& world_;
  const conf::HealthSettings& rules_;
  HealthState state_;
  SpawnPlan surroundings_;
  bool running_ = false;
  pid_t pid_ = 0;
  bool too_late_ = false;
  TimePoint timeout_{};
  os::UniqueFd output_;
  std::string reason_;
  HealthState::Verdict verdict_ = HealthState::Verdict::kNothing;
};

}  // namespace tierce::supervisord

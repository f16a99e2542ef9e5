// The life of one supervised process, without clocks and system calls: events in, steps out, time inside the event.
//
//              start                up for startsecs
//   STOPPED ----------> STARTING --------------------> RUNNING --- exits ---> EXITED --- autorestart ---> STARTING
//      ^                 |    ^                           |
//      |      exits or   |    | the pause is over         | stop
//      |  cannot start   v    |                           v
//      +----- stop --- BACKOFF                         STOPPING --- exits ---> STOPPED
//                        |                                ^   \-- stopwaitsecs: SIGKILL
//                        | startretries are used up       |
//                        v                                +--- stop --- STARTING
//                      FATAL ---- start ----> STARTING
//   UNKNOWN: the stop signal could not be sent.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "config/supervisord/settings.h"

namespace tierce::supervisord {

namespace conf = config::supervisord;

// Monotonic: the system's clock may jump, no state does.
using TimePoint = std::chrono::nanoseconds;

// The numbers are those of the API.
enum class State : int {
  kStopped = 0,
  kStarting = 10,
  kRunning = 20,
  kBackoff = 30,
  kStopping = 40,
  kExited = 100,
  kFatal = 200,
  kUnknown = 1000,
};
std::string_view name_of(State state);
// Up or on the way up: what "start" refuses and "stop" accepts.
bool is_running(State state);
bool is_stopped(State state);
bool is_signallable(State state);

// What the owner is to do.
enum class Action : std::uint8_t { kNothing, kSpawn, kSendStop, kSendKill };
// What there is to tell, for the log.
enum class Note : std::uint8_t {
  kNone,
  kEnteredRunning,
  kGaveUp,
  kExitedTooQuickly,
  kExitedExpected,
  kExitedUnexpected,
  kStopped
};

struct Change {
  State from;
  State to;
  bool expected = true;  // EXITED: by its exit code.
  long tries = 0;        // STARTING and BACKOFF: starts that have failed.
};

struct Step {
  std::vector<Change> changes;
  Action action = Action::kNothing;
  Note note = Note::kNone;
};

class ProcessState {
 public:
  explicit ProcessState(const conf::ProcessSettings& rules) : rules_(&rules) {}

  State state() const { return state_; }
  long failed_starts() const { return backoff_; }

  // Not for a running one. kSpawn: to be answered with spawn_failed(), or not at all.
  Step start(TimePoint now);
  Step spawn_failed(TimePoint now);
  // exit_code: -1 for a signal.
  Step exited(TimePoint now, int exit_code);
  // kSendStop, or STOPPED at once where there is nothing to stop.
  Step stop(TimePoint now);
  // The time it was given to stop is over now.
  void hurry(TimePoint now);
  Step stop_failed();
  // What time has brought. `may_start`: the server is not about to end.
  Step tick(TimePoint now, bool may_start);
  // When tick() has something to do; max() for never.
  TimePoint deadline(bool may_start) const;
  // FATAL, or EXITED and not to be started again.
  bool has_ended() const { return state_ == State::kFatal || (state_ == State::kExited && !starts_again()); }

 private:
  void move(Step& step, State to, bool expected = true);
  void back_off(Step& step, TimePoint now);
  bool starts_again() const;

  const conf::ProcessSettings* rules_;
  State state_ = State::kStopped;
  bool ever_started_ = false;
  int exit_code_ = 0;
  long backoff_ = 0;
  TimePoint started_{};
  TimePoint due_{};
};

}  // namespace tierce::supervisord

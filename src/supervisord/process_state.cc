#include "supervisord/process_state.h"

#include <algorithm>

#include "base/check.h"

namespace tierce::supervisord {
namespace {

std::chrono::seconds seconds(long count) { return std::chrono::seconds(std::max(count, 0l)); }

}  // namespace

std::string_view name_of(State state) {
  switch (state) {
    case State::kStopped:
      return "STOPPED";
    case State::kStarting:
      return "STARTING";
    case State::kRunning:
      return "RUNNING";
    case State::kBackoff:
      return "BACKOFF";
    case State::kStopping:
      return "STOPPING";
    case State::kExited:
      return "EXITED";
    case State::kFatal:
      return "FATAL";
    case State::kUnknown:
      break;
  }
  return "UNKNOWN";
}

bool is_running(State state) {
  return state == State::kRunning || state == State::kBackoff || state == State::kStarting;
}
bool is_stopped(State state) {
  return state == State::kStopped || state == State::kExited || state == State::kFatal || state == State::kUnknown;
}
bool is_signallable(State state) {
  return state == State::kRunning || state == State::kStarting || state == State::kStopping;
}

void ProcessState::move(Step& step, State to, bool expected) {
  step.changes.push_back({state_, to, expected, backoff_});
  state_ = to;
}

void ProcessState::back_off(Step& step, TimePoint now) {
  ++backoff_;
  due_ = now + seconds(backoff_);
  move(step, State::kBackoff);
}

Step ProcessState::start(TimePoint now) {
  check(is_stopped(state_) || state_ == State::kBackoff, "only a process that is down is started");
  Step step;
  ever_started_ = true;
  started_ = now;
  due_ = now + seconds(rules_->startsecs);
  move(step, State::kStarting);
  step.action = Action::kSpawn;
  return step;
}

Step ProcessState::spawn_failed(TimePoint now) {
  check(state_ == State::kStarting, "only a start can fail");
  Step step;
  back_off(step, now);
  return step;
}

Step ProcessState::exited(TimePoint now, int exit_code) {
  Step step;
  exit_code_ = exit_code;
  const auto& codes = rules_->exitcodes;
  const bool expected = std::find(codes.begin(), codes.end(), exit_code) != codes.end();
  if (state_ == State::kStopping) {
    move(step, State::kStopped);
    step.note = Note::kStopped;
    return step;
  }
  if (state_ == State::kStarting && now - started_ < seconds(rules_->startsecs)) {
    back_off(step, now);
    step.note = Note::kExitedTooQuickly;
    return step;
  }
  backoff_ = 0;
  if (state_ == State::kStarting) move(step, State::kRunning);
  if (state_ != State::kRunning) return step;  // UNKNOWN: nothing more is known of it.
  move(step, State::kExited, expected);
  step.note = expected ? Note::kExitedExpected : Note::kExitedUnexpected;
  return step;
}

Step ProcessState::stop(TimePoint now) {
  Step step;
  if (state_ == State::kBackoff) {
    move(step, State::kStopped);
    return step;
  }
  if (state_ != State::kStarting && state_ != State::kRunning) return step;
  due_ = now + seconds(rules_->stopwaitsecs);
  move(step, State::kStopping);
  step.action = Action::kSendStop;
  return step;
}

void ProcessState::hurry(TimePoint now) {
  if (state_ == State::kStopping) due_ = std::min(due_, now);
}

Step ProcessState::stop_failed() {
  Step step;
  if (state_ == State::kStopping) move(step, State::kUnknown);
  return step;
}

bool ProcessState::starts_again() const {
  if (rules_->autorestart == conf::AutoRestart::kAlways) return true;
  if (rules_->autorestart == conf::AutoRestart::kNever) return false;
  const auto& codes = rules_->exitcodes;
  return std::find(codes.begin(), codes.end(), exit_code_) == codes.end();
}

Step ProcessState::tick(TimePoint now, bool may_start) {
  Step step;
  switch (state_) {
    case State::kStopped:
      if (may_start && !ever_started_ && rules_->autostart) return start(now);
      return step;
    case State::kExited:
      if (may_start && starts_again()) return start(now);
      return step;
    case State::kBackoff:
      if (backoff_ > rules_->startretries) {
        backoff_ = 0;
        move(step, State::kFatal);
        step.note = Note::kGaveUp;
        return step;
      }
      if (may_start && now >= due_) return start(now);
      return step;
    case State::kStarting:
      if (now < due_) return step;
      backoff_ = 0;
      move(step, State::kRunning);
      step.note = Note::kEnteredRunning;
      return step;
    case State::kStopping:
      if (now < due_) return step;
      due_ = now + seconds(std::max(rules_->stopwaitsecs, 1l));
      step.action = Action::kSendKill;
      return step;
    default:
      return step;
  }
}

TimePoint ProcessState::deadline(bool may_start) const {
  switch (state_) {
    case State::kStopped:
      return may_start && !ever_started_ && rules_->autostart ? TimePoint::min() : TimePoint::max();
    case State::kExited:
      return may_start && starts_again() ? TimePoint::min() : TimePoint::max();
    case State::kBackoff:
      if (backoff_ > rules_->startretries) return TimePoint::min();
      return may_start ? due_ : TimePoint::max();
    case State::kStarting:
    case State::kStopping:
      return due_;
    default:
      return TimePoint::max();
  }
}

}  // namespace tierce::supervisord

#include "supervisord/process_state.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace tierce::supervisord {
namespace {

using namespace std::chrono_literals;

conf::ProcessSettings rules() {
  conf::ProcessSettings rules;
  rules.exitcodes = {0};
  return rules;
}

TEST(ProcessState, IsRunningOnlyWhenItStayedUpForStartsecs) {
  const auto given = rules();
  ProcessState process(given);
  EXPECT_EQ(process.tick(0s, true).action, Action::kSpawn);
  EXPECT_EQ(process.state(), State::kStarting);
  EXPECT_TRUE(process.tick(999ms, true).changes.empty());
  EXPECT_EQ(process.tick(1s, true).note, Note::kEnteredRunning);
  EXPECT_EQ(process.state(), State::kRunning);
}

TEST(ProcessState, GivesUpAfterStartretriesAndWaitsLongerEachTime) {
  auto given = rules();
  given.startretries = 2;
  ProcessState process(given);
  TimePoint now = 0s;
  (void)process.start(now);
  for (int failure = 1; failure <= 2; ++failure) {
    EXPECT_EQ(process.exited(now, 1).note, Note::kExitedTooQuickly);
    EXPECT_EQ(process.deadline(true), now + std::chrono::seconds(failure));
    EXPECT_TRUE(process.tick(now + 1ms, true).changes.empty());
    now = process.deadline(true);
    EXPECT_EQ(process.tick(now, true).action, Action::kSpawn);
  }
  (void)process.exited(now, 1);
  EXPECT_EQ(process.tick(now, true).note, Note::kGaveUp);
  EXPECT_EQ(process.state(), State::kFatal);
  EXPECT_EQ(process.deadline(true), TimePoint::max());
}

TEST(ProcessState, StartsAgainAfterAnExitAsAutorestartSays) {
  struct Case {
    conf::AutoRestart rule;
    int code;
    bool again;
  };
  for (const Case& c : {Case{conf::AutoRestart::kAlways, 0, true}, Case{conf::AutoRestart::kNever, 1, false},
                        Case{conf::AutoRestart::kUnexpected, 0, false}, Case{conf::AutoRestart::kUnexpected, 1, true},
                        Case{conf::AutoRestart::kUnexpected, -1, true}}) {
    auto given = rules();
    given.autorestart = c.rule;
    ProcessState process(given);
    (void)process.start(0s);
    (void)process.tick(1s, true);
    (void)process.exited(2s, c.code);
    EXPECT_EQ(process.state(), State::kExited);
    EXPECT_EQ(process.tick(2s, false).action, Action::kNothing);
    EXPECT_EQ(process.tick(2s, true).action == Action::kSpawn, c.again) << c.code;
  }
}

TEST(ProcessState, KillsWhatDoesNotStopInTime) {
  const auto given = rules();
  ProcessState process(given);
  (void)process.start(0s);
  EXPECT_EQ(process.stop(1s).action, Action::kSendStop);
  EXPECT_EQ(process.tick(10s, true).action, Action::kNothing);
  EXPECT_EQ(process.tick(11s, true).action, Action::kSendKill);
  EXPECT_EQ(process.exited(11s, -1).note, Note::kStopped);
  EXPECT_EQ(process.state(), State::kStopped);
  EXPECT_EQ(process.tick(12s, true).action, Action::kNothing) << "what was stopped stays so";
}

TEST(ProcessState, AStopInBackoffEndsTheRetries) {
  const auto given = rules();
  ProcessState process(given);
  (void)process.start(0s);
  (void)process.spawn_failed(0s);
  EXPECT_EQ(process.stop(0s).action, Action::kNothing);
  EXPECT_EQ(process.state(), State::kStopped);
}

TEST(ProcessState, AClockThatGoesBackStopsNothing) {
  const auto given = rules();
  ProcessState process(given);
  (void)process.start(100s);
  EXPECT_TRUE(process.tick(50s, true).changes.empty());
  EXPECT_EQ(process.exited(50s, 0).note, Note::kExitedTooQuickly);
  EXPECT_TRUE(process.tick(40s, true).changes.empty());
  EXPECT_EQ(process.tick(60s, true).action, Action::kSpawn);
}

TEST(ProcessState, RandomEventsTakeOnlyTheArrowsOfThePicture) {
  using enum State;
  const std::set<std::pair<State, State>> arrows = {
      {kStopped, kStarting}, {kExited, kStarting},  {kFatal, kStarting},   {kBackoff, kStarting},
      {kUnknown, kStarting}, {kStarting, kRunning}, {kStarting, kBackoff}, {kStarting, kStopping},
      {kRunning, kStopping}, {kRunning, kExited},   {kBackoff, kFatal},    {kBackoff, kStopped},
      {kStopping, kStopped}, {kStopping, kUnknown}};
  std::mt19937 random(5);  // NOLINT(bugprone-random-generator-seed): the same sequence every time
  auto given = rules();
  ProcessState process(given);
  TimePoint now = 0s;
  bool alive = false;
  for (int i = 0; i < 200000; ++i) {
    now += std::chrono::milliseconds(static_cast<int>(random() % 3000) - 200);
    Step step;
    switch (random() % 6) {
      case 0:
        if (!alive && (is_stopped(process.state()) || process.state() == kBackoff)) step = process.start(now);
        break;
      case 1:
        if (alive) {
          step = process.exited(now, static_cast<int>(random() % 3) - 1);
          alive = false;
        }
        break;
      case 2:
        step = process.stop(now);
        break;
      case 3:
        if (alive && random() % 50 == 0) {
          step = process.stop_failed();
          if (process.state() == kUnknown) alive = false;
        }
        break;
      default:
        step = process.tick(now, random() % 8 != 0);
    }
    for (const Change& change : step.changes)
      ASSERT_TRUE(arrows.contains({change.from, change.to})) << name_of(change.from) << " " << name_of(change.to);
    if (step.action == Action::kSpawn) {
      alive = random() % 4 != 0;
      if (!alive) (void)process.spawn_failed(now);
    }
    ASSERT_EQ(alive, is_signallable(process.state())) << name_of(process.state());
  }
}

}  // namespace
}  // namespace tierce::supervisord

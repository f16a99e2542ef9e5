#include "supervisord/health_state.h"

#include <gtest/gtest.h>

namespace tierce::supervisord {
namespace {

using namespace std::chrono_literals;
using Verdict = HealthState::Verdict;

const conf::HealthSettings kRules{.command = "x", .interval = 10, .timeout = 5, .start = 30, .retries = 3};

TEST(HealthState, AGoodCheckMakesItReady) {
  HealthState state(kRules);
  state.begin(100s);
  EXPECT_FALSE(state.is_ready());
  EXPECT_EQ(state.due(), 100s);
  EXPECT_EQ(state.checked(101s, false), Verdict::kFailed);
  EXPECT_EQ(state.due(), 102s);
  EXPECT_EQ(state.checked(102s, true), Verdict::kBecameReady);
  EXPECT_TRUE(state.is_ready());
  EXPECT_EQ(state.due(), 112s);
  EXPECT_EQ(state.checked(112s, true), Verdict::kNothing);
}

TEST(HealthState, BadChecksInARowGiveUp) {
  HealthState state(kRules);
  state.begin(0s);
  state.checked(1s, true);
  EXPECT_EQ(state.checked(11s, false), Verdict::kFailed);
  EXPECT_EQ(state.checked(21s, false), Verdict::kFailed);
  EXPECT_EQ(state.checked(31s, true), Verdict::kNothing);
  EXPECT_EQ(state.checked(41s, false), Verdict::kFailed);
  EXPECT_EQ(state.checked(51s, false), Verdict::kFailed);
  EXPECT_TRUE(state.is_ready());
  EXPECT_EQ(state.checked(61s, false), Verdict::kGiveUp);
  EXPECT_FALSE(state.is_ready());
}

TEST(HealthState, WhatIsStillStartingIsWaitedFor) {
  HealthState state(kRules);
  state.begin(0s);
  for (auto now = 0s; now < 30s; ++now) EXPECT_EQ(state.checked(now, false), Verdict::kFailed);
  EXPECT_EQ(state.checked(30s, false), Verdict::kFailed);
  EXPECT_EQ(state.checked(31s, false), Verdict::kFailed);
  EXPECT_EQ(state.checked(32s, false), Verdict::kGiveUp);
}

}  // namespace
}  // namespace tierce::supervisord

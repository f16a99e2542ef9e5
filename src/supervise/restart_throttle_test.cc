#include "supervise/restart_throttle.h"

#include <gtest/gtest.h>

namespace tierce::supervise {
namespace {

using namespace std::chrono_literals;

TEST(RestartThrottle, QuickEndsCostMoreEachTime) {
  RestartThrottle throttle(0);
  EXPECT_EQ(throttle.delay_after(1ms), 1s);
  EXPECT_EQ(throttle.delay_after(1ms), 2s);
  EXPECT_EQ(throttle.delay_after(2500ms), 1s);  // The third, two seconds old.
}

TEST(RestartThrottle, OneThatLivedStartsTheCountAnew) {
  RestartThrottle throttle(0);
  for (int i = 0; i < 5; ++i) throttle.delay_after(1ms);
  EXPECT_EQ(throttle.delay_after(4s), 0s);
  EXPECT_EQ(throttle.delay_after(1ms), 1s);
}

TEST(RestartThrottle, HasABound) {
  RestartThrottle given(2), own(0);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_LE(given.delay_after(1ms), 2s);
    EXPECT_LE(own.delay_after(1ms), 300s);
  }
}

}  // namespace
}  // namespace tierce::supervise

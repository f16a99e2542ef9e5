#include "base/timer_wheel.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <random>
#include <vector>

namespace tierce {
namespace {

constexpr std::uint64_t kMs = 1'000'000;

struct Alarm {
  Timer timer;
  int fired = 0;
  std::uint64_t deadline = 0;
  static void fire(void* self) { ++static_cast<Alarm*>(self)->fired; }
};

TEST(TimerWheel, FiresOnceAfterTheDeadlineAndAtMostTwoTicksLate) {
  TimerWheel wheel;
  Alarm alarm;
  wheel.advance(5000 * kMs);
  wheel.arm(alarm.timer, 5100 * kMs, &alarm, Alarm::fire);
  wheel.advance(5099 * kMs);
  EXPECT_EQ(alarm.fired, 0);
  wheel.advance(5132 * kMs);
  EXPECT_EQ(alarm.fired, 1);
  wheel.advance(90000 * kMs);
  EXPECT_EQ(alarm.fired, 1);
}

TEST(TimerWheel, KeepsDeadlinesLongerThanOneTurn) {
  TimerWheel wheel;
  Alarm alarm;
  wheel.arm(alarm.timer, 200'000 * kMs, &alarm, Alarm::fire);
  for (std::uint64_t now = 0; now < 199'990; now += 30) wheel.advance(now * kMs);
  EXPECT_EQ(alarm.fired, 0);
  wheel.advance(200'040 * kMs);
  EXPECT_EQ(alarm.fired, 1);
}

TEST(TimerWheel, ForgetsWhatWasCancelledOrDestroyed) {
  TimerWheel wheel;
  Alarm kept;
  {
    Alarm gone;
    wheel.arm(gone.timer, 50 * kMs, &gone, Alarm::fire);
    wheel.arm(kept.timer, 50 * kMs, &kept, Alarm::fire);
  }
  kept.timer.cancel();
  EXPECT_EQ(wheel.wait_ms(0), -1);
  wheel.advance(1000 * kMs);
  EXPECT_EQ(kept.fired, 0);
}

TEST(TimerWheel, SaysHowLongNothingIsDue) {
  TimerWheel wheel;
  std::mt19937 random(7);
  std::vector<std::unique_ptr<Alarm>> alarms;
  std::uint64_t now = 123'456 * kMs;
  wheel.advance(now);
  for (int i = 0; i < 500; ++i) {
    alarms.push_back(std::make_unique<Alarm>());
    alarms.back()->deadline = now + random() % 100'000 * kMs;
    wheel.arm(alarms.back()->timer, alarms.back()->deadline, alarms.back().get(), Alarm::fire);
  }
  int fired = 0;
  for (int turns = 0; turns < 100'000 && fired < 500; ++turns) {
    const int wait = wheel.wait_ms(now);
    ASSERT_GE(wait, 0);
    now += static_cast<std::uint64_t>(wait) * kMs;
    wheel.advance(now);
    fired = 0;
    for (const auto& alarm : alarms) {
      fired += alarm->fired;
      ASSERT_EQ(alarm->fired, alarm->deadline + 2 * TimerWheel::kTickNs < now ? 1 : alarm->fired);
      if (alarm->fired) {
        ASSERT_LE(alarm->deadline, now);
      }
    }
  }
  EXPECT_EQ(fired, 500);
  EXPECT_EQ(wheel.wait_ms(now), -1);
}

}  // namespace
}  // namespace tierce

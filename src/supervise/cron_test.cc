#include "supervise/cron.h"

#include <gtest/gtest.h>

namespace tierce::supervise {
namespace {

using config::CronRule;

// 2026-03-05 is a Thursday.
std::tm at(int minute, int hour = 10, int day = 5, int month = 3, int weekday = 4) {
  std::tm time{};
  time.tm_min = minute;
  time.tm_hour = hour;
  time.tm_mday = day;
  time.tm_mon = month - 1;
  time.tm_wday = weekday;
  return time;
}

TEST(CronRule, MinusOneIsEvery) {
  for (int minute = 0; minute < 60; ++minute) EXPECT_TRUE(due({}, at(minute)));
}

TEST(CronRule, ANumberIsThatNumber) {
  EXPECT_TRUE(due({.minute = 59, .hour = 2}, at(59, 2)));
  EXPECT_FALSE(due({.minute = 59, .hour = 2}, at(59, 3)));
  EXPECT_FALSE(due({.minute = 59, .hour = 2}, at(58, 2)));
  EXPECT_TRUE(due({.month = 3}, at(0)));
  EXPECT_FALSE(due({.month = 4}, at(0)));
}

TEST(CronRule, MinusNIsEveryNth) {
  for (int minute = 0; minute < 60; ++minute) EXPECT_EQ(due({.minute = -5}, at(minute)), minute % 5 == 0) << minute;
  EXPECT_TRUE(due({.hour = -2}, at(7, 22)));
  EXPECT_FALSE(due({.hour = -2}, at(7, 21)));
  EXPECT_TRUE(due({.month = -3}, at(0)));
  EXPECT_FALSE(due({.month = -2}, at(0)));
}

TEST(CronRule, DayAndWeekdayAreJoinedByOrWhenBothAreNumbers) {
  const CronRule both{.day = 5, .weekday = 1};
  EXPECT_TRUE(due(both, at(0, 0, 5, 3, 4)));
  EXPECT_TRUE(due(both, at(0, 0, 9, 3, 1)));
  EXPECT_FALSE(due(both, at(0, 0, 10, 3, 2)));
  EXPECT_FALSE(due({.day = -2, .weekday = 4}, at(0, 0, 5, 3, 4)));
}

TEST(CronRule, SundayIsZeroAndSeven) {
  EXPECT_TRUE(due({.weekday = 0}, at(0, 0, 8, 3, 0)));
  EXPECT_TRUE(due({.weekday = 7}, at(0, 0, 8, 3, 0)));
  EXPECT_FALSE(due({.weekday = 7}, at(0)));
}

TEST(CronJobs, LookAgainAtTheNextMinute) {
  using namespace std::chrono_literals;
  EXPECT_EQ(CronJobs().next_deadline(0, 5s), TimePoint::max());
  CronJobs jobs(std::vector<config::CronSettings>{{.rule = {}, .command = "true"}});
  EXPECT_EQ(jobs.next_deadline(1000, 5s), TimePoint::max());
  jobs.begin();
  EXPECT_EQ(jobs.next_deadline(1000, 5s), TimePoint(5s));  // Not looked at all yet: now.
}

}  // namespace
}  // namespace tierce::supervise

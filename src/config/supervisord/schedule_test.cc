#include "config/supervisord/schedule.h"

#include <gtest/gtest.h>

namespace tierce::config::supervisord {
namespace {

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

bool due(const char* text, const std::tm& when) { return is_due(parse_schedule(text).value(), when); }

TEST(Schedule, StarsFitAlways) {
  for (int minute = 0; minute < 60; ++minute) EXPECT_TRUE(due("* * * * *", at(minute)));
}

TEST(Schedule, NumbersListsRangesAndStepsFitWhatTheyName) {
  EXPECT_TRUE(due("59 2 * * *", at(59, 2)));
  EXPECT_FALSE(due("59 2 * * *", at(59, 3)));
  EXPECT_TRUE(due("0,15,30 * * * *", at(15)));
  EXPECT_FALSE(due("0,15,30 * * * *", at(45)));
  for (int minute = 0; minute < 60; ++minute) {
    EXPECT_EQ(due("*/5 * * * *", at(minute)), minute % 5 == 0) << minute;
    EXPECT_EQ(due("10-20/3 * * * *", at(minute)), minute >= 10 && minute <= 20 && (minute - 10) % 3 == 0) << minute;
    EXPECT_EQ(due("50/4 * * * *", at(minute)), minute == 50 || minute == 54 || minute == 58) << minute;
  }
}

TEST(Schedule, NamesAreTakenInAnyCase) {
  EXPECT_TRUE(due("* * * MAR Thu", at(0)));
  EXPECT_FALSE(due("* * * apr thu", at(0)));
  EXPECT_TRUE(due("* * * * mon-fri", at(0)));
  EXPECT_FALSE(due("* * * * mon-fri", at(0, 0, 7, 3, 6)));
}

TEST(Schedule, DayAndWeekdayAreJoinedByOrWhenBothAreRestricted) {
  EXPECT_TRUE(due("* * 5 * 1", at(0, 0, 5, 3, 4)));
  EXPECT_TRUE(due("* * 5 * 1", at(0, 0, 9, 3, 1)));
  EXPECT_FALSE(due("* * 5 * 1", at(0, 0, 10, 3, 2)));
  EXPECT_FALSE(due("* * */2 * 4", at(0, 0, 6, 3, 4)));
}

TEST(Schedule, SundayIsZeroAndSeven) {
  for (const char* text : {"* * * * 0", "* * * * 7", "* * * * 6-7"}) EXPECT_TRUE(due(text, at(0, 0, 8, 3, 0))) << text;
  EXPECT_FALSE(due("* * * * 7", at(0)));
}

TEST(Schedule, ShorthandsStandForFiveFields) {
  EXPECT_EQ(parse_schedule("@hourly").value(), parse_schedule("0 * * * *").value());
  EXPECT_EQ(parse_schedule(" @Midnight ").value(), parse_schedule("0 0 * * *").value());
}

TEST(Schedule, RefusesWhatIsNone) {
  for (const char* text : {"", "*", "* * * *", "* * * * * *", "60 * * * *", "-1 * * * *", "*/0 * * * *", "5-1 * * * *",
                           "a * * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "1- * * * *", "@often", "1/ * * * *"})
    EXPECT_FALSE(parse_schedule(text).has_value()) << text;
}

}  // namespace
}  // namespace tierce::config::supervisord

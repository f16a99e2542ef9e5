// Times of the day in crontab's language: "*/5 8-18 * * mon-fri", "@daily".
#pragma once

#include <cstdint>
#include <ctime>
#include <string_view>

#include "base/result.h"

namespace tierce::config::supervisord {

// A bit for each value that fits.
struct Schedule {
  std::uint64_t minutes = 0;
  std::uint64_t hours = 0;
  std::uint64_t days = 0;      // 1 to 31.
  std::uint64_t months = 0;    // 1 to 12.
  std::uint64_t weekdays = 0;  // Sunday is 0.
  // As in cron: where both are restricted, one of them is enough.
  bool any_day = true;
  bool any_weekday = true;
  bool operator==(const Schedule&) const = default;
};

// Five fields of numbers, names (jan, mon), lists, ranges and steps, or @hourly, @daily, @weekly, @monthly, @yearly.
Result<Schedule> parse_schedule(std::string_view text);
// In the minute of `local`, as localtime_r fills it.
bool is_due(const Schedule& schedule, const std::tm& local);

}  // namespace tierce::config::supervisord

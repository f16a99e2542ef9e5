#include "http/http_date.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace tierce::http {
namespace {

constexpr char kDays[] = "SunMonTueWedThuFriSat";
constexpr char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::time_t kLastSecondOf9999 = 253402300799;

void put_two(char* out, unsigned value) {
  out[0] = static_cast<char>('0' + value / 10);
  out[1] = static_cast<char>('0' + value % 10);
}

}  // namespace

// Not strftime: its names follow the locale, and embedding programs set one.
void format_http_date(std::time_t time, char out[kHttpDateBytes]) {
  using std::chrono::sys_days, std::chrono::sys_seconds;
  const sys_seconds instant{std::chrono::seconds(std::clamp<std::time_t>(time, 0, kLastSecondOf9999))};
  const sys_days day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(instant - day);
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));

  std::memcpy(out, "Ddd, DD Mmm YYYY HH:MM:SS GMT", kHttpDateBytes);
  std::memcpy(out, kDays + std::size_t{3} * std::chrono::weekday(day).c_encoding(), 3);
  put_two(out + 5, static_cast<unsigned>(date.day()));
  std::memcpy(out + 8, kMonths + std::size_t{3} * (static_cast<unsigned>(date.month()) - 1), 3);
  put_two(out + 12, year / 100);
  put_two(out + 14, year % 100);
  put_two(out + 17, static_cast<unsigned>(clock.hours().count()));
  put_two(out + 20, static_cast<unsigned>(clock.minutes().count()));
  put_two(out + 23, static_cast<unsigned>(clock.seconds().count()));
}

}  // namespace tierce::http

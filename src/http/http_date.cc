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

// The pieces of a date, as they are read from left to right; `sound` falls when one is not there.
struct Reader {
  std::string_view text;
  bool sound = true;

  void expect(std::string_view piece) {
    sound = sound && text.starts_with(piece);
    if (sound) text.remove_prefix(piece.size());
  }
  int number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits && sound; ++i) {
      sound = i < text.size() && text[i] >= '0' && text[i] <= '9';
      if (sound) value = value * 10 + (text[i] - '0');
    }
    if (sound) text.remove_prefix(digits);
    return value;
  }
  unsigned month() {
    const std::size_t at = std::string_view(kMonths).find(text.substr(0, 3));
    sound = sound && text.size() >= 3 && at != std::string_view::npos && at % 3 == 0;
    if (!sound) return 1;
    text.remove_prefix(3);
    return static_cast<unsigned>(at / 3 + 1);
  }
};

struct DateParts {
  int year = 1970, day = 1, hour = 0, minute = 0, second = 0;
  unsigned month = 1;
};

void read_clock(Reader& in, DateParts& parts) {
  parts.hour = in.number(2);
  in.expect(":");
  parts.minute = in.number(2);
  in.expect(":");
  parts.second = in.number(2);
}

DateParts read_asctime(Reader& in) {
  DateParts parts;
  parts.month = in.month();
  in.expect(" ");
  if (in.text.starts_with(' ')) {
    in.expect(" ");
    parts.day = in.number(1);
  } else {
    parts.day = in.number(2);
  }
  in.expect(" ");
  read_clock(in, parts);
  in.expect(" ");
  parts.year = in.number(4);
  return parts;
}

DateParts read_rfc(Reader& in) {
  DateParts parts;
  in.expect(" ");
  parts.day = in.number(2);
  const bool rfc850 = in.text.starts_with('-');
  in.expect(rfc850 ? "-" : " ");
  parts.month = in.month();
  in.expect(rfc850 ? "-" : " ");
  parts.year = in.number(rfc850 ? 2 : 4);
  if (rfc850) parts.year += parts.year < 70 ? 2000 : 1900;
  in.expect(" ");
  read_clock(in, parts);
  in.expect(" GMT");
  return parts;
}

}  // namespace

std::optional<std::time_t> parse_http_date(std::string_view text) {
  using std::chrono::hours, std::chrono::minutes, std::chrono::seconds;
  const std::size_t comma = text.find(',');
  Reader in{text.substr(comma == std::string_view::npos ? std::min<std::size_t>(4, text.size()) : comma + 1)};
  const DateParts parts = comma == std::string_view::npos ? read_asctime(in) : read_rfc(in);
  const std::chrono::year_month_day date(std::chrono::year(parts.year), std::chrono::month(parts.month),
                                         std::chrono::day(static_cast<unsigned>(parts.day)));
  if (!in.sound || !in.text.empty() || !date.ok()) return std::nullopt;
  if (parts.hour > 23 || parts.minute > 59 || parts.second > 59) return std::nullopt;
  return (std::chrono::sys_days(date).time_since_epoch() + hours(parts.hour) + minutes(parts.minute) +
          seconds(parts.second)) /
         seconds(1);
}

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

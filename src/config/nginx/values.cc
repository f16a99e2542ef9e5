#include "config/nginx/values.h"

#include <fmt/format.h>
#include <strings.h>

#include <charconv>
#include <limits>

namespace tierce::config::nginx {
namespace {

using std::string_view;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Unit {
  string_view letters;
  std::int64_t seconds;
};
// In the order in which they may follow each other.
constexpr Unit kUnits[] = {{"y", 31'536'000}, {"M", 2'592'000}, {"w", 604'800}, {"d", 86'400},
                           {"h", 3'600},      {"m", 60},        {"s", 1}};
constexpr std::size_t kWeeks = 2;  // Years and months are not for times in milliseconds.

bool is_switch(string_view text) {
  const std::string word(text);
  return ::strcasecmp(word.c_str(), "on") == 0 || ::strcasecmp(word.c_str(), "off") == 0;
}

}  // namespace

std::optional<std::int64_t> parse_number(string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || !is_digit(text.front()) || error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

std::optional<std::int64_t> parse_size(string_view text, bool giga) {
  if (text.empty()) return std::nullopt;
  int shift = 0;
  switch (text.back()) {
    case 'k':
    case 'K':
      shift = 10;
      break;
    case 'm':
    case 'M':
      shift = 20;
      break;
    case 'g':
    case 'G':
      shift = giga ? 30 : 0;
      break;
    default:
      break;
  }
  if (shift != 0) text.remove_suffix(1);
  const auto number = parse_number(text);
  if (!number || *number > kMost >> shift) return std::nullopt;
  return *number << shift;
}

std::optional<std::int64_t> parse_time(string_view text, bool milliseconds) {
  const std::int64_t second = milliseconds ? 1000 : 1;
  std::size_t next = milliseconds ? kWeeks : 0;  // The first unit that may still come; behind the last: milliseconds.
  constexpr std::size_t kMilliseconds = std::size(kUnits), kNothing = kMilliseconds + 1;
  std::int64_t total = 0, value = 0;
  bool any = false;
  const auto add = [&](std::int64_t scale) {
    if (value > (kMost - total) / scale) return false;
    total += value * scale;
    value = 0;
    return true;
  };
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at++];
    if (is_digit(c)) {
      if (value > (kMost - 9) / 10) return std::nullopt;
      value = value * 10 + (c - '0');
      any = true;
      continue;
    }
    if (c == 'm' && at < text.size() && text[at] == 's') {
      if (!milliseconds || next > kMilliseconds) return std::nullopt;
      ++at;
      next = kNothing;
      if (!add(1)) return std::nullopt;
    } else if (c == ' ') {
      if (next >= kMilliseconds) return std::nullopt;
      next = kNothing;
      if (!add(second)) return std::nullopt;
    } else {
      std::size_t unit = next;
      while (unit < std::size(kUnits) && kUnits[unit].letters.front() != c) ++unit;
      if (unit >= std::size(kUnits)) return std::nullopt;
      next = unit + 1;
      if (!add(kUnits[unit].seconds * second)) return std::nullopt;
    }
    while (at < text.size() && text[at] == ' ') ++at;
  }
  if (!any || !add(second)) return std::nullopt;
  return total;
}

Result<void> check_value(Value kind, string_view name, string_view text) {
  switch (kind) {
    case Value::kFlag:
      if (is_switch(text)) return {};
      return fail(
          Error(fmt::format("invalid value \"{}\" in \"{}\" directive, it must be \"on\" or \"off\"", text, name)));
    case Value::kNumber:
      if (parse_number(text)) return {};
      return fail(Error(fmt::format("\"{}\" directive invalid number", name)));
    case Value::kSize:
    case Value::kOffset:
      if (parse_size(text, kind == Value::kOffset)) return {};
      break;
    case Value::kSeconds:
    case Value::kMilliseconds:
      if (parse_time(text, kind == Value::kMilliseconds)) return {};
      break;
    default:
      return {};
  }
  return fail(Error(fmt::format("\"{}\" directive invalid value", name)));
}

}  // namespace tierce::config::nginx

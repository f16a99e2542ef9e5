#include "config/supervisord/schedule.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "config/supervisord/values.h"

namespace tierce::config::supervisord {
namespace {

struct Field {
  const char* name;
  int least;
  int most;
  std::string_view names;  // Three letters each; the first is `least`.
};
constexpr std::array<Field, 5> kFields = {{{"minute", 0, 59, ""},
                                           {"hour", 0, 23, ""},
                                           {"day", 1, 31, ""},
                                           {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
                                           {"weekday", 0, 7, "sunmontuewedthufrisat"}}};

struct Shorthand {
  std::string_view name;
  std::string_view fields;
};
constexpr Shorthand kShorthands[] = {{"@hourly", "0 * * * *"},  {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
                                     {"@weekly", "0 0 * * 0"},  {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
                                     {"@annually", "0 0 1 1 *"}};

std::optional<int> whole_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int> value_of(const Field& field, std::string_view text) {
  if (text.size() == 3) {
    const std::size_t at = field.names.find(text);
    if (at != std::string_view::npos && at % 3 == 0) return field.least + static_cast<int>(at / 3);
  }
  const auto number = whole_number(text);
  return number && *number >= field.least && *number <= field.most ? number : std::nullopt;
}

// "*", "7", "1-5", "*/10", "1-30/2".
std::optional<std::uint64_t> bits_of_part(const Field& field, std::string_view part) {
  int step = 1;
  const std::size_t slash = part.find('/');
  if (slash != std::string_view::npos) {
    const auto given = whole_number(part.substr(slash + 1));
    if (!given || *given < 1) return std::nullopt;
    step = *given;
    part = part.substr(0, slash);
  }
  int first = field.least, last = field.most;
  if (part != "*") {
    const std::size_t dash = part.find('-');
    const auto from = value_of(field, part.substr(0, dash));
    if (!from) return std::nullopt;
    first = *from;
    if (dash != std::string_view::npos) {
      const auto to = value_of(field, part.substr(dash + 1));
      if (!to || *to < first) return std::nullopt;
      last = *to;
    } else if (slash == std::string_view::npos) {
      last = first;
    }
  }
  std::uint64_t bits = 0;
  for (int value = first; value <= last; value += step) bits |= 1ull << value;
  return bits;
}

std::optional<std::uint64_t> bits_of(const Field& field, const std::string& text) {
  std::uint64_t bits = 0;
  for (const std::string& part : parse_list(text)) {
    const auto more = bits_of_part(field, part);
    if (!more) return std::nullopt;
    bits |= *more;
  }
  return bits != 0 ? std::optional(bits) : std::nullopt;
}

bool has(std::uint64_t bits, int value) { return (bits >> value & 1) != 0; }

}  // namespace

Result<Schedule> parse_schedule(std::string_view text) {
  std::string line = lower(trimmed(text));
  for (const Shorthand& shorthand : kShorthands) {
    if (line == shorthand.name) line = shorthand.fields;
  }
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  if (words.size() != kFields.size())
    return fail(
        Error(fmt::format("'{}': five fields are expected: minute hour day month weekday, or @daily and its "
                          "kin",
                          text)));
  std::array<std::uint64_t, kFields.size()> bits{};
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    const auto one = bits_of(kFields[i], words[i]);
    if (!one)
      return fail(Error(fmt::format("'{}': the {} '{}' is not *, a number of {} to {}, a list, range or step", text,
                                    kFields[i].name, words[i], kFields[i].least, kFields[i].most)));
    bits[i] = *one;
  }
  // Both 0 and 7 are Sunday.
  if (has(bits[4], 7)) bits[4] |= 1;
  return Schedule{
      bits[0], bits[1], bits[2], bits[3], bits[4] & 0x7f, words[2].starts_with('*'), words[4].starts_with('*')};
}

bool is_due(const Schedule& schedule, const std::tm& local) {
  if (!has(schedule.minutes, local.tm_min) || !has(schedule.hours, local.tm_hour) ||
      !has(schedule.months, local.tm_mon + 1))
    return false;
  const bool day = has(schedule.days, local.tm_mday), weekday = has(schedule.weekdays, local.tm_wday);
  return schedule.any_day || schedule.any_weekday ? day && weekday : day || weekday;
}

}  // namespace tierce::config::supervisord

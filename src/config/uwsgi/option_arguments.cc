#include "config/uwsgi/option_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "config/uwsgi/written_value.h"

namespace tierce::config::uwsgi {

std::string_view text_of(const Assignment& line) { return line.value ? std::string_view(*line.value) : ""; }

std::uint64_t number(Applying& a, const Assignment& line, std::uint64_t least, std::uint64_t most) {
  const Number read = number_of(text_of(line));
  const auto given = static_cast<std::uint64_t>(std::max<std::int64_t>(read.value, 0));
  const std::uint64_t used = std::clamp(given, least, most);
  if (!read.whole || read.value < 0 || used != given) {
    a.note(line, fmt::format("{}: '{}' is read as {}", line.name, text_of(line), used));
  }
  return used;
}

std::uint32_t small_number(Applying& a, const Assignment& line, std::uint32_t least, std::uint32_t most) {
  return static_cast<std::uint32_t>(number(a, line, least, most));
}

std::chrono::milliseconds seconds(Applying& a, const Assignment& line) {
  constexpr std::uint64_t kOneYear = 31'536'000;
  return std::chrono::seconds(number(a, line, 0, kOneYear));
}

Result<int> file_mode(const Assignment& line) {
  const std::string_view text = text_of(line);
  int mode = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size() || mode < 0 || mode > 0777)
    return fail(Error(fmt::format("'{}' is no octal mode such as 664", text)));
  return mode;
}

bool flag(Applying& a, const Assignment& line) {
  const auto read = boolean_of(text_of(line));
  if (!read) a.note(line, fmt::format("{}: '{}' is neither true nor false: read as true", line.name, text_of(line)));
  return read.value_or(true);
}

}  // namespace tierce::config::uwsgi

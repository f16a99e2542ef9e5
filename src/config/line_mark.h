// Where a line of a text comes from that was made of another one. A mark is a comment in the ini files of uWSGI and of
// supervisord, with a character that nobody types; their readers take it for the place of the line behind it, so that
// errors name the file that somebody has written.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tierce::config {

struct MarkedPlace {
  std::string_view file;
  int line = 0;  // 0: no file, `file` is a name for people.
};

inline constexpr std::string_view kLineMark = "#\x01";

inline std::string line_mark(std::string_view file, std::uint32_t line) {
  return fmt::format("{}{} {}\n", kLineMark, line, file);
}

// `line` without its end; nullopt: it is no mark.
inline std::optional<MarkedPlace> marked_place(std::string_view line) {
  if (!line.starts_with(kLineMark)) return std::nullopt;
  line.remove_prefix(kLineMark.size());
  MarkedPlace place;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), place.line);
  constexpr int kLineMax = 1'000'000'000;  // Lines behind it are counted on.
  const auto at = static_cast<std::size_t>(end - line.data());
  if (error != std::errc() || at >= line.size() || line[at] != ' ' || place.line < 0 || place.line > kLineMax)
    return std::nullopt;
  place.file = line.substr(at + 1);
  return place;
}

}  // namespace tierce::config

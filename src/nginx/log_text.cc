#include "nginx/log_text.h"

#include <algorithm>
#include <array>

#include "nginx/escape.h"

namespace tierce::nginx {
namespace {

constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t i = 0x20; i < 0x7f; ++i) plain[i] = i != '"' && i != '\\';
  return plain;
}();

// Of the line, what stands from `at` on becomes what may stand there. Mostly it is so already.
void hex_from(std::size_t at, std::string& line) {
  const auto is_plain = [](char c) { return kPlain[static_cast<unsigned char>(c)]; };
  const auto begin = line.begin() + static_cast<std::ptrdiff_t>(at);
  const auto first = std::find_if_not(begin, line.end(), is_plain);
  if (first == line.end()) return;
  constexpr char kHex[] = "0123456789ABCDEF";
  const std::string rest(first, line.end());
  line.erase(first, line.end());
  for (const char c : rest) {
    if (is_plain(c)) {
      line += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    line += "\\x";
    line += kHex[byte >> 4];
    line += kHex[byte & 15];
  }
}

}  // namespace

void append_log_value(std::optional<std::string_view> value, LogEscape escape, std::string& line) {
  switch (escape) {
    case LogEscape::kDefault:
      if (value) {
        const std::size_t at = line.size();
        line += *value;
        hex_from(at, line);
      } else {
        line += '-';
      }
      break;
    case LogEscape::kJson:
      append_json(value.value_or(""), line);
      break;
    case LogEscape::kNone:
      line += value.value_or("");
      break;
  }
}

void escape_log_value(bool found, std::size_t at, LogEscape escape, std::string& line) {
  if (escape == LogEscape::kDefault && found) return hex_from(at, line);
  if (escape == LogEscape::kNone && found) return;
  const std::string value = line.substr(at);
  line.resize(at);
  append_log_value(found ? std::optional<std::string_view>(value) : std::nullopt, escape, line);
}

}  // namespace tierce::nginx

#include "base/log_escape.h"

#include <algorithm>
#include <array>

namespace tierce {
namespace {

constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t i = 0x20; i < 0x7f; ++i) plain[i] = i != '"' && i != '\\';
  return plain;
}();

bool is_plain(char c) { return kPlain[static_cast<unsigned char>(c)]; }

}  // namespace

void escape_for_log(std::string& line, std::size_t at) {
  const auto first = std::find_if_not(line.begin() + static_cast<std::ptrdiff_t>(at), line.end(), is_plain);
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

}  // namespace tierce

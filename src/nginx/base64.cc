#include "nginx/base64.h"

namespace tierce::nginx {
namespace {

// 64: not one.
unsigned value_of(char digit) {
  if (digit >= 'A' && digit <= 'Z') return static_cast<unsigned>(digit - 'A');
  if (digit >= 'a' && digit <= 'z') return static_cast<unsigned>(digit - 'a') + 26;
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0') + 52;
  if (digit == '+') return 62;
  return digit == '/' ? 63 : 64;
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  text = text.substr(0, text.find('='));
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  unsigned bits = 0;
  int have = 0;
  for (const char digit : text) {
    const unsigned value = value_of(digit);
    if (value > 63) return std::nullopt;
    bits = bits << 6 | value;
    have += 6;
    if (have < 8) continue;
    have -= 8;
    bytes += static_cast<char>(bits >> have & 0xff);
  }
  return bytes;
}

}  // namespace tierce::nginx

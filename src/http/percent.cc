#include "http/percent.h"

#include <algorithm>
#include <cstring>

#include "http/hex_digit.h"

namespace tierce::http {
namespace {

// The byte that the escape at the start of `text` stands for, or -1.
int escaped_byte(std::string_view text) {
  if (text.size() < 3) return -1;
  const int high = hex_digit(text[1]);
  const int low = hex_digit(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

}  // namespace

std::size_t decode_path(std::string_view raw, char* out) {
  char* to = out;
  while (!raw.empty()) {
    const std::size_t plain = std::min(raw.find('%'), raw.size());
    std::memmove(to, raw.data(), plain);
    to += plain;
    raw.remove_prefix(plain);
    if (raw.empty()) break;
    const int byte = escaped_byte(raw);
    *to++ = byte < 0 ? '%' : static_cast<char>(byte);
    raw.remove_prefix(byte < 0 ? 1 : 3);
  }
  return static_cast<std::size_t>(to - out);
}

}  // namespace tierce::http

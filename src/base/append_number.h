// A number in decimal digits at the end of a text: what log lines and headers are full of, without the machinery of
// a formatting library.
#pragma once

#include <charconv>
#include <concepts>
#include <string>

namespace tierce {

template <std::integral Number>
void append_number(std::string& out, Number number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

}  // namespace tierce

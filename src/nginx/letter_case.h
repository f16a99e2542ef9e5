// Words compared as HTTP compares them: A to Z are a to z, no other byte has two forms.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace tierce::nginx {

constexpr char small_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

inline std::string in_small_letters(std::string_view text) {
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(), small_letter);
  return small;
}

constexpr bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return small_letter(x) == small_letter(y); });
}

constexpr bool starts_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && same_word(text.substr(0, word.size()), word);
}

// npos: it is not there.
constexpr std::size_t find_word(std::string_view text, std::string_view word, std::size_t from = 0) {
  for (std::size_t at = from; at + word.size() <= text.size(); ++at) {
    if (same_word(text.substr(at, word.size()), word)) return at;
  }
  return std::string_view::npos;
}

}  // namespace tierce::nginx

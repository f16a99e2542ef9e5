#include "config/nginx/text_value.h"

#include <fmt/format.h>

#include <algorithm>

namespace tierce::config::nginx {
namespace {

bool in_a_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  for (char& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return small;
}

}  // namespace

bool TextValue::constant() const {
  return std::all_of(parts.begin(), parts.end(),
                     [](const TextPart& part) { return part.kind == TextPart::Kind::kLiteral; });
}

Result<TextValue> parse_text_value(std::string_view text) {
  TextValue value{.written = std::string(text), .parts = {}};
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] != '$') {
      const std::size_t end = std::min(text.find('$', at), text.size());
      value.parts.push_back({.text = std::string(text.substr(at, end - at))});
      at = end;
      continue;
    }
    if (++at == text.size()) return fail("invalid variable name");
    if (text[at] >= '1' && text[at] <= '9') {
      value.parts.push_back({.kind = TextPart::Kind::kCapture, .capture = text[at] - '0'});
      ++at;
      continue;
    }
    const bool braces = text[at] == '{';
    if (braces) ++at;
    const std::size_t begin = at;
    while (at < text.size() && in_a_name(text[at])) ++at;
    const std::string_view name = text.substr(begin, at - begin);
    if (braces && begin == text.size()) return fail("invalid variable name");
    if (braces && (at == text.size() || text[at] != '}'))
      return fail(Error(fmt::format("the closing bracket in \"{}\" variable is missing", name)));
    if (braces) ++at;
    if (name.empty()) return fail("invalid variable name");
    value.parts.push_back({.kind = TextPart::Kind::kVariable, .text = in_small_letters(name)});
  }
  return value;
}

}  // namespace tierce::config::nginx

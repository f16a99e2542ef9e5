#include "config/nginx/location_pattern.h"

#include <fmt/format.h>

namespace tierce::config::nginx {
namespace {

using std::string_view;
using Kind = LocationPattern::Kind;

Result<LocationPattern> by_expression(string_view text, Regex::Case letters) {
  auto expression = compile_expression(text, letters);
  if (!expression) return fail(std::move(expression).error());
  return LocationPattern{.kind = Kind::kRegex, .text = std::string(text), .expression = std::move(*expression)};
}

LocationPattern plain(Kind kind, string_view text) {
  return {.kind = kind, .text = std::string(text), .expression = {}};
}

}  // namespace

Result<LocationPattern> parse_location(const std::vector<std::string>& words) {
  string_view text = words.back();
  if (words.size() == 2) {
    const string_view modifier = words.front();
    if (modifier == "=") return plain(Kind::kExact, text);
    if (modifier == "^~") return plain(Kind::kPrefixNoRegex, text);
    if (modifier == "~") return by_expression(text, Regex::Case::kMatters);
    if (modifier == "~*") return by_expression(text, Regex::Case::kIgnored);
    return fail(Error(fmt::format("invalid location modifier \"{}\"", modifier)));
  }
  // The modifier may stand before the text without a blank.
  if (text.starts_with('=')) return plain(Kind::kExact, text.substr(1));
  if (text.starts_with("^~")) return plain(Kind::kPrefixNoRegex, text.substr(2));
  if (text.starts_with("~*")) return by_expression(text.substr(2), Regex::Case::kIgnored);
  if (text.starts_with('~')) return by_expression(text.substr(1), Regex::Case::kMatters);
  return plain(text.starts_with('@') ? Kind::kNamed : Kind::kPrefix, text);
}

Result<void> may_stand_in(const LocationPattern& outer, const LocationPattern& inner) {
  const auto refused = [&](string_view how) {
    return fail(Error(fmt::format("location \"{}\" {} location \"{}\"", inner.text, how, outer.text)));
  };
  if (outer.kind == Kind::kExact) return refused("cannot be inside the exact");
  if (outer.kind == Kind::kNamed) return refused("cannot be inside the named");
  if (inner.kind == Kind::kNamed)
    return fail(Error(fmt::format("named location \"{}\" can be on the server level only", inner.text)));
  // Also when the outer one is an expression: nginx compares with its text.
  if (inner.kind != Kind::kRegex && !inner.text.starts_with(outer.text)) return refused("is outside");
  return {};
}

}  // namespace tierce::config::nginx

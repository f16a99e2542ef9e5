#include "config/uwsgi/written_value.h"

#include <charconv>
#include <string>

namespace tierce::config::uwsgi {
namespace {

using std::string_view;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }
bool is_mark(char c) { return c == '#' || c == ';'; }

}  // namespace

string_view trimmed(string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

string_view without_comment(string_view value) {
  // A mark at the very start needs a blank behind it: "#fff" is a value.
  if (value.size() > 1 && is_mark(value[0]) && is_blank(value[1])) return {};
  char quote = 0;
  for (std::size_t at = 0; at < value.size(); ++at) {
    const char c = value[at];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if ((c == '"' || c == '\'') && value.find(c, at + 1) != string_view::npos) {
      quote = c;
    } else if (at > 0 && is_mark(c) && is_blank(value[at - 1])) {
      return trimmed(value.substr(0, at));
    }
  }
  return value;
}

bool is_quoted(string_view value) {
  return value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front();
}

std::optional<bool> boolean_of(string_view value) {
  std::string lower(value);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (lower.empty() || lower == "true" || lower == "yes" || lower == "on") return true;
  if (lower == "false" || lower == "no" || lower == "off") return false;
  const Number number = number_of(lower);
  if (number.whole) return number.value != 0;
  return std::nullopt;
}

Number number_of(string_view value) {
  Number number;
  const char* end = value.data() + value.size();
  const auto [stopped, error] = std::from_chars(value.data() + (value.starts_with('+') ? 1 : 0), end, number.value);
  number.whole = error == std::errc() && stopped == end;
  return number;
}

}  // namespace tierce::config::uwsgi

// A value as its writer meant it: blanks around it and a comment behind it are not part of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tierce::config::uwsgi {

std::string_view trimmed(std::string_view text);

// The value without " # ..." or " ; ..."; a mark inside quotes or without a blank before it stays.
std::string_view without_comment(std::string_view value);

// "quoted" or 'quoted' as a whole. uWSGI keeps the quotes.
bool is_quoted(std::string_view value);

// true/yes/on/1 and their opposites in any case, numbers; "" is what a key alone means: true.
std::optional<bool> boolean_of(std::string_view value);

// The digits at the start, as uWSGI reads numbers, and whether anything follows them.
struct Number {
  std::int64_t value = 0;
  bool whole = false;  // Nothing but digits (and a sign).
};
Number number_of(std::string_view value);

}  // namespace tierce::config::uwsgi

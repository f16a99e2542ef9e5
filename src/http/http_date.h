// The one date format HTTP writes (RFC 9110 5.6.7), "Sun, 06 Nov 1994 08:49:37 GMT", and the three it reads.
#pragma once

#include <cstddef>
#include <ctime>
#include <optional>
#include <string_view>

namespace tierce::http {

inline constexpr std::size_t kHttpDateBytes = 29;

// Writes exactly kHttpDateBytes, without a NUL. The format has four digits for the year: times before
// 1970 or after 9999 (a file can claim either) are written as the nearest it has.
void format_http_date(std::time_t time, char out[kHttpDateBytes]);

// That format, RFC 850's "Sunday, 06-Nov-94 08:49:37 GMT" or asctime's "Sun Nov  6 08:49:37 1994".
std::optional<std::time_t> parse_http_date(std::string_view text);

}  // namespace tierce::http

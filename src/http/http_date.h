// The one date format HTTP writes (RFC 9110 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".
#pragma once

#include <cstddef>
#include <ctime>

namespace tierce::http {

inline constexpr std::size_t kHttpDateBytes = 29;

// Writes exactly kHttpDateBytes, without a NUL. The format has four digits for the year: times before
// 1970 or after 9999 (a file can claim either) are written as the nearest it has.
void format_http_date(std::time_t time, char out[kHttpDateBytes]);

}  // namespace tierce::http

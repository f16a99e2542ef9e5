// Texts that the configuration makes of a request, $uri above all, become lines of heads. What would end such a line
// there, and begin another that nobody has written, is escaped as in a URI.
#pragma once

#include <string>
#include <string_view>

namespace tierce::nginx {

inline bool is_one_line(std::string_view text) { return text.find_first_of({"\r\n\0", 3}) == std::string_view::npos; }
// CR, LF and NUL as %0D, %0A and %00.
std::string one_line(std::string_view text);

}  // namespace tierce::nginx

// What a client says, in a line of a log: it can put neither a quote nor a line end nor a terminal sequence there.
#pragma once

#include <cstddef>
#include <string>

namespace tierce {

// Of `line`, what stands from `at` on becomes what may stand there: a quote, a backslash and everything that is not
// printable ASCII as \xHH, in capitals, as nginx writes it. Mostly it is so already, and nothing is copied.
void escape_for_log(std::string& line, std::size_t at);

}  // namespace tierce

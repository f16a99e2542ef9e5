// tierce nginx --choose: says which server and location would answer, without serving. For the tests that compare the
// choice with nginx's.
#pragma once

#include <string>

namespace tierce::cli {

// Each line of standard input is "LISTEN-ADDRESS HOST TARGET", HOST "-" for none; for each a line of output: the
// status and the text that the location returns, or "pass" for one that hands requests on. 1 when the configuration
// cannot be read.
int choose_for_each_line(const std::string& path);

}  // namespace tierce::cli

// tierce run: gunicorn's flags, edge and app in one.
#pragma once

#include <string>
#include <vector>

namespace tierce::cli {

// Exit codes: 0 after a stop, 1 cannot start, 2 wrong command line, 3 the application cannot be imported.
int run_command(const std::vector<std::string>& arguments);

}  // namespace tierce::cli

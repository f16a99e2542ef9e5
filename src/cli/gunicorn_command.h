// tierce gunicorn: Gunicorn's command line and configuration file.
#pragma once

#include <string>
#include <vector>

namespace tierce::cli {

// Exit codes are Gunicorn's: 0 after a stop, 1 cannot start or wrong configuration, 2 wrong command line,
// 3 the application cannot be imported.
int gunicorn_command(std::vector<std::string> arguments);

}  // namespace tierce::cli

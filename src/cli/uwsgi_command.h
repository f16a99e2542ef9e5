// tierce uwsgi: uWSGI's files, command line and environment.
#pragma once

#include <string>
#include <vector>

namespace tierce::cli {

// Exit codes as run_command(); 1 for a configuration that cannot be read, as uWSGI.
int uwsgi_command(const std::vector<std::string>& arguments);

}  // namespace tierce::cli

// tierce uwsgi: uWSGI's files, command line and environment.
#pragma once

#include <string>
#include <vector>

namespace tierce::cli {

// Exit codes as run_command(); 1 for a configuration that cannot be read, as uWSGI.
// In the environment under `tierce up` with one file (config/chain/one_file.h): where sockets of applications are.
inline constexpr const char* kRunDirectory = "TIERCE_RUN_DIRECTORY";

int uwsgi_command(const std::vector<std::string>& arguments);

}  // namespace tierce::cli

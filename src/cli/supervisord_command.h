// tierce supervisord: supervisord's command line and file.
#pragma once

#include <string>
#include <vector>

namespace tierce::cli {

// 0 after a shutdown, 2 for what keeps it from starting, as supervisord.
int supervisord_command(const std::vector<std::string>& arguments);

}  // namespace tierce::cli

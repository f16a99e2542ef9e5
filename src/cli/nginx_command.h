// tierce nginx: nginx's command line and nginx.conf.
#pragma once

#include <string>
#include <vector>

namespace tierce::cli {

// 0, or 1 as nginx has it: a wrong command line, a configuration that cannot be read.
int nginx_command(const std::vector<std::string>& arguments);

}  // namespace tierce::cli

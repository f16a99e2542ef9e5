// tierce ctl: supervisorctl's commands, against our supervisord or the original.
#pragma once

#include <string>
#include <vector>

namespace tierce::cli {

// supervisorctl's exit codes: 0; 1 for an error; 3 when "status" shows what is not running, 4 for unknown names.
int ctl_command(const std::vector<std::string>& arguments);

}  // namespace tierce::cli

// tierce init: a first configuration for the project in a folder.
#pragma once

#include <string>
#include <vector>

namespace tierce::cli {

// 0 when the file was written, 1 when there is one already, or no application, or it cannot be written, 2 for a wrong
// command line.
int init_command(const std::vector<std::string>& arguments);

}  // namespace tierce::cli

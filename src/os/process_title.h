// What ps shows as the command line of this process.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tierce::os {

// Written over the arguments the process was started with and, where it is longer, over the environment's first
// home; the environment moves away before. Cut to what there is room for. Nothing happens where /proc is not there.
// Not while other threads use the environment.
void set_process_title(std::string_view title);

// The words this process would have to be started with to be what it is, the program first: those it was started with,
// unless it became something else without an exec. Empty where /proc is not there.
std::vector<std::string> command_line();
void set_command_line(std::vector<std::string> words);

}  // namespace tierce::os

// What ps shows as the command line of this process.
#pragma once

#include <string_view>

namespace tierce::os {

// Written over the arguments the process was started with and, where it is longer, over the environment's first
// home; the environment moves away before. Cut to what there is room for. Nothing happens where /proc is not there.
// Not while other threads use the environment.
void set_process_title(std::string_view title);

}  // namespace tierce::os

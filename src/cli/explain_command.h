// tierce explain FILE...: every value that holds, where it comes from, and what is passed through shared memory.
#pragma once

#include <string>
#include <vector>

namespace tierce::cli {

// `arguments` as behind "explain". Returns 0, 1 when a file has errors (they are said), 2 when it was called wrongly.
int explain_command(const std::vector<std::string>& arguments);

}  // namespace tierce::cli

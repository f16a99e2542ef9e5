// tierce check FILE...: what is wrong, with file, line and a suggestion.
#pragma once

#include <string>
#include <vector>

namespace tierce::cli {

// `arguments` as behind "check". Returns 0 when nothing is wrong, 1 for errors (with --strict for warnings too), 2 when
// it was called wrongly.
int check_command(const std::vector<std::string>& arguments);

}  // namespace tierce::cli

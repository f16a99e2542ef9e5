// The name of a file without links and dots, absolute; as it came where there is no such file.
#pragma once

#include <string>

namespace tierce::os {

std::string real_path(const std::string& path);

}  // namespace tierce::os

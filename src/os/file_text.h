// All bytes of a file. (A stream of the standard library throws when it is told to read a directory.)
#pragma once

#include <string>

#include "base/result.h"

namespace tierce::os {

// Fails with the number of the error: EISDIR for a directory.
Result<std::string, int> read_file(const std::string& path);

}  // namespace tierce::os

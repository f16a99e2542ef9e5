#include "os/real_path.h"

#include <climits>
#include <cstdlib>

namespace tierce::os {

std::string real_path(const std::string& path) {
  char resolved[PATH_MAX];
  return ::realpath(path.c_str(), resolved) != nullptr ? std::string(resolved) : path;
}

}  // namespace tierce::os

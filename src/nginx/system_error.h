// What a system call failed with, as nginx says it: "bind() to 0.0.0.0:80 failed (98: Address already in use)".
#pragma once

#include <string_view>

#include "base/result.h"

namespace tierce::nginx {

// `what` ends with "failed". Of errno as it is now.
Error system_error(std::string_view what);

}  // namespace tierce::nginx

// Mode and owner of a unix socket.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace tierce::supervisord {

// owner: "user", "user:group" or "" for ours.
Result<void> give_socket(const std::string& path, mode_t mode, const std::string& owner);

}  // namespace tierce::supervisord

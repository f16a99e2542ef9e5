// A text in anonymous memory behind a descriptor (memfd), for another process: nothing of it touches a disk.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "os/unique_fd.h"

namespace tierce::os {

Result<UniqueFd> share_text(std::string_view text);
// All that the descriptor has, from its beginning; what cannot be read is missing at the end.
std::string contents_of(int fd);

}  // namespace tierce::os

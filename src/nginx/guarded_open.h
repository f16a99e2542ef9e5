// Opens files where disable_symlinks forbids symbolic links on the way to them.
#pragma once

#include <string>

#include "nginx/request.h"
#include "os/unique_fd.h"

namespace tierce::nginx {

// disable_symlinks forbids nothing here.
bool follows_links(const Request& request);

// Opens `path` for reading. Fails with errno as open() does; with ELOOP at a link that must not be followed, and
// `call` is then the name of the system call for the log.
os::UniqueFd open_for(Request& request, const std::string& path, const char** call);

}  // namespace tierce::nginx

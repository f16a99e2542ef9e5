// Files that root opens in directories of others: the log of a server whose workers are somebody else's.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "os/unique_fd.h"

namespace tierce::os {

// open(2), but root follows a link in the place of the file only when it is root's, such as /var/log/nginx/access.log
// -> /dev/stdout in an image: whoever owns the directory could name any file of the machine by one. O_CLOEXEC is added.
// When it fails, errno is what the system said, 0 for such a link.
Result<UniqueFd> open_trusted(const std::string& path, int flags, mode_t mode = 0644);
// A log, to be appended to.
Result<UniqueFd> open_log_file(const std::string& path);
// The same for one that is there, to be changed itself: no descriptor when there is none, and for devices, pipes and
// files with several names, which may be the work of the directory's owner.
Result<UniqueFd> open_own_file(const std::string& path);

}  // namespace tierce::os

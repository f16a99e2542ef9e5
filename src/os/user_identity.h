// Who a process is to run as: names looked up before the fork, the change made after it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace tierce::os {

struct Identity {
  bool change = false;
  uid_t uid = 0;
  gid_t gid = 0;
  std::string user;  // For the supplementary groups; "" when given by number without an entry.
  std::vector<gid_t> more_groups;
};

// Names or numbers; empty strings leave that part as it is.
Result<Identity> find_identity(const std::string& user, const std::string& group);
// Adds further groups, by name or number.
Result<void> add_groups(const std::vector<std::string>& groups, Identity& identity);
// Groups, then gid, then uid, and a look that there is no way back.
Result<void> become(const Identity& identity);

// Makes the file where there is none, and the user its owner when it is root's. Devices, pipes, links and
// files with several names are left alone: their names may be the work of the user who is given the file.
Result<void> give_file(const std::string& path, const Identity& identity);
// The same for what cannot be opened: a unix socket.
Result<void> give_path(const std::string& path, const Identity& identity);

}  // namespace tierce::os

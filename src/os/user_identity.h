// Who a process is to run as: names looked up before the fork, the change made after it.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace tierce::os {

struct Identity {
  bool change = false;
  uid_t uid = 0;
  gid_t gid = 0;
  std::string user;  // For the supplementary groups; "" when given by number without an entry.
};

// Names or numbers; empty strings leave that part as it is.
Result<Identity> find_identity(const std::string& user, const std::string& group);
// Groups, then gid, then uid, and a look that there is no way back.
Result<void> become(const Identity& identity);

}  // namespace tierce::os

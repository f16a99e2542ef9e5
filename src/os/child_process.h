// Starting a command of the user's as a process group of its own.
#pragma once

#include <string>

#include "base/result.h"
#include "os/user_identity.h"

namespace tierce::os {

struct ChildPlan {
  std::string command;  // For /bin/sh -c.
  Identity identity;
  std::string chdir;
  bool keeps_stdin = false;       // Else /dev/null.
  int output = -1;                // Becomes standard output and error; -1: ours.
  int keeper = -1;                // GroupKeeper::fd() of who ends the group when we are killed; -1: it outlives us.
  std::string detached_pid_file;  // Given: it is detached and its number written here; who we start ends at once.
};

// The child's number, which is its session's and its group's too.
Result<pid_t> start_child(const ChildPlan& plan);

}  // namespace tierce::os

// A process of ours whose only task is to outlive us: when we are gone, even by SIGKILL, it kills the process
// groups that were announced to it and ends. PR_SET_PDEATHSIG reaches direct children alone, and a shell's
// commands are none.
#pragma once

#include <sys/types.h>

#include "base/result.h"
#include "os/unique_fd.h"

namespace tierce::os {

class GroupKeeper {
 public:
  static Result<GroupKeeper> start();
  GroupKeeper() = default;

  // Close-on-exec; whoever holds it keeps the keeper waiting.
  int fd() const { return line_.get(); }
  // By the group's first process, before it runs foreign code.
  static void announce(int fd, pid_t group);
  // The group is empty: its number may be given to somebody else.
  void forget(pid_t group) const;
  // In a forked child that is to have nothing to do with it.
  void close() { line_ = UniqueFd(); }
  pid_t pid() const { return pid_; }

 private:
  UniqueFd line_;
  pid_t pid_ = 0;
};

}  // namespace tierce::os

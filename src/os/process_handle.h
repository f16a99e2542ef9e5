// A process whose number somebody has told us. The kernel's handle (pidfd) is opened first and looked at then: what is
// signalled is what was looked at, also when the number has become another process's meanwhile.
#pragma once

#include <sys/types.h>

#include <optional>

#include "os/unique_fd.h"
#include "os/user_identity.h"

namespace tierce::os {

struct ProcessFacts {
  pid_t parent = 0;
  uid_t user = 0;  // The real one, which decides who may send signals.
};

// /proc is there and counts processes as we do: in a jail it may be missing, in a namespace it may be the outer one.
bool proc_is_ours();

class ProcessHandle {
 public:
  // Of no process: every signal goes nowhere.
  ProcessHandle() = default;
  // Empty when there is no such process. Where the kernel has no handles to give, the number stands for it.
  static ProcessHandle open(pid_t pid);

  explicit operator bool() const { return pid_ > 0; }
  // Nothing when it has ended, or when proc_is_ours() is not so.
  std::optional<ProcessFacts> facts() const;
  // Ended and not reaped yet counts as there.
  bool there() const;
  // Signals are sent as this user from now on, so that they reach nobody whom the user could not have reached.
  void reach_only_as(const Identity& user) { sender_ = user; }
  void signal(int number) const;

 private:
  int send(int number) const;

  pid_t pid_ = 0;
  UniqueFd fd_;
  Identity sender_;
};

}  // namespace tierce::os

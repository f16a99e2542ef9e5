#include "os/group_keeper.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstdint>
#include <set>

namespace tierce::os {
namespace {

struct Message {
  std::int32_t group;
  std::int32_t lives;
};

void tell(int fd, pid_t group, bool lives) {
  const Message message{group, lives ? 1 : 0};
  [[maybe_unused]] const ssize_t wrote = ::write(fd, &message, sizeof message);
}

[[noreturn]] void keep(int fd) {
  ::prctl(PR_SET_NAME, "tierce-keeper");
  ::setsid();
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  // A descriptor of the supervisor held here would keep its peers waiting for its end.
  ::dup2(fd, 0);
  ::close_range(1, ~0u, 0);
  std::set<pid_t> groups;
  Message message;
  ssize_t got = 0;
  while ((got = ::read(0, &message, sizeof message)) != 0) {
    if (got != sizeof message) {
      if (got < 0 && errno == EINTR) continue;
      break;
    }
    if (message.lives != 0) {
      groups.insert(message.group);
    } else {
      groups.erase(message.group);
    }
  }
  for (const pid_t group : groups) ::kill(-group, SIGKILL);
  ::_exit(0);
}

}  // namespace

Result<GroupKeeper> GroupKeeper::start() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(errno_error("pipe2"));
  UniqueFd ours(ends[1]), theirs(ends[0]);
  GroupKeeper keeper;
  keeper.pid_ = ::fork();
  if (keeper.pid_ < 0) return fail(errno_error("fork"));
  if (keeper.pid_ == 0) keep(theirs.get());
  keeper.line_ = std::move(ours);
  return keeper;
}

void GroupKeeper::announce(int fd, pid_t group) { tell(fd, group, true); }

void GroupKeeper::forget(pid_t group) const {
  if (line_) tell(line_.get(), group, false);
}

}  // namespace tierce::os

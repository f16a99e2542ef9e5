#include "os/daemon.h"

#include <fcntl.h>
#include <unistd.h>

#include "os/unique_fd.h"

namespace tierce::os {
namespace {

// The caller's process ends without the destructors of what goes on in the child.
Result<void> go_on_in_a_child() {
  const pid_t pid = ::fork();
  if (pid < 0) return fail(errno_error("fork"));
  if (pid > 0) ::_exit(0);
  return {};
}

}  // namespace

Result<void> daemonize(DaemonStdio stdio) {
  if (auto done = go_on_in_a_child(); !done) return done;
  if (::setsid() < 0) return fail(errno_error("setsid"));
  // A session's leader could get a terminal again.
  if (auto done = go_on_in_a_child(); !done) return done;
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return fail(errno_error("/dev/null"));
  ::dup2(null.get(), 0);
  if (stdio == DaemonStdio::kKept) return {};
  ::dup2(null.get(), 1);
  ::dup2(null.get(), 2);
  return {};
}

}  // namespace tierce::os

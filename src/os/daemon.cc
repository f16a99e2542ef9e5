#include "os/daemon.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

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

Result<void> forget_stdio(DaemonStdio stdio) {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return fail(errno_error("/dev/null"));
  ::dup2(null.get(), 0);
  if (stdio == DaemonStdio::kKept) return {};
  ::dup2(null.get(), 1);
  ::dup2(null.get(), 2);
  return {};
}

}  // namespace

Result<int> daemonize_when_ready() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(errno_error("pipe2"));
  const pid_t pid = ::fork();
  if (pid < 0) return fail(errno_error("fork"));
  if (pid > 0) {
    ::close(ends[1]);
    char byte = 0;
    ssize_t got = 0;
    do {
      got = ::read(ends[0], &byte, 1);
    } while (got < 0 && errno == EINTR);
    if (got == 1) ::_exit(0);
    int status = 0;
    ::waitpid(pid, &status, 0);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
  }
  ::close(ends[0]);
  if (::setsid() < 0) return fail(errno_error("setsid"));
  if (auto done = forget_stdio(DaemonStdio::kToNull); !done) return fail(std::move(done).error());
  return ends[1];
}

Result<void> daemonize(DaemonStdio stdio) {
  if (auto done = go_on_in_a_child(); !done) return done;
  if (::setsid() < 0) return fail(errno_error("setsid"));
  // A session's leader could get a terminal again.
  if (auto done = go_on_in_a_child(); !done) return done;
  return forget_stdio(stdio);
}

}  // namespace tierce::os

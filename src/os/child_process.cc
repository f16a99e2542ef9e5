#include "os/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "os/group_keeper.h"
#include "os/trusted_open.h"
#include "os/unique_fd.h"

namespace tierce::os {
namespace {

[[noreturn]] void give_up(const ChildPlan& plan, const std::string& why) {
  ::dprintf(2, "tierce: starting \"%s\": %s\n", plan.command.c_str(), why.c_str());
  ::_exit(127);
}

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) {
    if (number != SIGKILL && number != SIGSTOP) ::signal(number, SIG_DFL);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void set_stdio(const ChildPlan& plan) {
  if (!plan.keeps_stdin) {
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null >= 0) ::dup2(null, 0);
  }
  if (plan.output < 0) return;
  for (const int fd : {1, 2}) {
    if (plan.output != fd) ::dup2(plan.output, fd);
  }
}

void detach(const ChildPlan& plan) {
  const pid_t pid = ::fork();
  if (pid < 0) give_up(plan, errno_error("fork").text());
  if (pid > 0) ::_exit(0);
  ::setsid();
}

void write_own_number(const ChildPlan& plan) {
  const auto file = open_trusted(plan.detached_pid_file, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file) give_up(plan, file.error().text());
  const std::string text = fmt::format("{}\n", ::getpid());
  if (::write(file->get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    give_up(plan, errno_error("writing " + plan.detached_pid_file).text());
}

[[noreturn]] void become_command(const ChildPlan& plan, pid_t parent) {
  reset_signals();
  ::setsid();
  // Before anything of the user's runs: whatever comes of it is found by its group.
  if (plan.keeper >= 0) GroupKeeper::announce(plan.keeper, ::getpid());
  if (!plan.detached_pid_file.empty()) detach(plan);
  set_stdio(plan);
  if (auto done = become(plan.identity); !done) give_up(plan, done.error().text());
  if (!plan.chdir.empty() && ::chdir(plan.chdir.c_str()) != 0) give_up(plan, errno_error("chdir " + plan.chdir).text());
  if (!plan.detached_pid_file.empty()) write_own_number(plan);
  if (plan.keeper >= 0) {
    // After the change of the user, which clears it.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
  }
  ::execl("/bin/sh", "sh", "-c", plan.command.c_str(), nullptr);
  give_up(plan, errno_error("/bin/sh").text());
}

}  // namespace

Result<pid_t> start_child(const ChildPlan& plan) {
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return fail(errno_error("fork"));
  if (pid == 0) become_command(plan, parent);
  return pid;
}

}  // namespace tierce::os

#include "supervisord/spawn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "config/supervisord/words.h"
#include "os/group_keeper.h"

namespace tierce::supervisord {
namespace {

Result<Executable, CommandError> not_executable(std::string text) {
  return fail(CommandError{CommandProblem::kNotExecutable, std::move(text)});
}

bool there(const std::string& path, struct stat& info) { return ::stat(path.c_str(), &info) == 0; }

std::string search_path(const std::string& name, const std::string& search) {
  struct stat info {};
  for (std::size_t at = 0; at <= search.size();) {
    const std::size_t end = std::min(search.find(':', at), search.size());
    const std::string folder = search.substr(at, end - at);
    std::string path = folder.empty() ? name : folder + "/" + name;
    if (there(path, info)) return path;
    at = end + 1;
  }
  return name;
}

void say(const std::string& text) { [[maybe_unused]] const ssize_t wrote = ::write(2, text.data(), text.size()); }

[[noreturn]] void give_up() {
  say("supervisor: child process was not spawned\n");
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

void become_user(const SpawnPlan& plan) {
  if (plan.user.empty()) return;
  auto identity = os::find_identity(plan.user, "");
  auto done = identity ? os::become(*identity) : Result<void>(fail(Error(identity.error().text())));
  if (done) return;
  say(fmt::format("supervisor: couldn't setuid to {}: {}\n", plan.user, done.error().text()));
  give_up();
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));  // NOLINT: execve's type
  out.push_back(nullptr);
  return out;
}

[[noreturn]] void become_program(const SpawnPlan& plan) {
  // A group of its own: a Ctrl-C at our terminal is for us alone.
  ::setpgid(0, 0);
  if (plan.keeper >= 0) os::GroupKeeper::announce(plan.keeper, ::getpid());
  // As whoever we are: the group may not be the program's user's.
  if (plan.cgroup_door >= 0) [[maybe_unused]]
    const ssize_t moved = ::write(plan.cgroup_door, "0", 1);
  reset_signals();
  // First out of the way of 0, 1 and 2.
  const int input = ::fcntl(plan.input, F_DUPFD, 3);
  const int output = ::fcntl(plan.output, F_DUPFD, 3);
  const int errors = ::fcntl(plan.errors, F_DUPFD, 3);
  const int chain = plan.chain >= 0 ? ::fcntl(plan.chain, F_DUPFD, kChainFd + 1) : -1;
  ::dup2(input, 0);
  ::dup2(output, 1);
  ::dup2(errors, 2);
  if (chain >= 0) ::dup2(chain, kChainFd);
  ::close_range(chain >= 0 ? kChainFd + 1 : kChainFd, ~0u, 0);
  become_user(plan);
  if (!plan.directory.empty() && ::chdir(plan.directory.c_str()) != 0) {
    say(fmt::format("supervisor: couldn't chdir to {}: {}\n", plan.directory, ::strerrorname_np(errno)));
    give_up();
  }
  if (plan.umask) ::umask(*plan.umask);
  if (plan.body) ::_exit(plan.body());
  ::execve(plan.executable.file.c_str(), pointers(plan.executable.arguments).data(), pointers(plan.environment).data());
  say(fmt::format("supervisor: couldn't exec {}: {}\n", plan.executable.arguments.front(), ::strerrorname_np(errno)));
  give_up();
}

}  // namespace

Result<Executable, CommandError> find_executable(const std::string& command, const std::string& search) {
  auto words = config::supervisord::split_command(command);
  if (!words) return not_executable(fmt::format("can't parse command '{}': {}", command, words.error().text()));
  if (words->empty()) return not_executable("command is empty");
  const std::string& name = words->front();
  const std::string file = name.find('/') != std::string::npos ? name : search_path(name, search);
  struct stat info {};
  if (!there(file, info))
    return fail(CommandError{CommandProblem::kNotFound, fmt::format("can't find command '{}'", file)});
  if (S_ISDIR(info.st_mode)) return not_executable(fmt::format("command at '{}' is a directory", file));
  if ((info.st_mode & 0111) == 0) return not_executable(fmt::format("command at '{}' is not executable", file));
  if (::access(file.c_str(), X_OK) != 0) return not_executable(fmt::format("no permission to run command '{}'", file));
  return Executable{file, std::move(*words)};
}

Result<pid_t> spawn(const SpawnPlan& plan) {
  const pid_t pid = ::fork();
  if (pid < 0) return fail(errno_error("fork"));
  if (pid == 0) become_program(plan);
  // In both, so that it holds whoever is first: a signal to the group must find it.
  ::setpgid(pid, pid);
  return pid;
}

}  // namespace tierce::supervisord

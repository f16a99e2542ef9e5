#include "supervise/succession.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "os/process_title.h"

namespace tierce::supervise {
namespace {

// Holds the predecessor's process id.
constexpr const char* kVariable = "TIERCE_PREDECESSOR";
constexpr int kFirstSocket = 3;  // sd_listen_fds(3)

}  // namespace

bool Succession::expected() { return std::getenv(kVariable) != nullptr; }

Succession::Succession() : arguments_(os::command_line()) {
  std::error_code ignored;
  program_ = std::filesystem::read_symlink("/proc/self/exe", ignored).string();
  directory_ = std::filesystem::current_path(ignored).string();
  const char* text = std::getenv(kVariable);
  if (text == nullptr) return;
  const pid_t pid = std::atoi(text);
  ::unsetenv(kVariable);
  // One that has ended meanwhile, or was not our parent, is none.
  if (pid > 1 && ::getppid() == pid) predecessor_ = os::UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

Result<void> Succession::start(const std::vector<os::ListenSocket>& listeners) {
  if (has_successor()) return fail(Error(fmt::format("the new one (pid: {}) is there already", successor_)));
  if (has_predecessor()) return fail("the one before this is still there");
  if (program_.empty() || arguments_.empty()) return fail("/proc does not say how this one was started");
  const pid_t pid = ::fork();
  if (pid < 0) return fail(errno_error("fork"));
  if (pid == 0) execute(listeners);
  successor_ = pid;
  return {};
}

void Succession::execute(const std::vector<os::ListenSocket>& listeners) {
  // First out of the way of the numbers that they are to have.
  const int out_of_the_way = kFirstSocket + static_cast<int>(listeners.size());
  std::vector<int> sockets;
  for (const os::ListenSocket& listener : listeners)
    sockets.push_back(::fcntl(listener.fd.get(), F_DUPFD_CLOEXEC, out_of_the_way));
  for (std::size_t i = 0; i < sockets.size(); ++i) ::dup2(sockets[i], kFirstSocket + static_cast<int>(i));
  ::setenv("LISTEN_FDS", std::to_string(listeners.size()).c_str(), 1);
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  ::setenv(kVariable, std::to_string(::getppid()).c_str(), 1);
  std::vector<char*> arguments;
  for (std::string& each : arguments_) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::chdir(directory_.c_str()) == 0) ::execv(program_.c_str(), arguments.data());
  ::_exit(127);
}

bool Succession::reaped(pid_t pid) {
  if (pid != successor_) return false;
  successor_ = 0;
  return true;
}

}  // namespace tierce::supervise

#include "os/process_handle.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "os/file_text.h"

namespace tierce::os {
namespace {

// A number of /proc/PID/status; a newline in the name of a process is escaped there.
std::optional<long> number_of(const std::string& status, const char* key) {
  const std::string wanted = fmt::format("\n{}:\t", key);
  const std::size_t at = status.find(wanted);
  if (at == std::string::npos) return std::nullopt;
  return std::strtol(status.c_str() + at + wanted.size(), nullptr, 10);
}

}  // namespace

bool proc_is_ours() {
  char name[32] = {};
  return ::readlink("/proc/self", name, sizeof name - 1) > 0 && std::to_string(::getpid()) == name;
}

ProcessHandle ProcessHandle::open(pid_t pid) {
  ProcessHandle handle;
  if (pid <= 0) return handle;
  handle.fd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  // EPERM is what older containers say of calls that they do not know. Others say that it is no process.
  const bool unknown = errno == ENOSYS || errno == EPERM || errno == EMFILE || errno == ENFILE || errno == ENOMEM;
  if (handle.fd_ || (unknown && ::kill(pid, 0) == 0)) handle.pid_ = pid;
  return handle;
}

std::optional<ProcessFacts> ProcessHandle::facts() const {
  if (pid_ <= 0 || !proc_is_ours()) return std::nullopt;
  const auto status = read_file(fmt::format("/proc/{}/status", pid_));
  if (!status) return std::nullopt;
  const auto parent = number_of(*status, "PPid");
  const auto user = number_of(*status, "Uid");
  if (!parent || !user) return std::nullopt;
  return ProcessFacts{.parent = static_cast<pid_t>(*parent), .user = static_cast<uid_t>(*user)};
}

int ProcessHandle::send(int number) const {
  if (fd_) return static_cast<int>(::syscall(SYS_pidfd_send_signal, fd_.get(), number, nullptr, 0));
  return ::kill(pid_, number);
}

bool ProcessHandle::there() const { return pid_ > 0 && (send(0) == 0 || errno != ESRCH); }

void ProcessHandle::signal(int number) const {
  if (pid_ <= 0) return;
  if (!sender_.change) {
    send(number);
    return;
  }
  const pid_t messenger = ::fork();
  if (messenger == 0) {
    if (become(sender_)) send(number);
    ::_exit(0);
  }
  while (messenger > 0 && ::waitpid(messenger, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace tierce::os

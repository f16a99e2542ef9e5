#include "wsgi/zygote.h"

#include <Python.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>

#include "wsgi/error_log.h"

namespace tierce::wsgi {
namespace {

using gateway::ControlMessage;
using gateway::FromZygote;
using gateway::ToZygote;

void ignore(int) {}

void say(os::MessageChannel& control, const ControlMessage& message) { static_cast<void>(control.send(message)); }

void reap(os::MessageChannel& control, std::map<pid_t, std::uint32_t>& children) {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return;
    const auto child = children.find(pid);
    const std::uint32_t worker = child == children.end() ? 0 : child->second;
    if (worker != 0) children.erase(child);
    say(control,
        {.kind = static_cast<std::uint32_t>(FromZygote::kExited), .number = worker, .pid = pid, .status = status});
  }
}

}  // namespace

void shield_from_signals() {
  // A handler that does nothing instead of SIG_IGN: programs the application starts get the default back.
  struct sigaction action {};
  action.sa_handler = ignore;
  action.sa_flags = SA_RESTART;
  for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGTTIN, SIGTTOU})
    ::sigaction(number, &action, nullptr);
}

std::unique_ptr<Worker> run_zygote(os::MessageChannel& control) {
  sigset_t child_signal, before;
  ::sigemptyset(&child_signal);
  ::sigaddset(&child_signal, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child_signal, &before);
  os::UniqueFd signals(::signalfd(-1, &child_signal, SFD_CLOEXEC | SFD_NONBLOCK));
  std::map<pid_t, std::uint32_t> children;
  for (;;) {
    reap(control, children);
    pollfd set[] = {{control.fd(), POLLIN, 0}, {signals.get(), POLLIN, 0}};
    if (::poll(set, 2, -1) < 0) continue;
    if (set[1].revents != 0) {
      signalfd_siginfo info;
      while (::read(signals.get(), &info, sizeof info) == sizeof info) {
      }
    }
    if (set[0].revents == 0) continue;
    ControlMessage message;
    std::vector<os::UniqueFd> descriptors;
    const auto received = control.receive(&message, &descriptors);
    if (received == os::MessageChannel::Received::kNothing) continue;
    if (received == os::MessageChannel::Received::kClosed) return nullptr;
    if (static_cast<ToZygote>(message.kind) == ToZygote::kExit) return nullptr;
    if (static_cast<ToZygote>(message.kind) == ToZygote::kReopen && !descriptors.empty())
      replace_log(descriptors[0].get());
    if (static_cast<ToZygote>(message.kind) != ToZygote::kFork) continue;

    PyOS_BeforeFork();
    const pid_t pid = ::fork();
    if (pid == 0) {
      PyOS_AfterFork_Child();
      control.close();
      signals = os::UniqueFd();
      ::sigprocmask(SIG_SETMASK, &before, nullptr);
      auto worker = Worker::create(message.number, std::move(descriptors));
      if (worker) return std::move(*worker);
      log_line(os::LogLevel::kCritical, worker.error().text());
      ::_exit(1);
    }
    PyOS_AfterFork_Parent();
    if (pid < 0) {
      log_line(os::LogLevel::kCritical, errno_error("forking a worker").text());
      say(control,
          {.kind = static_cast<std::uint32_t>(FromZygote::kExited), .number = message.number, .status = 1 << 8});
      continue;
    }
    children[pid] = message.number;
    say(control, {.kind = static_cast<std::uint32_t>(FromZygote::kForked), .number = message.number, .pid = pid});
  }
}

}  // namespace tierce::wsgi

#include "wsgi/zygote.h"

#include <Python.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <iterator>
#include <map>

#include "wsgi/error_log.h"
#include "wsgi/py_ref.h"
#include "wsgi/uwsgi_api.h"
#include "wsgi/worker_limits.h"
#include "wsgi/worker_settings.h"

namespace tierce::wsgi {
namespace {

using gateway::ControlMessage;
using gateway::FromZygote;
using gateway::ToZygote;

void ignore(int) {}

void say(os::MessageChannel& control, const ControlMessage& message) { static_cast<void>(control.send(message)); }

// A method of the arbiter that reports its own failures.
template <typename... Numbers>
void tell(PyObject* arbiter, const char* method, const char* format, Numbers... numbers) {
  if (arbiter == Py_None) return;
  const PyRef done = PyRef::steal(PyObject_CallMethod(arbiter, method, format, numbers...));
  if (!done) log_exception(method);
}

// A thread that a hook or the import (gevent's pool) has started before SIGCHLD was blocked may swallow it.
constexpr int kReapWithin = 100;
bool has_threads() {
  std::error_code error;
  const std::filesystem::directory_iterator tasks("/proc/self/task", error);
  return !error && std::distance(begin(tasks), end(tasks)) > 1;
}

void reap(os::MessageChannel& control, std::map<pid_t, std::uint32_t>& children, PyObject* arbiter) {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return;
    const auto child = children.find(pid);
    const std::uint32_t worker = child == children.end() ? 0 : child->second;
    if (worker != 0) {
      children.erase(child);
      tell(arbiter, "child_exit", "Ii", worker, pid);
    }
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

std::unique_ptr<Worker> run_zygote(os::MessageChannel& control, PyObject* arbiter) {
  sigset_t child_signal, before;
  ::sigemptyset(&child_signal);
  ::sigaddset(&child_signal, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child_signal, &before);
  os::UniqueFd signals(::signalfd(-1, &child_signal, SFD_CLOEXEC | SFD_NONBLOCK));
  std::map<pid_t, std::uint32_t> children;
  for (;;) {
    reap(control, children, arbiter);
    pollfd set[] = {{control.fd(), POLLIN, 0}, {signals.get(), POLLIN, 0}};
    {
      const GilRelease released;  // A hook may have started a thread.
      if (::poll(set, 2, has_threads() ? kReapWithin : -1) < 0) continue;
    }
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
    if (static_cast<ToZygote>(message.kind) == ToZygote::kExit) {
      if (message.number != 0) tell(arbiter, "on_exit", nullptr);
      return nullptr;
    }
    if (static_cast<ToZygote>(message.kind) == ToZygote::kWorkers) tell(arbiter, "workers_wanted", "I", message.number);
    if (static_cast<ToZygote>(message.kind) == ToZygote::kPreExec) tell(arbiter, "pre_exec", nullptr);
    if (static_cast<ToZygote>(message.kind) == ToZygote::kReopen && !descriptors.empty())
      replace_log(descriptors[0].get());
    if (static_cast<ToZygote>(message.kind) != ToZygote::kFork) continue;

    tell(arbiter, "pre_fork", "I", message.number);
    PyOS_BeforeFork();
    const pid_t pid = ::fork();
    const int fork_error = errno;
    if (pid == 0) {
      PyOS_AfterFork_Child();
      control.close();
      signals = os::UniqueFd();
      ::sigprocmask(SIG_SETMASK, &before, nullptr);
      auto worker = Worker::create(std::move(descriptors));
      if (worker) {
        be_worker(message.place, message.life);
        stay_on_processors(message.place, settings().cpus);
        tell(arbiter, "in_child", "I", message.number);
        return std::move(*worker);
      }
      log_line(os::LogLevel::kCritical, worker.error().text());
      ::_exit(1);
    }
    PyOS_AfterFork_Parent();
    tell(arbiter, "forked", "Ii", message.number, pid);
    if (pid < 0) {
      log_line(os::LogLevel::kCritical, errno_error("forking a worker", fork_error).text());
      say(control,
          {.kind = static_cast<std::uint32_t>(FromZygote::kExited), .number = message.number, .status = 1 << 8});
      continue;
    }
    children[pid] = message.number;
    say(control, {.kind = static_cast<std::uint32_t>(FromZygote::kForked), .number = message.number, .pid = pid});
  }
}

}  // namespace tierce::wsgi

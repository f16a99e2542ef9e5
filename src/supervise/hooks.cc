#include "supervise/hooks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>

#include "supervise/pool.h"

namespace tierce::supervise {
namespace {

using std::string_view;

struct Scene {
  const std::string& argument;
  const os::Identity& identity;
  const os::ErrorLog& log;
};

[[noreturn]] void become_shell(const Scene& scene, pid_t parent) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  if (scene.log.path() != "-") {
    ::dup2(scene.log.fd(), 1);
    ::dup2(scene.log.fd(), 2);
  }
  if (auto done = os::become(scene.identity); !done) ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);
  ::execl("/bin/sh", "sh", "-c", scene.argument.c_str(), nullptr);
  ::_exit(127);
}

Result<void> execute(const Scene& scene) {
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return fail(errno_error("fork"));
  if (pid == 0) become_shell(scene, parent);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return fail(errno_error("waitpid"));
  }
  if (status != 0) return fail(Error(describe_wait_status(status)));
  return {};
}

Result<void> execute_whatever_comes(const Scene& scene) {
  if (auto done = execute(scene); !done) {
    scene.log.line(os::LogLevel::kWarning, fmt::format("hook safeexec:{}: {}", scene.argument, done.error().text()));
  }
  return {};
}

Result<void> said(int result) {
  if (result != 0) return fail(Error(std::generic_category().message(errno)));
  return {};
}

Result<void> print(const Scene& scene) {
  scene.log.line(os::LogLevel::kInfo, scene.argument);
  return {};
}
Result<void> change_directory(const Scene& scene) { return said(::chdir(scene.argument.c_str())); }
Result<void> make_directory(const Scene& scene) { return said(::mkdir(scene.argument.c_str(), 0777)); }
Result<void> remove_file(const Scene& scene) { return said(::unlink(scene.argument.c_str())); }

Result<void> set_variable(const Scene& scene) {
  const std::size_t equals = scene.argument.find('=');
  if (equals == std::string::npos || equals == 0) return fail("expects NAME=VALUE");
  return said(::setenv(scene.argument.substr(0, equals).c_str(), scene.argument.c_str() + equals + 1, 1));
}

Result<void> end_here(const Scene& scene) { std::_Exit(std::atoi(scene.argument.c_str())); }

// "FILE TEXT"
Result<void> put(const Scene& scene, int flags, bool needs_text, string_view end) {
  const std::size_t blank = scene.argument.find(' ');
  if (blank == std::string::npos && needs_text) return fail("expects FILE TEXT");
  const std::string path = scene.argument.substr(0, blank);
  const os::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, 0666));
  // A fifo that nobody reads costs nothing, as in uWSGI.
  if (!file && (flags & O_NONBLOCK) != 0 && errno == ENXIO) return {};
  if (!file) return fail(Error(std::generic_category().message(errno)));
  std::string text = blank == std::string::npos ? "" : scene.argument.substr(blank + 1);
  text += end;
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return fail(Error(std::generic_category().message(errno)));
  return {};
}
Result<void> create_file(const Scene& scene) {
  const os::UniqueFd file(::open(scene.argument.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  return said(file ? 0 : -1);
}
Result<void> write_text(const Scene& scene) { return put(scene, O_CREAT | O_TRUNC, true, ""); }
Result<void> write_line(const Scene& scene) { return put(scene, O_CREAT | O_TRUNC, true, "\n"); }
Result<void> append_text(const Scene& scene) { return put(scene, O_CREAT | O_APPEND, true, ""); }
Result<void> append_line(const Scene& scene) { return put(scene, O_CREAT | O_APPEND, false, "\n"); }
Result<void> write_fifo(const Scene& scene) { return put(scene, O_NONBLOCK, true, ""); }

Result<void> change_mode(const Scene& scene) {
  const std::size_t blank = scene.argument.find(' ');
  if (blank == std::string::npos) return fail("expects FILE MODE");
  const string_view digits = string_view(scene.argument).substr(blank + 1);
  unsigned mode = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), mode, 8);
  if (error != std::errc() || end != digits.data() + digits.size() || mode > 07777)
    return fail("expects an octal mode");
  return said(::chmod(scene.argument.substr(0, blank).c_str(), mode));
}

struct Doing {
  string_view name;
  Result<void> (*run)(const Scene&);
};
// config/uwsgi/options_around.cc tells the user which there are.
constexpr std::array kActions = {
    Doing{"exec", execute},         Doing{"safeexec", execute_whatever_comes},
    Doing{"print", print},          Doing{"log", print},
    Doing{"cd", change_directory},  Doing{"chdir", change_directory},
    Doing{"mkdir", make_directory}, Doing{"putenv", set_variable},
    Doing{"unlink", remove_file},   Doing{"create", create_file},
    Doing{"creat", create_file},    Doing{"write", write_text},
    Doing{"writen", write_line},    Doing{"append", append_text},
    Doing{"appendn", append_line},  Doing{"writefifo", write_fifo},
    Doing{"chmod", change_mode},    Doing{"exit", end_here},
};

}  // namespace

std::vector<config::HookSettings> hooks_of(std::span<const config::HookSettings> hooks, string_view phase) {
  std::vector<config::HookSettings> found;
  for (const config::HookSettings& hook : hooks) {
    if (hook.phase == phase) found.push_back(hook);
  }
  return found;
}

Result<void> run_hook(const config::HookSettings& hook, const os::Identity& identity, const os::ErrorLog& log) {
  log.line(os::LogLevel::kInfo, fmt::format("running \"{}:{}\" ({})", hook.action, hook.argument, hook.phase));
  for (const Doing& action : kActions) {
    if (action.name != hook.action) continue;
    auto done = action.run({hook.argument, identity, log});
    if (done) return done;
    return fail(std::move(done).error().during(fmt::format("hook {} {}:{}", hook.phase, hook.action, hook.argument)));
  }
  return {};
}

Result<void> run_hooks(std::span<const config::HookSettings> hooks, const os::Identity& identity,
                       const os::ErrorLog& log) {
  for (const config::HookSettings& hook : hooks) {
    if (auto done = run_hook(hook, identity, log); !done) return done;
  }
  return {};
}

Result<pid_t> run_hooks_aside(const std::vector<config::HookSettings>& hooks, const os::Identity& identity,
                              const os::ErrorLog& log) {
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return fail(errno_error("fork"));
  if (pid > 0) return pid;
  auto done = os::become(identity);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  if (done) done = run_hooks(hooks, os::Identity{}, log);
  if (!done) log.line(os::LogLevel::kError, done.error().text());
  ::_exit(done ? 0 : 1);
}

Result<void> run_hooks_as(std::span<const config::HookSettings> hooks, const os::Identity& identity,
                          const os::ErrorLog& log) {
  constexpr std::array<string_view, 4> kOfTheProcess = {"cd", "chdir", "putenv", "exit"};
  for (const config::HookSettings& hook : hooks) {
    if (std::find(kOfTheProcess.begin(), kOfTheProcess.end(), hook.action) != kOfTheProcess.end()) {
      if (auto done = run_hook(hook, identity, log); !done) return done;
      continue;
    }
    auto pid = run_hooks_aside({hook}, identity, log);
    if (!pid) return fail(std::move(pid).error());
    int status = 0;
    while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (status != 0) return fail(Error(fmt::format("hook {} {}:{} failed", hook.phase, hook.action, hook.argument)));
  }
  return {};
}

}  // namespace tierce::supervise

#include "supervise/zygote_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "os/build_id.h"
#include "supervise/python_options.h"

namespace tierce::supervise {
namespace {

// The program of the interpreter: everything else is in the package.
constexpr const char* kBootstrap =
    "import sys; sys.path.insert(0, sys.argv[1]); import tierce_wsgi.boot as b; b.main(int(sys.argv[2]))";

bool executable(const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }

std::string find_on_path(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    std::string candidate = fmt::format("{}/{}", rest.substr(0, end), name);
    if (end > 0 && executable(candidate)) return candidate;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

void inherit(int fd) { ::fcntl(fd, F_SETFD, 0); }

// Where this program lies; empty when nobody knows.
std::filesystem::path own_directory() {
  std::error_code failed;
  return std::filesystem::read_symlink("/proc/self/exe", failed).parent_path();
}

std::string python_of_our_environment() {
  const auto directory = own_directory();
  std::error_code ignored;
  if (!std::filesystem::exists(directory.parent_path() / "pyvenv.cfg", ignored)) return "";
  std::string path = (directory / "python").string();
  return executable(path) ? path : "";
}

}  // namespace

Result<std::string> find_python(const std::string& wanted) {
  if (!wanted.empty()) {
    const std::string path = wanted.find('/') == std::string::npos ? find_on_path(wanted) : wanted;
    if (path.empty() || !executable(path)) return fail(Error(fmt::format("--python {}: no such program", wanted)));
    return path;
  }
  if (const char* venv = std::getenv("VIRTUAL_ENV"); venv != nullptr && *venv != '\0') {
    const std::string path = fmt::format("{}/bin/python", venv);
    if (executable(path)) return path;
    // Serving with another interpreter would only hide it. One that was deleted is nobody's any more.
    if (errno == EACCES) return fail(errno_error(fmt::format("{} of $VIRTUAL_ENV, as user {}", path, ::geteuid())));
  }
  // Installed into a virtual environment, we serve what is in it, activated or not.
  if (std::string path = python_of_our_environment(); !path.empty()) return path;
  for (const char* name : {"python3", "python"}) {
    if (std::string path = find_on_path(name); !path.empty()) return path;
  }
  return fail("no python3 on PATH; name one with --python");
}

namespace {

void add_places_beside(const std::filesystem::path& program, std::vector<std::string>& places) {
  const auto directory = program.parent_path();
  places.push_back((directory / "lib").string());
  places.push_back((directory / ".." / "lib" / "tierce").lexically_normal().string());
}

// A copy under another name finds its package where it was copied from. Another build's would not fit.
void add_places_of_original(std::vector<std::string>& places) {
  std::error_code ignored;
  for (const std::string& program : {find_on_path("tierce"), std::string(TIERCE_INSTALL_PREFIX "/bin/tierce"),
                                     std::string("/usr/local/bin/tierce"), std::string("/usr/bin/tierce")}) {
    if (program.empty() || !os::is_this_program(program)) continue;
    add_places_beside(std::filesystem::canonical(program, ignored), places);
  }
}

}  // namespace

Result<std::string> find_library() {
  std::vector<std::string> places;
  if (const char* set = std::getenv("TIERCE_LIB"); set != nullptr && *set != '\0') places.emplace_back(set);
  if (const auto directory = own_directory(); !directory.empty()) add_places_beside(directory / "tierce", places);
  add_places_of_original(places);
  for (const std::string& place : places) {
    if (::access((place + "/tierce_wsgi/boot.py").c_str(), R_OK) == 0) return place;
  }
  std::string text = "the package tierce_wsgi is not in";
  for (const std::string& place : places) text += " " + place;
  return fail(Error(text +
                    ", and no tierce of this build is on PATH: link to the installed program instead of copying it "
                    "(ln -s), or set TIERCE_LIB to the folder that holds the package"));
}

void load_python(const Interpreter& python, const std::string& library, const char* program,
                 const std::string& options) {
  if (const char* preload = std::getenv("TIERCE_PYTHON_PRELOAD"); preload != nullptr && *preload != '\0') {
    ::setenv("LD_PRELOAD", preload, 1);  // Sanitizer runs: the interpreter is not instrumented.
  }
  std::vector<const char*> words = {python.name.c_str()};
  if (python.optimize != 0) words.push_back(python.optimize == 1 ? "-O" : "-OO");
  for (const char* word : {"-c", program, library.c_str(), options.c_str()}) words.push_back(word);
  words.push_back(nullptr);
  ::execv(python.path.c_str(), const_cast<char* const*>(words.data()));
  const char* why = std::strerror(errno);
  ::dprintf(2, "tierce: starting %s as user %u: %s\n", python.path.c_str(), static_cast<unsigned>(::geteuid()), why);
  ::_exit(127);
}

Result<ZygoteProcess> start_zygote(const config::RunSettings& settings, const ZygotePlan& plan,
                                   const std::vector<os::ListenSocket>& listeners, std::uint32_t generation,
                                   std::uint32_t workers) {
  auto channels = os::MessageChannel::pair(true);
  if (!channels) return fail(std::move(channels).error());
  auto& [ours, theirs] = *channels;
  // The zygote waits for messages: its end blocks.
  ::fcntl(theirs.fd(), F_SETFL, ::fcntl(theirs.fd(), F_GETFL) & ~O_NONBLOCK);

  PythonOptions options;
  options.add("app", settings.app)
      .add("control", static_cast<std::uint64_t>(theirs.fd()))
      .add("threads", settings.threads)
      .add("greenlets", settings.in_greenlets ? settings.greenlets : 0)
      .add("monkey_patch", settings.monkey_patch ? 1 : 0)
      .add("hub_timeout", static_cast<std::uint64_t>(settings.hub_timeout.count()))
      .add("multiprocess", settings.workers > 1 ? 1 : 0)
      .add("lazy", settings.lazy_apps ? 1 : 0)
      .add("max_requests", settings.max_requests)
      .add("max_requests_jitter", settings.max_requests_jitter)
      .add("max_lifetime", static_cast<std::uint64_t>(settings.worker_lifetime.count()))
      .add("max_lifetime_jitter", static_cast<std::uint64_t>(settings.worker_lifetime_jitter.count()))
      .add("max_rss", settings.worker_rss_max)
      .add("max_as", settings.worker_as_max)
      .add("server_software", settings.edge.server_name)
      .add("log_level", os::name_of(settings.edge.log_level))
      .add("error_log", static_cast<std::uint64_t>(plan.error_log))
      .add("graceful_timeout", static_cast<std::uint64_t>(settings.edge.graceful_timeout.count()))
      .add("chdir", settings.chdir);
  for (const std::string& directory : settings.pythonpath) options.add("pythonpath", directory);
  for (const os::ListenSocket& listener : listeners) {
    options.add("listener",
                listener.is_unix ? "unix " + listener.host : fmt::format("{} {}", listener.host, listener.port));
  }
  if (settings.capture_output && settings.edge.error_log != "-") options.add("capture_output", 1);
  if (settings.gunicorn) {
    options.add(*settings.gunicorn)
        .add("supervisor", static_cast<std::uint64_t>(::getpid()))
        .add("generation", generation)
        .add("workers", workers);
  }
  if (settings.uwsgi && plan.app != nullptr) plan.app->describe(*settings.uwsgi, options, generation, workers);
  os::UniqueFd watch_read, watch_write;
  if (settings.reload) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return fail(errno_error("pipe2"));
    watch_read = os::UniqueFd(ends[0]);
    watch_write = os::UniqueFd(ends[1]);
    ::fcntl(watch_write.get(), F_SETFL, ::fcntl(watch_write.get(), F_GETFL) & ~O_NONBLOCK);
    options.add("reload", 1).add("watch_list", static_cast<std::uint64_t>(watch_write.get()));
  }
  auto options_fd = options.to_memfd();
  if (!options_fd) return fail(std::move(options_fd).error());

  const std::string options_number = std::to_string(options_fd->get());
  const pid_t supervisor = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return fail(errno_error("fork"));
  if (pid == 0) {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    inherit(theirs.fd());
    inherit(options_fd->get());
    if (plan.error_log != 2) inherit(plan.error_log);
    if (watch_write) inherit(watch_write.get());
    if (plan.app != nullptr) plan.app->inherit();
    for (const auto& [name, value] : settings.environment) {
      value ? ::setenv(name.c_str(), value->c_str(), 1) : ::unsetenv(name.c_str());
    }
    if (settings.as_limit != 0) {
      const rlimit limit{settings.as_limit, settings.as_limit};
      if (::setrlimit(RLIMIT_AS, &limit) != 0) ::dprintf(2, "tierce: %s\n", errno_error("limit-as").text().c_str());
    }
    if (auto done = os::become(plan.identity); !done) {
      ::dprintf(2, "tierce: %s\n", done.error().text().c_str());
      ::_exit(1);
    }
    // After the change of the user, which clears it. Workers see the end of their control sockets instead.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != supervisor) ::_exit(1);
    if (plan.before_python && !plan.before_python()) ::_exit(1);
    const std::string& name = settings.python_name.empty() ? plan.python : settings.python_name;
    load_python({.path = plan.python, .name = name, .optimize = settings.optimize}, plan.library, kBootstrap,
                options_number);
  }
  ZygoteProcess process;
  process.pid = pid;
  process.control = std::move(ours);
  process.watch_list = std::move(watch_read);
  return process;
}

}  // namespace tierce::supervise

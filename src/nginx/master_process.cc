#include "nginx/master_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include "gateway/door.h"
#include "nginx/error_logs.h"
#include "nginx/listeners.h"
#include "nginx/log_opening.h"
#include "nginx/system_error.h"
#include "nginx/temp_directories.h"
#include "nginx/tls_server.h"
#include "nginx/worker_process.h"
#include "os/clock.h"
#include "os/daemon.h"
#include "os/process_title.h"
#include "os/shared_text.h"
#include "os/socket_io.h"

namespace tierce::nginx {
namespace {

constexpr auto kSignals = std::to_array({SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD});
constexpr int kReadyMs = 60'000;
constexpr std::uint64_t kCutNs = 1'000'000'000;  // TERM: a process that does not end is killed after that.

int complain(std::string_view level, const std::string& text) {
  std::fprintf(stderr, "nginx: [%s] %s\n", std::string(level).c_str(), text.c_str());
  return 1;
}

struct Loaded {
  conf::Reading reading;
  conf::Model model;
  TlsMaterials tls;
};

Result<std::unique_ptr<Loaded>> load(const MasterStart& start) {
  auto loaded = std::make_unique<Loaded>();
  loaded->reading =
      conf::read_as_far_as_possible({.path = start.configuration, .globals = start.globals}, conf::this_machine());
  std::vector<std::string> warned;
  auto made = conf::interpret(loaded->reading, &warned);
  for (const std::string& warning : warned) complain("warn", warning);
  if (!made) return fail(std::move(made).error());
  if (!made->model.has_events) return fail("no \"events\" section in configuration");
  loaded->model = std::move(made->model);
  auto tls = read_tls(loaded->model, start.folder());
  if (!tls) return fail(std::move(tls).error());
  if (auto contexts = make_tls(*tls); !contexts) return fail(std::move(contexts).error());
  loaded->tls = std::move(*tls);
  return loaded;
}

std::string absolute(const std::string& prefix, const std::string& path) {
  return path.starts_with('/') ? path : prefix + path;
}

std::string pid_path(const MasterStart& start, const conf::Model& model) {
  return absolute(start.prefix, model.main.pid.value_or(start.pid_file));
}

// A file that is there is that of the server that runs; one that is not is left so.
Result<void> try_pid_file(const std::string& path) {
  const bool is_there = ::access(path.c_str(), F_OK) == 0;
  const os::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) return fail(system_error("open() \"" + path + "\" failed"));
  if (!is_there) ::unlink(path.c_str());
  return {};
}

bool write_pid(const std::string& path) {
  std::ofstream file(path, std::ios::trunc);
  file << ::getpid() << "\n";
  return static_cast<bool>(file.flush());
}

// Never /dev/null, which stands for "none".
bool is_pid_file(const std::string& path) {
  std::error_code failed;
  return std::filesystem::is_regular_file(path, failed);
}

void remove_pid_file(const std::string& path) {
  if (is_pid_file(path)) ::unlink(path.c_str());
}

class Master {
 public:
  explicit Master(MasterStart start) : start_(std::move(start)), chain_(gateway::take_chain_end()) {}

  int run() {
    listeners_.take_inherited();
    const bool upgraded = !listeners_.inheritable().empty();
    auto loaded = load(start_);
    if (!loaded) return complain("emerg", loaded.error().text());
    if (auto prepared = prepare(**loaded); !prepared) return complain("emerg", prepared.error().text());
    active_ = std::move(*loaded);
    // Whoever has started us watches over us: `tierce up`, or the older binary, which has left the terminal already.
    if (active_->model.main.daemon.value_or(true) && !chain_.channel && !upgraded) {
      if (auto done = os::daemonize(os::DaemonStdio::kToNull); !done) return complain("emerg", done.error().text());
    }
    pid_path_ = pid_path(start_, active_->model);
    if (upgraded && ::access(pid_path_.c_str(), F_OK) == 0) {
      // The older binary keeps its name until it ends.
      log(Level::kNotice, "using inherited sockets from \"" + listeners_.inheritable() + "\"");
    }
    if (!write_pid(pid_path_)) return complain("emerg", system_error("open() \"" + pid_path_ + "\" failed").text());
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int each : kSignals) ::sigaddset(&signals, each);
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    const os::UniqueFd signal_fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    os::set_process_title("nginx: master process " + start_.configuration);
    if (auto shared = os::share_text(""); shared) legacy_ = std::move(*shared);
    legacy_there_ = os::UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!start_worker()) {
      remove_pid_file(pid_path_);
      return 1;
    }
    while (!ended()) {
      pollfd waiting{signal_fd.get(), POLLIN, 0};
      ::poll(&waiting, 1, patience_ms());
      signalfd_siginfo info{};
      while (::read(signal_fd.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
        act(static_cast<int>(info.ssi_signo));
      reap();
      if (cut_at_ns_ != 0 && os::monotonic_ns() >= cut_at_ns_) {
        for (const auto& [pid, worker] : workers_) ::kill(pid, SIGKILL);
        cut_at_ns_ = 0;
      }
    }
    if (!pid_renamed_) remove_pid_file(pid_path_);
    if (pid_renamed_) remove_pid_file(pid_path_ + ".oldbin");
    if (new_binary_ > 0) listeners_.forget();
    log(Level::kNotice, "exit");
    return 0;
  }

 private:
  struct Worker {
    bool leaving = false;
  };

  Result<void> prepare(Loaded& loaded) {
    if (auto opened = open_logs(loaded.model, start_.prefix, log_files_); !opened) return opened;
    if (loaded.model.main.error_logs.empty()) {
      auto opened = log_files_.open(start_.error_log);
      if (!opened) return fail(std::move(opened).error());
    }
    own_logs(loaded.model);
    if (auto made = make_temp_directories(loaded.model, start_.prefix); !made) return made;
    return listeners_.open(loaded.model);
  }

  // Those who open them anew run as another user.
  void own_logs(const conf::Model& model) const {
    if (::geteuid() != 0 || model.main.user.empty()) return;
    const passwd* entry = ::getpwnam(model.main.user.front().c_str());
    if (entry != nullptr) log_files_.give_to(entry->pw_uid, static_cast<unsigned>(-1));
  }

  void log(Level level, const std::string& text) {
    const auto& logs = active_->model.main.error_logs;
    const std::time_t now = ::time(nullptr);
    std::tm parts{};
    ::localtime_r(&now, &parts);
    char stamp[32];
    const std::size_t bytes = std::strftime(stamp, sizeof stamp, "%Y/%m/%d %H:%M:%S", &parts);
    const std::string line = fmt::format("{} [{}] {}#{}: {}\n", std::string_view(stamp, bytes), name_of(level),
                                         ::getpid(), ::getpid(), text);
    LogTargets targets(log_files_);
    for (const conf::ErrorLog& each : logs.empty() ? std::vector<conf::ErrorLog>{{start_.error_log, "error"}} : logs) {
      if (level > level_of(each.level) || each.target.starts_with("memory:")) continue;
      const bool named = each.target == "stderr" || each.target.starts_with("syslog:");
      auto target = targets.open(named ? each.target : absolute(start_.prefix, each.target));
      if (target) (*target)->write(line, static_cast<int>(level));
    }
  }

  // What the workers count, told by the one that serves now; "" when it has nothing to say.
  std::string ask_for_legacy() {
    const auto serves =
        std::find_if(workers_.begin(), workers_.end(), [](const auto& each) { return !each.second.leaving; });
    if (serves == workers_.end() || active_->model.http.zones.empty()) return {};
    constexpr int kPatienceMs = 200;
    os::drain_eventfd(legacy_there_.get());
    if (::ftruncate(legacy_.get(), 0) != 0) return {};
    ::kill(serves->first, SIGWINCH);
    pollfd there{legacy_there_.get(), POLLIN, 0};
    return ::poll(&there, 1, kPatienceMs) == 1 ? os::contents_of(legacy_.get()) : std::string();
  }

  bool start_worker(std::string counted = {}) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    os::UniqueFd reading(ends[0]), writing(ends[1]);
    std::fflush(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
      listeners_.forget();
      reading = os::UniqueFd();
      os::set_process_title("nginx: worker process");
      WorkerStart worker{.reading = &active_->reading,
                         .prefix = start_.prefix,
                         .folder = start_.folder(),
                         .error_log = start_.error_log,
                         .access_log = start_.access_log,
                         .points = listeners_.points(),
                         .log_files = &log_files_,
                         .tls = &active_->tls,
                         .counted = std::move(counted),
                         .legacy = legacy_.get(),
                         .legacy_there = legacy_there_.get(),
                         .chain = chain_.channel.fd(),
                         .chain_names_only = chain_.names_only,
                         .ready = std::move(writing).release()};
      ::_exit(run_worker(worker));
    }
    if (pid < 0) {
      log(Level::kAlert, system_error("fork() failed while spawning \"worker process\"").text());
      return false;
    }
    writing = os::UniqueFd();
    pollfd waiting{reading.get(), POLLIN, 0};
    char byte = 0;
    if (::poll(&waiting, 1, kReadyMs) != 1 || ::read(reading.get(), &byte, 1) != 1) {
      log(Level::kAlert, fmt::format("worker process {} could not start", pid));
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
      return false;
    }
    workers_[pid] = {};
    log(Level::kNotice, fmt::format("start worker process {}", pid));
    return true;
  }

  void tell(int signal, bool leaving_only = false) {
    for (auto& [pid, worker] : workers_) {
      if (leaving_only && !worker.leaving) continue;
      ::kill(pid, signal);
    }
  }

  void act(int signal) {
    switch (signal) {
      case SIGTERM:
      case SIGINT:
        stopping_ = true;
        cut_at_ns_ = os::monotonic_ns() + kCutNs;
        return tell(SIGTERM);
      case SIGQUIT:
        stopping_ = true;
        // Else clients would connect, and wait for nobody.
        listeners_.close();
        return leave();
      case SIGWINCH:
        // In the foreground it may be the terminal that says so of its size.
        if ((active_->model.main.daemon.value_or(true) && !chain_.channel) || new_binary_ > 0) {
          resting_ = true;
          leave();
        }
        return;
      case SIGHUP:
        return reload();
      case SIGUSR1:
        if (auto opened = log_files_.reopen(); !opened) log(Level::kEmerg, opened.error().text());
        own_logs(active_->model);
        return tell(SIGUSR1);
      case SIGUSR2:
        return upgrade();
      default:
        return;
    }
  }

  void leave() {
    for (auto& [pid, worker] : workers_) {
      worker.leaving = true;
      ::kill(pid, SIGQUIT);
    }
  }

  void reload() {
    if (resting_) {
      // After WINCH: serve again.
      resting_ = false;
      static_cast<void>(start_worker());
      return;
    }
    log(Level::kNotice, "reconfiguring");
    auto loaded = load(start_);
    if (!loaded) return log(Level::kEmerg, loaded.error().text());
    if (auto prepared = prepare(**loaded); !prepared) return log(Level::kEmerg, prepared.error().text());
    std::vector<pid_t> old;
    for (const auto& [pid, worker] : workers_) old.push_back(pid);
    std::string counted = ask_for_legacy();
    auto before = std::exchange(active_, std::move(*loaded));
    if (!start_worker(std::move(counted))) {
      active_ = std::move(before);
      static_cast<void>(listeners_.open(active_->model));
      return log(Level::kEmerg, "the new configuration does not start: the old one goes on");
    }
    move_pid_file();
    for (const pid_t pid : old) {
      workers_[pid].leaving = true;
      ::kill(pid, SIGQUIT);
    }
  }

  // The configuration may name another one.
  void move_pid_file() {
    const std::string path = pid_path(start_, active_->model);
    if (path == pid_path_) return;
    if (!write_pid(path)) return log(Level::kEmerg, system_error("open() \"" + path + "\" failed").text());
    if (!pid_renamed_) remove_pid_file(pid_path_);
    pid_path_ = path;
  }

  void upgrade() {
    if (new_binary_ > 0) return log(Level::kAlert, "the changing binary signal is ignored");
    if (is_pid_file(pid_path_) && ::rename(pid_path_.c_str(), (pid_path_ + ".oldbin").c_str()) != 0)
      return log(Level::kAlert, system_error("rename " + pid_path_ + " failed").text());
    const std::string sockets = listeners_.inheritable();
    const pid_t pid = ::fork();
    if (pid == 0) {
      sigset_t none;
      ::sigemptyset(&none);
      ::sigprocmask(SIG_SETMASK, &none, nullptr);
      for (const ListenPoint& point : listeners_.points()) ::fcntl(point.fd, F_SETFD, 0);
      ::setenv("NGINX", sockets.c_str(), 1);
      gateway::hand_on_chain_end(chain_);
      std::vector<char*> arguments;
      for (std::string& each : start_.arguments) arguments.push_back(each.data());
      arguments.push_back(nullptr);
      ::execvp(arguments.front(), arguments.data());
      ::_exit(2);
    }
    if (pid < 0) {
      if (is_pid_file(pid_path_ + ".oldbin")) ::rename((pid_path_ + ".oldbin").c_str(), pid_path_.c_str());
      return log(Level::kAlert, system_error("fork() failed while spawning \"new binary process\"").text());
    }
    new_binary_ = pid;
    pid_renamed_ = true;
    log(Level::kNotice, fmt::format("start new binary process {}", pid));
  }

  void reap() {
    for (;;) {
      int status = 0;
      const pid_t pid = ::waitpid(-1, &status, WNOHANG);
      if (pid <= 0) return;
      if (pid == new_binary_) {
        log(Level::kAlert, fmt::format("new binary process {} exited", pid));
        new_binary_ = 0;
        // A daemon's first process ends by itself: its child has written the file by then.
        if (::access(pid_path_.c_str(), F_OK) != 0) {
          if (is_pid_file(pid_path_ + ".oldbin")) ::rename((pid_path_ + ".oldbin").c_str(), pid_path_.c_str());
          pid_renamed_ = false;
        }
        continue;
      }
      const auto found = workers_.find(pid);
      if (found == workers_.end()) continue;
      const bool leaving = found->second.leaving;
      workers_.erase(found);
      if (WIFSIGNALED(status)) {
        log(Level::kAlert, fmt::format("worker process {} exited on signal {}", pid, WTERMSIG(status)));
      } else {
        log(Level::kNotice, fmt::format("worker process {} exited with code {}", pid, WEXITSTATUS(status)));
      }
      if (!stopping_ && !leaving && !resting_) start_again();
    }
  }

  // One that ends at once is not started in a loop.
  void start_again() {
    const std::uint64_t now = os::monotonic_ns();
    if (now - started_again_ns_ < 1'000'000'000) {
      start_at_ns_ = now + 1'000'000'000;
      return;
    }
    started_again_ns_ = now;
    if (!start_worker()) start_at_ns_ = now + 1'000'000'000;
  }

  int patience_ms() {
    if (start_at_ns_ != 0 && os::monotonic_ns() >= start_at_ns_) {
      start_at_ns_ = 0;
      if (!stopping_) start_again();
    }
    if (cut_at_ns_ != 0) return 50;
    return start_at_ns_ != 0 ? 100 : -1;
  }

  bool ended() const { return stopping_ && workers_.empty(); }

  MasterStart start_;
  LogFiles log_files_;
  os::UniqueFd legacy_, legacy_there_;  // WorkerStart's.
  gateway::ChainEnd chain_;
  Listeners listeners_;
  std::unique_ptr<Loaded> active_;
  std::map<pid_t, Worker> workers_;
  std::string pid_path_;
  pid_t new_binary_ = 0;
  bool pid_renamed_ = false;
  bool stopping_ = false, resting_ = false;
  std::uint64_t cut_at_ns_ = 0, start_at_ns_ = 0, started_again_ns_ = 0;
};

}  // namespace

Result<void> try_keys(const MasterStart& start, const conf::Model& model) {
  auto tls = read_tls(model, start.folder());
  if (!tls) return fail(std::move(tls).error());
  if (auto contexts = make_tls(*tls); !contexts) return fail(std::move(contexts).error());
  return {};
}

Result<void> try_to_open(const MasterStart& start, const conf::Model& model) {
  if (auto tried = try_pid_file(pid_path(start, model)); !tried) return tried;
  LogFiles files;
  if (auto opened = open_logs(model, start.prefix, files); !opened) return opened;
  if (auto made = make_temp_directories(model, start.prefix); !made) return made;
  return Listeners::try_to_open(model);
}

int run_master(MasterStart start) { return Master(std::move(start)).run(); }

int send_signal(const MasterStart& start, const std::string& name) {
  const std::map<std::string, int> known{{"stop", SIGTERM}, {"quit", SIGQUIT}, {"reopen", SIGUSR1}, {"reload", SIGHUP}};
  const auto signal = known.find(name);
  if (signal == known.end()) {
    std::fprintf(stderr, "nginx: invalid option: \"-s %s\"\n", name.c_str());
    return 1;
  }
  auto loaded = load(start);
  if (!loaded) return complain("emerg", loaded.error().text());
  const std::string path = pid_path(start, (*loaded)->model);
  std::ifstream file(path);
  if (!file) return complain("error", system_error("open() \"" + path + "\" failed").text());
  pid_t pid = 0;
  if (!(file >> pid) || pid <= 0) return complain("error", fmt::format("invalid PID number \"\" in \"{}\"", path));
  if (::kill(pid, signal->second) != 0)
    return complain("alert", system_error(fmt::format("kill({}, {}) failed", pid, signal->second)).text());
  return 0;
}

}  // namespace tierce::nginx

#include "nginx/worker_process.h"

#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <thread>

#include "nginx/error_logs.h"
#include "nginx/shared_zones.h"
#include "nginx/system_error.h"
#include "os/socket_io.h"

namespace tierce::nginx {
namespace {

constexpr std::uint32_t kConnections = 512;  // nginx's default of worker_connections.

std::int64_t number_of(const conf::Text& text, std::int64_t otherwise) {
  if (!text) return otherwise;
  std::int64_t number = otherwise;
  std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

// Signals of the master, read by the loop of the first thread.
class SignalWatcher final : public Watcher {
 public:
  SignalWatcher(int fd, std::function<void(int)> act) : fd_(fd), act_(std::move(act)) {}
  void on_poll(std::uint32_t) override {
    signalfd_siginfo info{};
    while (::read(fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) act_(static_cast<int>(info.ssi_signo));
  }

 private:
  int fd_;
  std::function<void(int)> act_;
};

void raise_file_limit(const conf::MainSettings& settings) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  if (settings.worker_rlimit_nofile) {
    limit.rlim_cur = static_cast<rlim_t>(*settings.worker_rlimit_nofile);
    limit.rlim_max = std::max(limit.rlim_max, limit.rlim_cur);
  } else {
    limit.rlim_cur = limit.rlim_max;
  }
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Result<void> drop_rights(const conf::MainSettings& settings) {
  if (::geteuid() != 0) return {};
  auto identity = worker_identity(settings.user);
  if (!identity) return fail(std::move(identity).error());
  return os::become(*identity);
}

void pin(const conf::Words& masks, unsigned index) {
  if (masks.empty() || masks.front() == "auto") return;
  const std::string& mask = masks[std::min<std::size_t>(index, masks.size() - 1)];
  cpu_set_t set;
  CPU_ZERO(&set);
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask[mask.size() - 1 - i] == '1') CPU_SET(i, &set);
  }
  ::sched_setaffinity(0, sizeof set, &set);
}

void leave_legacy(const WorkerStart& start, const SharedZones& zones) {
  const std::string packed = zones.pack();
  // One that is cut short is of no use, and does no harm.
  static_cast<void>(!::pwrite(start.legacy, packed.data(), packed.size(), 0));
  os::ring_eventfd(start.legacy_there);
}

}  // namespace

Result<os::Identity> worker_identity(const std::vector<std::string>& user) {
  return os::find_identity(user.empty() ? std::string(conf::kUserOtherwise) : user.front(),
                           user.size() > 1 ? user[1] : "");
}

unsigned thread_count(const conf::MainSettings& settings) {
  if (settings.worker_processes && *settings.worker_processes == "auto")
    return std::max(1u, std::thread::hardware_concurrency());
  return static_cast<unsigned>(std::max<std::int64_t>(1, number_of(settings.worker_processes, 1)));
}

int run_worker(const WorkerStart& start) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  auto read = conf::interpret(*start.reading);
  if (!read) return 2;
  const conf::MainSettings settings = read->model.main;
  const unsigned threads_wanted = thread_count(settings);
  raise_file_limit(settings);
  if (settings.worker_rlimit_core) {
    const auto most = static_cast<rlim_t>(settings.worker_rlimit_core->bytes);
    const rlimit limit{most, most};
    if (::setrlimit(RLIMIT_CORE, &limit) != 0)
      std::fprintf(stderr, "nginx: [alert] %s\n", system_error("setrlimit(RLIMIT_CORE) failed").text().c_str());
  }
  if (settings.worker_priority)
    ::setpriority(PRIO_PROCESS, 0, static_cast<int>(number_of(settings.worker_priority, 0)));
  if (auto dropped = drop_rights(settings); !dropped) {
    std::fprintf(stderr, "nginx: [emerg] %s\n", dropped.error().text().c_str());
    return 2;
  }
  if (settings.working_directory && ::chdir(settings.working_directory->c_str()) != 0) {
    std::fprintf(stderr, "nginx: [alert] %s\n",
                 system_error("chdir(\"" + *settings.working_directory + "\") failed").text().c_str());
    return 2;
  }
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int each : {SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGWINCH, SIGHUP, SIGUSR2, SIGCHLD})
    ::sigaddset(&signals, each);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  const os::UniqueFd signal_fd(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));

  const auto contexts = make_tls(*start.tls);
  if (!contexts) {
    std::fprintf(stderr, "nginx: [emerg] %s\n", contexts.error().text().c_str());
    return 2;
  }
  Counters counters;
  SharedZones zones(read->model.http.zones, read->model.upstreams);
  zones.take_over(start.counted);
  std::vector<std::unique_ptr<ServerThread>> threads;
  // The last who accepts closes what they share.
  std::atomic<unsigned> accepting{threads_wanted};
  const auto accepts_no_more = [&start, &accepting] {
    if (--accepting > 0) return;
    for (const ListenPoint& point : start.points) ::close(point.fd);
  };
  for (unsigned i = 0; i < threads_wanted; ++i) {
    if (i > 0) read = conf::interpret(*start.reading);  // The first one has been read above.
    auto thread = ServerThread::create(
        {.model = std::move(read->model),
         .place = {.prefix = start.prefix,
                   .folder = start.folder,
                   .default_error_log = start.error_log,
                   .default_access_log = start.access_log,
                   .counters = &counters,
                   .log_files = start.log_files,
                   .zones = &zones,
                   .chain = start.chain,
                   .chain_names_only = start.chain_names_only,
                   .tls = &*contexts},
         .points = start.points,
         .connections_max = static_cast<std::uint32_t>(number_of(settings.worker_connections, kConnections)),
         .threads = threads_wanted,
         .accepts_no_more = accepts_no_more});
    if (!thread) {
      std::fprintf(stderr, "nginx: [emerg] %s\n", thread.error().text().c_str());
      return 2;
    }
    threads.push_back(std::move(*thread));
  }
  const auto grace_ms = settings.worker_shutdown_timeout
                            ? static_cast<std::uint64_t>(settings.worker_shutdown_timeout->count())
                            : std::uint64_t{0};
  SignalWatcher watcher(signal_fd.get(), [&](int signal) {
    switch (signal) {
      case SIGTERM:
      case SIGINT:
        for (const auto& thread : threads) thread->stop(true, 0);
        break;
      case SIGQUIT:
        for (const auto& thread : threads) thread->stop(false, grace_ms);
        break;
      case SIGUSR1:
        if (auto opened = start.log_files->reopen(); !opened)
          threads.front()->site().error_logs().line(Level::kEmerg, opened.error().text());
        break;
      case SIGWINCH:
        leave_legacy(start, zones);
        break;
      default:
        break;
    }
  });
  if (!threads.front()->loop().poller().add_source(signal_fd.get(), static_cast<Watcher*>(&watcher))) return 2;
  const char byte = 1;
  if (::write(start.ready, &byte, 1) != 1) return 2;  // The master is gone.
  ::close(start.ready);

  std::vector<std::thread> others;
  for (unsigned i = 1; i < threads_wanted; ++i) {
    others.emplace_back([&, i] {
      pin(settings.worker_cpu_affinity, i);
      threads[i]->run();
    });
  }
  pin(settings.worker_cpu_affinity, 0);
  threads.front()->run();
  for (std::thread& other : others) other.join();
  return 0;
}

}  // namespace tierce::nginx

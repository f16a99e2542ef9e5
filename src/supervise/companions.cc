#include "supervise/companions.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <climits>
#include <utility>

namespace tierce::supervise {
namespace {

using os::LogLevel;
using namespace std::chrono_literals;

constexpr auto kLookInterval = 1s;

std::int64_t time_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return 0;
  return info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec;
}

struct SignalMeaning {
  int number;
  Command command;
};
// "15 gracefully_kill_them_all"
Result<SignalMeaning> meaning_of(const std::string& argument) {
  const std::size_t blank = argument.find(' ');
  int number = 0;
  const char* end = argument.data() + std::min(blank, argument.size());
  const auto [stopped, error] = std::from_chars(argument.data(), end, number);
  if (error != std::errc() || stopped != end || blank == std::string::npos)
    return fail(Error(fmt::format("unix_signal:{}: expects a signal's number and a function", argument)));
  if (number <= 0 || number >= NSIG || number == SIGKILL || number == SIGSTOP || number == SIGCHLD)
    return fail(Error(fmt::format("unix_signal:{}: no signal that can be given a meaning", argument)));
  const auto command = command_of_function(argument.substr(blank + 1));
  if (!command) return fail(Error(fmt::format("unix_signal:{}: no such function", argument)));
  return SignalMeaning{number, *command};
}

}  // namespace

Result<void> Companions::open(const config::AroundSettings& settings, const os::Identity& identity,
                              const os::ErrorLog& log, Server server) {
  settings_ = settings;
  identity_ = identity;
  log_ = &log;
  server_ = std::move(server);
  auto daemons = Daemons::create(settings.daemons, identity, std::chrono::seconds(settings.stop_mercy));
  if (!daemons) return fail(std::move(daemons).error());
  daemons_ = std::move(*daemons);
  crons_ = CronJobs(settings.crons);
  for (const config::HookSettings& hook : settings.hooks) {
    if (hook.action != "unix_signal") continue;
    auto meaning = meaning_of(hook.argument);
    if (!meaning) return fail(std::move(meaning).error().during("hook-" + hook.phase));
    by_signal_[meaning->number] = meaning->command;
  }
  for (const config::HookSettings& hook : hooks("touch")) touched_.push_back({hook.touched, time_of(hook.touched)});
  if (!settings.stats.empty()) {
    auto opened = StatsServer::open(settings.stats, settings.stats_http);
    if (!opened) return fail(std::move(opened).error());
    stats_server_ = std::move(*opened);
    if (const std::string& path = stats_server_.socket().unlink_at_exit; !path.empty()) {
      if (auto given = os::give_path(path, identity); !given) return given;
    }
    log.line(LogLevel::kInfo, fmt::format("Stats server enabled on {}", stats_server_.socket().url()));
  }
  if (!settings.fifos.empty()) {
    auto fifo = MasterFifo::open(settings.fifos, identity);
    if (!fifo) return fail(std::move(fifo).error());
    fifo_ = std::move(*fifo);
  }
  return {};
}

CommandHome Companions::home() const {
  return {.identity = identity_, .output = log_->path() == "-" ? -1 : log_->fd(), .log = log_, .keeper = &keeper_};
}

void Companions::start() {
  if (std::exchange(started_, true)) return;
  if (!touched_.empty()) next_touch_look_ = monotonic_now() + kLookInterval;
  if (daemons_.empty() && crons_.empty()) return;
  auto keeper = os::GroupKeeper::start();
  if (keeper) {
    keeper_ = std::move(*keeper);
  } else {
    log_->line(LogLevel::kError, std::move(keeper).error().during("starting the keeper of daemons").text());
  }
  daemons_.start(home(), monotonic_now());
  crons_.begin();
}

void Companions::add_sources(Sources& sources) {
  stats_server_.add_sources(sources, [this] { return stats(); });
  fifo_.add_source(sources, [this](char letter) { read_letter(letter); });
}

TimePoint Companions::next_deadline() const {
  return std::min({daemons_.next_deadline(), crons_.next_deadline(::time(nullptr), monotonic_now()),
                   stats_server_.next_deadline(), next_touch_look_});
}

void Companions::tick(TimePoint now) {
  daemons_.tick(home(), now);
  crons_.tick(home(), ::time(nullptr), now);
  stats_server_.drop_slow(now);
  if (now >= next_touch_look_) look_at_touched(now);
}

void Companions::look_at_touched(TimePoint now) {
  next_touch_look_ = now + kLookInterval;
  const auto hooks_of_touch = hooks("touch");
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    const std::int64_t time = time_of(touched_[i].path);
    if (time == touched_[i].time) continue;
    touched_[i].time = time;
    log_->line(LogLevel::kInfo, fmt::format("{} has been touched", touched_[i].path));
    const config::HookSettings& hook = hooks_of_touch[i];
    if (const auto command = hook.action == "obey" ? command_of_function(hook.argument) : std::nullopt) {
      server_.obey(*command);
    } else {
      when_done({hook}, [](bool) {});
    }
  }
}

bool Companions::reaped(pid_t pid, int status) {
  if (const auto hook = running_hooks_.find(pid); hook != running_hooks_.end()) {
    const auto then = std::move(hook->second);
    running_hooks_.erase(hook);
    then(status == 0);
    return true;
  }
  const bool ours = daemons_.ended(home(), pid, status, monotonic_now()) || crons_.ended(home(), pid, status);
  if (daemons_.essential_ended() && !essential_end_told_) {
    essential_end_told_ = true;
    log_->line(LogLevel::kError, "A control daemon has ended: stopping");
    server_.obey(Command::kStop);
  }
  return ours || pid == keeper_.pid();
}

void Companions::restart_daemons() { daemons_.restart(home(), monotonic_now()); }

void Companions::let_go() {
  keeper_.close();
  fifo_.close();
  stats_server_ = StatsServer();
}

void Companions::finish(int signal_fd) {
  if (log_ == nullptr) return;
  if (const std::string& path = stats_server_.socket().unlink_at_exit; !path.empty()) ::unlink(path.c_str());
  stats_server_ = StatsServer();
  fifo_.unlink();
  TimePoint now = monotonic_now();
  daemons_.stop(home(), now);
  crons_.stop(home(), now, std::chrono::seconds(settings_.stop_mercy));
  for (;;) {
    int status = 0;
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) reaped(pid, status);
    if (daemons_.stopped() && crons_.stopped()) break;
    now = monotonic_now();
    daemons_.tick(home(), now);
    crons_.tick(home(), ::time(nullptr), now);
    const TimePoint next = std::min(daemons_.next_deadline(), crons_.next_deadline(::time(nullptr), now));
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next - now).count();
    pollfd wake{signal_fd, POLLIN, 0};
    ::poll(&wake, 1, static_cast<int>(std::clamp<std::int64_t>(left + 1, 1, 1000)));
    signalfd_siginfo info;
    while (::read(signal_fd, &info, sizeof info) == sizeof info) {
    }
  }
  keeper_.close();
  if (keeper_.pid() > 0) ::waitpid(keeper_.pid(), nullptr, 0);
}

void Companions::read_letter(char letter) {
  if (letter == '\n' || letter == '\r' || letter == ' ') return;
  if (letter >= '0' && letter <= '9') {
    auto path = fifo_.choose(static_cast<std::size_t>(letter - '0'));
    log_->line(path ? LogLevel::kInfo : LogLevel::kError,
               path ? fmt::format("The master fifo is now {}", *path) : path.error().text());
    return;
  }
  const auto command = command_of_letter(letter);
  if (!command || *command == Command::kNotThere) {
    log_->line(LogLevel::kWarning,
               fmt::format("Master fifo: '{}' {}", letter, command ? "is not supported" : "is no command"));
    return;
  }
  log_->line(LogLevel::kInfo, fmt::format("Master fifo: '{}'", letter));
  server_.obey(*command);
}

std::optional<Command> Companions::command_of_signal(int number) const {
  const auto found = by_signal_.find(number);
  return found == by_signal_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<int> Companions::signals() const {
  std::vector<int> numbers;
  for (const auto& [number, command] : by_signal_) numbers.push_back(number);
  return numbers;
}

void Companions::when_done(const std::vector<config::HookSettings>& hooks, std::function<void(bool)> then) {
  if (hooks.empty()) return then(true);
  auto pid = run_hooks_aside(hooks, identity_, *log_);
  if (!pid) {
    log_->line(LogLevel::kError, std::move(pid).error().during("hook-" + hooks.front().phase).text());
    return then(false);
  }
  running_hooks_[*pid] = std::move(then);
}

std::vector<config::HookSettings> Companions::accepting_hooks(std::uint32_t place, bool first_time) const {
  std::vector<config::HookSettings> all;
  const auto take = [&](std::string_view phase, bool wanted) {
    if (!wanted) return;
    for (config::HookSettings& hook : hooks(phase)) all.push_back(std::move(hook));
  };
  take("accepting", true);
  take("accepting1", place == 1);
  take("accepting-once", first_time);
  take("accepting1-once", place == 1 && first_time);
  return all;
}

std::string Companions::stats() const {
  Stats stats;
  stats.version = TIERCE_VERSION;
  stats.pid = ::getpid();
  stats.uid = identity_.uid;
  stats.gid = identity_.gid;
  char here[PATH_MAX];
  if (::getcwd(here, sizeof here) != nullptr) stats.cwd = here;
  stats.daemons = daemons_.stats();
  stats.crons = crons_.stats();
  server_.fill_stats(stats);
  return stats_text(stats, {settings_.stats_minified, settings_.stats_without_threads});
}

}  // namespace tierce::supervise

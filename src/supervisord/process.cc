#include "supervisord/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "config/supervisord/env_file.h"
#include "config/supervisord/values.h"
#include "os/clock.h"
#include "os/socket_io.h"

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace tierce::supervisord {
namespace {

// One read takes what a pipe holds; a program that floods is read this often before others have their turn.
constexpr std::size_t kReadBytes = 64u << 10;
constexpr int kReadsAtOnce = 8;
// What is still taken from the pipe of a program that has ended; its children may hold it open and write for ever.
constexpr int kReadsAtEnd = 64;
constexpr std::size_t kStdinPendingMax = 16u << 20;

struct Pipe {
  os::UniqueFd read;
  os::UniqueFd write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(errno_error("pipe"));
  return Pipe{os::UniqueFd(ends[0]), os::UniqueFd(ends[1])};
}

void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

void set_variable(std::vector<std::string>& all, std::string_view name, std::string_view value) {
  std::erase_if(all, [&](const std::string& entry) {
    return entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=';
  });
  all.push_back(fmt::format("{}={}", name, value));
}

std::string auto_log(const conf::Settings& settings, const std::string& name, const char* channel) {
  std::string path = fmt::format("{}/{}-{}---{}-XXXXXX.log", settings.childlogdir, name, channel, settings.identifier);
  const os::UniqueFd fd(::mkostemps(path.data(), 4, O_CLOEXEC));
  return fd ? path : std::string();
}

}  // namespace

std::string describe_wait_status(int status) {
  if (WIFEXITED(status)) return fmt::format("exit status {}", WEXITSTATUS(status));
  if (WIFSIGNALED(status)) {
    return fmt::format("terminated by {}{}", conf::signal_name(WTERMSIG(status)),
                       WCOREDUMP(status) ? " (core dumped)" : "");
  }
  return fmt::format("unknown termination cause {:#06x}", status);
}

Process::Process(World& world, std::string group, const conf::ProcessSettings& settings, Kind kind)
    : world_(world), group_(std::move(group)), settings_(settings), kind_(kind), state_(settings_) {
  out_.rules = &settings_.out;
  err_.rules = &settings_.err;
  err_.errors = true;
  for (Channel* channel : {&out_, &err_}) {
    using OutputKind = conf::OutputSettings::Kind;
    if (channel->rules->kind == OutputKind::kFile) channel->path = channel->rules->path;
    if (channel->rules->kind == OutputKind::kAuto)
      channel->path = auto_log(*world_.settings, name(), channel->errors ? "stderr" : "stdout");
  }
}

Process::~Process() { close_pipes(); }

Result<Executable, CommandError> Process::executable() const {
  return find_executable(settings_.command, search_path());
}

std::string Process::search_path() const {
  for (const auto& [name, value] : settings_.environment) {
    if (name == "PATH") return value;
  }
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): one thread
  return path != nullptr ? path : "/bin:/usr/bin:/usr/local/bin";
}

bool Process::has_ended() const { return state_.has_ended() && !start_when_stopped_; }

bool Process::may_start_itself(bool may_start) const {
  return may_start && (settings_.depends_on.empty() || world_.dependencies_up(settings_));
}

Result<std::vector<std::string>> Process::environment() const {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  set_variable(all, "SUPERVISOR_ENABLED", "1");
  const std::string& url = settings_.serverurl.empty() ? world_.server_url : settings_.serverurl;
  if (!url.empty()) set_variable(all, "SUPERVISOR_SERVER_URL", url);
  set_variable(all, "SUPERVISOR_PROCESS_NAME", name());
  set_variable(all, "SUPERVISOR_GROUP_NAME", group_);
  for (const std::string& path : settings_.env_files) {
    const auto pairs = conf::read_env_file(path);
    if (!pairs) return fail(Error(pairs.error().text()));
    for (const auto& [name, value] : *pairs) set_variable(all, name, value);
  }
  for (const auto& [name, value] : settings_.environment) set_variable(all, name, value);
  return all;
}

std::string Process::event_head() const { return fmt::format("processname:{} groupname:{}", name(), group_); }

void Process::announce(const Change& change) {
  std::string payload = fmt::format("{} from_state:{}", event_head(), name_of(change.from));
  if (change.to == State::kStarting || change.to == State::kBackoff) payload += fmt::format(" tries:{}", change.tries);
  if (change.to == State::kExited) payload += fmt::format(" expected:{:d}", change.expected);
  if (change.to == State::kRunning || change.to == State::kStopping || change.to == State::kStopped ||
      change.to == State::kExited)
    payload += fmt::format(" pid:{}", pid_);
  world_.events->notify(fmt::format("PROCESS_STATE_{}", name_of(change.to)), payload);
}

void Process::tell(Note note, std::string_view how) {
  ActivityLog& log = *world_.log;
  switch (note) {
    case Note::kNone:
      return;
    case Note::kEnteredRunning:
      return log.info(
          fmt::format("success: {} entered RUNNING state, process has stayed up for > than {} seconds (startsecs)",
                      name(), settings_.startsecs));
    case Note::kGaveUp:
      return log.info(fmt::format("gave up: {} entered FATAL state, too many start retries too quickly", name()));
    case Note::kExitedTooQuickly:
      spawn_error_ = "Exited too quickly (process log may have details)";
      return log.warn(fmt::format("exited: {} ({}; not expected)", name(), how));
    case Note::kExitedExpected:
      return log.info(fmt::format("exited: {} ({}; expected)", name(), how));
    case Note::kExitedUnexpected:
      spawn_error_ = fmt::format("Bad exit code {}", exit_status_);
      return log.warn(fmt::format("exited: {} ({}; not expected)", name(), how));
    case Note::kStopped: {
      const auto& codes = settings_.exitcodes;
      const bool expected = std::find(codes.begin(), codes.end(), exit_status_) != codes.end();
      return log.line(expected ? conf::Level::kInfo : conf::Level::kWarn, fmt::format("stopped: {} ({})", name(), how));
    }
  }
}

void Process::apply(const Step& step, TimePoint now) {
  for (const Change& change : step.changes) announce(change);
  tell(step.note, {});
  switch (step.action) {
    case Action::kNothing:
      return;
    case Action::kSpawn:
      return spawn_now(now);
    case Action::kSendStop:
      return send_stop(settings_.stopsignal, settings_.stopasgroup, now);
    case Action::kSendKill:
      world_.log->warn(fmt::format("killing '{}' ({}) with SIGKILL", name(), pid_));
      return send_stop(SIGKILL, settings_.killasgroup, now);
  }
}

void Process::start(TimePoint now) {
  start_when_stopped_ = false;
  apply(state_.start(now), now);
}

void Process::stop(TimePoint now) {
  start_when_stopped_ = false;
  apply(state_.stop(now), now);
}

void Process::restart(TimePoint now) {
  stop(now);
  if (is_stopped(state())) return start(now);
  start_when_stopped_ = true;
}
void Process::tick(TimePoint now, bool may_start) {
  if (start_when_stopped_ && may_start && is_stopped(state())) start(now);
  apply(state_.tick(now, may_start_itself(may_start)), now);
  for (Channel* channel : {&out_, &err_}) {
    if (channel->log.has_pending()) channel->log.flush();
    if (!channel->paused || channel->log.congested()) continue;
    channel->paused = false;
    if (channel->fd) world_.loop->change(channel->fd.get(), {.readable = true, .writable = false});
  }
}

TimePoint Process::deadline(bool may_start) const {
  const TimePoint due = state_.deadline(may_start_itself(may_start));
  // A pipe that did not take everything is asked again.
  if (!out_.log.has_pending() && !err_.log.has_pending()) return due;
  return std::min(due, TimePoint(static_cast<std::int64_t>(os::monotonic_ns())) + std::chrono::milliseconds(20));
}

void Process::spawn_failed(TimePoint now, std::string why) {
  world_.log->info("spawnerr: " + why);
  spawn_error_ = std::move(why);
  apply(state_.spawn_failed(now), now);
}

void Process::spawn_now(TimePoint now) {
  spawn_error_.clear();
  exit_status_ = 0;
  started_ = os::wall_seconds();
  auto found = executable();
  if (!found) return spawn_failed(now, found.error().text);
  auto variables = environment();
  if (!variables) return spawn_failed(now, variables.error().text());
  auto input = make_pipe();
  auto output = make_pipe();
  auto errors = settings_.redirect_stderr ? Result<Pipe>(Pipe{}) : make_pipe();
  if (!input || !output || !errors) {
    return spawn_failed(now, errno == EMFILE ? fmt::format("too many open files to spawn '{}'", name())
                                             : fmt::format("unknown error making dispatchers for '{}': {}", name(),
                                                           ::strerrorname_np(errno)));
  }
  SpawnPlan plan;
  plan.executable = std::move(*found);
  plan.environment = std::move(*variables);
  plan.user = settings_.user;
  plan.directory = settings_.directory;
  plan.umask = settings_.umask;
  plan.input = fcgi_socket_ >= 0 ? fcgi_socket_ : input->read.get();
  plan.output = output->write.get();
  plan.errors = settings_.redirect_stderr ? plan.output : errors->write.get();
  plan.keeper = world_.keeper;
  auto pid = spawn(plan);
  if (!pid) {
    return spawn_failed(
        now, errno == EAGAIN ? fmt::format("Too many processes in process table to spawn '{}'", name())
                             : fmt::format("unknown error during fork for '{}': {}", name(), ::strerrorname_np(errno)));
  }
  pid_ = *pid;
  world_.log->info(fmt::format("spawned: '{}' with pid {}", name(), pid_));
  protocol_ = ListenerProtocol();
  if (fcgi_socket_ < 0) {
    stdin_ = std::move(input->write);
    set_nonblocking(stdin_.get());
  }
  open_channel(out_, std::move(output->read));
  if (!settings_.redirect_stderr) open_channel(err_, std::move(errors->read));
}

void Process::open_channel(Channel& channel, os::UniqueFd fd) {
  const bool listener_output = kind_ == Kind::kListener && !channel.errors;
  if (!channel.path.empty()) {
    auto opened = channel.log.open(channel.path, channel.rules->maxbytes, channel.rules->backups);
    if (!opened) world_.log->error(fmt::format("{}: {}", name(), opened.error().text()));
  }
  channel.filter = std::make_unique<OutputFilter>(world_.settings->strip_ansi && !listener_output,
                                                  listener_output ? 0 : channel.rules->capture_maxbytes);
  channel.paused = false;
  channel.fd = std::move(fd);
  set_nonblocking(channel.fd.get());
  world_.loop->watch(channel.fd.get(), {}, [this, &channel] { read_channel(channel); });
}

void Process::read_channel(Channel& channel) {
  static std::array<char, kReadBytes> bytes;  // One thread; too large for a stack that may be small.
  for (int i = 0; i < kReadsAtOnce && channel.fd; ++i) {
    const ssize_t got = ::read(channel.fd.get(), bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      // It has closed it; whether it goes on without is its own affair.
      world_.loop->forget(channel.fd.get());
      channel.fd = os::UniqueFd();
      return;
    }
    take_output(channel, {bytes.data(), static_cast<std::size_t>(got)});
    if (channel.log.congested() && channel.fd) {
      channel.paused = true;
      world_.loop->change(channel.fd.get(), {.readable = false, .writable = false});
      return;
    }
    if (static_cast<std::size_t>(got) < bytes.size()) return;
  }
}

void Process::take_output(Channel& channel, std::string_view bytes) {
  if (kind_ == Kind::kListener && !channel.errors) {
    channel.log.write(bytes);
    return take_listener_output(bytes);
  }
  channel.filter->feed(
      bytes, [&](std::string_view part) { log_output(channel, part); },
      [&](std::string_view message) {
        const char* which = channel.errors ? "STDERR" : "STDOUT";
        world_.events->notify(fmt::format("PROCESS_COMMUNICATION_{}", which),
                              fmt::format("{} pid:{}\n{}", event_head(), pid_, message));
      });
}

void Process::log_output(Channel& channel, std::string_view bytes) {
  channel.log.write(bytes);
  const char* which = channel.errors ? "stderr" : "stdout";
  if (world_.log->wants(conf::Level::kDebug))
    world_.log->debug(fmt::format("'{}' {} output:\n{}", name(), which, bytes));
  if (channel.rules->syslog) write_syslog(bytes);
  if (channel.rules->events_enabled) {
    world_.events->notify(channel.errors ? "PROCESS_LOG_STDERR" : "PROCESS_LOG_STDOUT",
                          fmt::format("{} pid:{} channel:{}\n{}", event_head(), pid_, which, bytes));
  }
}

void Process::write_syslog(std::string_view bytes) const {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string line(bytes.substr(0, end));
    if (!line.empty()) ::syslog(LOG_INFO, "%s %s", name().c_str(), line.c_str());
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  }
}

void Process::take_listener_output(std::string_view bytes) {
  const ListenerState before = protocol_.state();
  protocol_.feed(bytes, [this](std::string_view payload) {
    const EventPtr event = std::exchange(event_, nullptr);
    if (payload == "OK") {
      world_.log->debug(fmt::format("{}: event was processed", name()));
      return;
    }
    world_.log->warn(fmt::format("{}: event was rejected", name()));
    if (event && on_rejected) on_rejected(event);
  });
  if (protocol_.state() == before) return;
  world_.log->debug(fmt::format("{}: {} -> {}", name(), name_of(before), name_of(protocol_.state())));
  if (protocol_.state() != ListenerState::kUnknown) return;
  world_.log->warn(
      fmt::format("{}: has entered the UNKNOWN state and will no longer receive events, this usually "
                  "indicates the process violated the eventlistener protocol (it said \"{}\")",
                  name(), protocol_.offence()));
  if (const EventPtr event = std::exchange(event_, nullptr); event && on_rejected) on_rejected(event);
}

bool Process::give_event(const EventPtr& event, const std::string& envelope) {
  if (!takes_events() || !write_stdin(envelope)) return false;
  event_ = event;
  protocol_.event_sent();
  return true;
}

bool Process::write_stdin(std::string_view bytes) {
  if (pid_ == 0 || !stdin_ || stdin_pending_.size() + bytes.size() > kStdinPendingMax) return false;
  stdin_pending_ += bytes;
  flush_stdin();
  return static_cast<bool>(stdin_);
}

void Process::flush_stdin() {
  while (!stdin_pending_.empty()) {
    const ssize_t wrote = ::write(stdin_.get(), stdin_pending_.data(), stdin_pending_.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && errno == EAGAIN) {
      world_.loop->watch(stdin_.get(), {.readable = false, .writable = true}, [this] { flush_stdin(); });
      return;
    }
    if (wrote < 0) {
      world_.loop->forget(stdin_.get());
      stdin_ = os::UniqueFd();
      stdin_pending_.clear();
      return;
    }
    stdin_pending_.erase(0, static_cast<std::size_t>(wrote));
  }
  world_.loop->forget(stdin_.get());
}

void Process::send_stop(int number, bool as_group, TimePoint now) {
  world_.log->debug(fmt::format("killing {} (pid {}) {}with signal {}", name(), pid_, as_group ? "process group " : "",
                                conf::signal_name(number)));
  if (::kill(as_group ? -pid_ : pid_, number) == 0) return;
  if (errno == ESRCH) {
    return world_.log->debug(
        fmt::format("unable to signal {} (pid {}), it probably just exited on its own", name(), pid_));
  }
  world_.log->critical(fmt::format("unknown problem killing {} ({}): {}", name(), pid_, std::strerror(errno)));
  apply(state_.stop_failed(), now);
}

std::string Process::signal(int number) {
  world_.log->debug(fmt::format("sending {} (pid {}) sig {}", name(), pid_, conf::signal_name(number)));
  if (pid_ == 0)
    return fmt::format("attempted to send {} sig {} but it wasn't running", name(), conf::signal_name(number));
  if (::kill(pid_, number) == 0 || errno == ESRCH) return {};
  return fmt::format("unknown problem sending sig {} ({}): {}", name(), pid_, std::strerror(errno));
}

void Process::reaped(TimePoint now, int wait_status) {
  for (Channel* channel : {&out_, &err_}) {
    for (int i = 0; i < kReadsAtEnd / kReadsAtOnce && channel->fd; ++i) read_channel(*channel);
    if (channel->filter) channel->filter->end([&](std::string_view part) { log_output(*channel, part); });
  }
  stopped_ = os::wall_seconds();
  const int code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
  exit_status_ = code;
  Step step = state_.exited(now, code);
  if (step.note == Note::kExitedTooQuickly) exit_status_ = 0;
  tell(std::exchange(step.note, Note::kNone), describe_wait_status(wait_status));
  apply(step, now);
  pid_ = 0;
  close_pipes();
  if (const EventPtr event = std::exchange(event_, nullptr); event && on_rejected) on_rejected(event);
}

void Process::close_pipes() {
  for (Channel* channel : {&out_, &err_}) {
    if (channel->fd) world_.loop->forget(channel->fd.get());
    channel->fd = os::UniqueFd();
  }
  if (stdin_) world_.loop->forget(stdin_.get());
  stdin_ = os::UniqueFd();
  stdin_pending_.clear();
}

void Process::clear_logs() {
  out_.log.clear();
  err_.log.clear();
}

void Process::reopen_logs() {
  out_.log.reopen();
  err_.log.reopen();
}

}  // namespace tierce::supervisord

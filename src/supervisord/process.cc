#include "supervisord/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "config/supervisord/env_file.h"
#include "config/supervisord/values.h"
#include "os/build_id.h"
#include "os/clock.h"
#include "os/process_title.h"
#include "os/real_path.h"
#include "supervisord/chain.h"
#include "supervisord/wait_status.h"

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace tierce::supervisord {
namespace {

struct Pipe {
  os::UniqueFd read;
  os::UniqueFd write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(errno_error("pipe"));
  return Pipe{os::UniqueFd(ends[0]), os::UniqueFd(ends[1])};
}

void set_variable(std::vector<std::string>& all, std::string_view name, std::string_view value) {
  std::erase_if(all, [&](const std::string& entry) {
    return entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=';
  });
  all.push_back(fmt::format("{}={}", name, value));
}

}  // namespace

LineFormat Process::line_format(const char* stream) const {
  return {settings_.log_format, full_name(), stream, &os::wall_microseconds};
}

OutputChannel::Hooks Process::hooks(bool errors) {
  OutputChannel::Hooks hooks;
  hooks.logged = [this, errors](std::string_view bytes) { output_logged(errors, bytes); };
  hooks.captured = [this, errors](std::string_view message) {
    world_.events->notify(fmt::format("PROCESS_COMMUNICATION_{}", errors ? "STDERR" : "STDOUT"),
                          fmt::format("{} pid:{}\n{}", event_head(), pid_, message));
  };
  if (kind_ == Kind::kListener && !errors)
    hooks.protocol = [this](std::string_view bytes) { take_listener_output(bytes); };
  return hooks;
}

Process::Process(World& world, std::string group, const conf::ProcessSettings& settings, Kind kind)
    : world_(world),
      group_(std::move(group)),
      settings_(settings),
      kind_(kind),
      state_(settings_),
      out_(world_, settings_.out, name(), "stdout", line_format("stdout"), hooks(false)),
      err_(world_, settings_.err, name(), "stderr", line_format("stderr"), hooks(true)),
      stdin_(*world_.loop),
      health_(world_, settings_.health) {
  if (settings_.cgroup || settings_.memory_max > 0) open_cgroup();
}

Process::~Process() = default;

Result<Executable, CommandError> Process::executable() const {
  auto found = find_executable(settings_.command, search_path());
  if (found) return found;
  // A role needs no program of its own.
  const auto program = role();
  if (program.role == config::chain::ProgramRole::kOther) return found;
  return Executable{program.path, program.arguments};
}

config::chain::Program Process::role() const {
  if (world_.chain == nullptr) return {};
  auto program = config::chain::read_program(settings_.command);
  if (program.role == config::chain::ProgramRole::kOther || !world_.chain->rules().links_only) return program;
  const auto found = find_executable(program.path, search_path());
  if (!found || !program.python.empty() || !os::is_this_program(found->file)) return {};
  return program;
}

bool Process::is_graceful_edge() const {
  return settings_.stopsignal == SIGQUIT && role().role == config::chain::ProgramRole::kNginx;
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
      tell_chain_of_failure();
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
  if (world_.chain != nullptr) world_.chain->start_asked(full_name());
  apply(state_.start(now), now);
}

void Process::stop(TimePoint now) {
  start_when_stopped_ = false;
  apply(state_.stop(now), now);
}

void Process::stop_at_once(TimePoint now) {
  if (is_running(state())) stop(now);
  state_.hurry(now);
}

void Process::restart(TimePoint now) {
  stop(now);
  if (is_stopped(state())) return start(now);
  start_when_stopped_ = true;
}
void Process::tick(TimePoint now, bool may_start) {
  if (start_when_stopped_ && may_start && is_stopped(state())) start(now);
  apply(state_.tick(now, may_start_itself(may_start)), now);
  out_.tick();
  err_.tick();
  look_at_health(now);
}

TimePoint Process::deadline(bool may_start) const {
  const TimePoint due = std::min(state_.deadline(may_start_itself(may_start)), health_.deadline());
  // A pipe that did not take everything is asked again.
  if (!out_.has_pending() && !err_.has_pending()) return due;
  return std::min(due, TimePoint(static_cast<std::int64_t>(os::monotonic_ns())) + std::chrono::milliseconds(20));
}

void Process::spawn_failed(TimePoint now, std::string why) {
  world_.log->info("spawnerr: " + why);
  spawn_error_ = std::move(why);
  tell_chain_of_failure();
  apply(state_.spawn_failed(now), now);
}

void Process::spawn_now(TimePoint now) {
  spawn_error_.clear();
  exit_status_ = 0;
  started_ = os::wall_seconds();
  auto planned = plan();
  if (!planned) return spawn_failed(now, planned.error().text());
  auto input = make_pipe();
  auto output = make_pipe();
  auto errors = settings_.redirect_stderr ? Result<Pipe>(Pipe{}) : make_pipe();
  if (!input || !output || !errors) {
    return spawn_failed(now, errno == EMFILE ? fmt::format("too many open files to spawn '{}'", name())
                                             : fmt::format("unknown error making dispatchers for '{}': {}", name(),
                                                           ::strerrorname_np(errno)));
  }
  planned->input = fcgi_socket_ >= 0 ? fcgi_socket_ : input->read.get();
  planned->output = output->write.get();
  planned->errors = settings_.redirect_stderr ? planned->output : errors->write.get();
  const os::UniqueFd chain = take_role(*planned);
  planned->chain = chain.get();
  auto pid = spawn(*planned);
  planned->chain = -1;
  planned->body = nullptr;
  if (!pid) {
    return spawn_failed(
        now, errno == EAGAIN ? fmt::format("Too many processes in process table to spawn '{}'", name())
                             : fmt::format("unknown error during fork for '{}': {}", name(), ::strerrorname_np(errno)));
  }
  pid_ = *pid;
  world_.log->info(fmt::format("spawned: '{}' with pid {}", name(), pid_));
  protocol_ = ListenerProtocol();
  if (fcgi_socket_ < 0) stdin_.open(std::move(input->write));
  out_.open(std::move(output->read), pid_);
  if (!settings_.redirect_stderr) err_.open(std::move(errors->read), pid_);
  if (settings_.health.any()) health_.begin(now, std::move(*planned));
}

os::UniqueFd Process::take_role(SpawnPlan& plan) const {
  auto command = role();
  if (command.role == config::chain::ProgramRole::kOther) return {};
  for (const auto& [variable, value] : command.environment) set_variable(plan.environment, variable, value);
  // A program of a virtual environment uses that environment's interpreter.
  const std::string& named = command.python.empty() ? plan.executable.file : command.python;
  const std::string bin = named.substr(0, named.rfind('/') + 1);
  if (!bin.empty() && ::access((bin + "../pyvenv.cfg").c_str(), F_OK) == 0 &&
      ::access((bin + "python").c_str(), X_OK) == 0) {
    set_variable(plan.environment, "VIRTUAL_ENV", os::real_path(bin + ".."));
  } else if (!command.python.empty()) {
    command.arguments.insert(command.arguments.begin(), "--python=" + command.python);
  }
  os::UniqueFd channel = world_.chain->begin(names(), command.role);
  if (channel) set_variable(plan.environment, gateway::kChainVariable, std::to_string(kChainFd));
  if (channel && !world_.chain->rules().fuses) set_variable(plan.environment, gateway::kChainNamesVariable, "1");
  std::vector<std::string> words = {std::string(name_of(command.role))};
  words.insert(words.end(), command.arguments.begin(), command.arguments.end());
  // Without an exec: what the program and its libraries have in memory is there once for the whole chain.
  plan.body = [words = std::move(words), play = world_.chain->rules().play, &environment = plan.environment] {
    ::clearenv();
    for (std::string& entry : environment) ::putenv(entry.data());
    std::vector<std::string> line = {os::real_path("/proc/self/exe")};
    line.insert(line.end(), words.begin(), words.end());
    os::set_process_title(fmt::format("{}", fmt::join(line, " ")));
    os::set_command_line(std::move(line));
    const int status = play(words);
    std::fflush(stdout);
    return status;
  };
  return channel;
}

Result<SpawnPlan> Process::plan() const {
  SpawnPlan plan;
  auto found = executable();
  if (!found) return fail(Error(found.error().text));
  auto variables = environment();
  if (!variables) return fail(std::move(variables).error());
  plan.executable = std::move(*found);
  plan.environment = std::move(*variables);
  plan.user = settings_.user;
  plan.directory = settings_.directory;
  plan.umask = settings_.umask;
  plan.keeper = world_.keeper;
  plan.cgroup_door = cgroup_.door();
  return plan;
}

void Process::open_cgroup() {
  // Where none can be made, resident memory is counted, and process groups are all there is.
  if (world_.cgroup_home.empty()) return;
  auto made = os::Cgroup::create(world_.cgroup_home, full_name());
  if (!made) return world_.log->warn(fmt::format("{}: no cgroup: {}", name(), made.error().text()));
  cgroup_ = std::move(*made);
  if (settings_.memory_max > 0) limited_ = cgroup_.limit_memory(settings_.memory_max);
}

void Process::look_at_health(TimePoint now) {
  if (!settings_.health.any()) return;
  using Verdict = HealthState::Verdict;
  switch (health_.tick(now)) {
    case Verdict::kNothing:
      return;
    case Verdict::kBecameReady:
      return world_.log->info(fmt::format("ready: {}", name()));
    case Verdict::kFailed:
      return world_.log->debug(fmt::format("not ready: {} ({})", name(), health_.reason()));
    case Verdict::kGiveUp:
      world_.log->warn(fmt::format("not healthy: {} ({}), it is restarted", name(), health_.reason()));
      return restart(now);
  }
}

std::string Process::health_note() const {
  if (!settings_.health.any()) return {};
  if (health_.is_ready() && health_.reason().empty()) return ", ready";
  return fmt::format(", {} ({})", health_.is_ready() ? "failing" : "not ready", health_.reason());
}

void Process::weighed(TimePoint now, std::uint64_t resident_bytes) {
  if (resident_bytes <= settings_.memory_max || !is_running(state())) return;
  world_.log->warn(fmt::format("memory_max: {} uses {} MB of {} MB, it is restarted", name(), resident_bytes >> 20,
                               settings_.memory_max >> 20));
  restart(now);
}

void Process::scheduled(TimePoint now) {
  if (is_stopped(state())) {
    world_.log->info(fmt::format("cron: {} is due", name()));
    return start(now);
  }
  world_.log->warn(fmt::format("cron: {} is due but still runs", name()));
}

void Process::output_logged(bool errors, std::string_view bytes) {
  const conf::OutputSettings& rules = errors ? settings_.err : settings_.out;
  const char* which = errors ? "stderr" : "stdout";
  if (world_.log->wants(conf::Level::kDebug))
    world_.log->debug(fmt::format("'{}' {} output:\n{}", name(), which, bytes));
  if (rules.syslog) write_syslog(bytes);
  if (rules.events_enabled) {
    world_.events->notify(errors ? "PROCESS_LOG_STDERR" : "PROCESS_LOG_STDOUT",
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

bool Process::write_stdin(std::string_view bytes) { return pid_ != 0 && stdin_.write(bytes); }

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
  out_.drain();
  err_.drain();
  health_.end();
  const State before = state();
  stopped_ = os::wall_seconds();
  const int code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
  exit_status_ = code;
  Step step = state_.exited(now, code);
  if (step.note == Note::kExitedTooQuickly) exit_status_ = 0;
  tell(std::exchange(step.note, Note::kNone), describe_wait_status(wait_status));
  apply(step, now);
  look_after_orphans(now, wait_status, before);
  pid_ = 0;
  tell_chain_of_end(now, before);
  close_pipes();
  if (const EventPtr event = std::exchange(event_, nullptr); event && on_rejected) on_rejected(event);
}

void Process::tell_chain_of_end(TimePoint now, State before) {
  if (world_.chain == nullptr) return;
  using Ending = Chain::Ending;
  const bool again = state() == State::kBackoff && state_.failed_starts() > 1;
  world_.chain->ended(full_name(), now,
                      before == State::kStopping ? Ending::kAsked
                      : again                    ? Ending::kAgain
                                                 : Ending::kByItself);
}

void Process::tell_chain_of_failure() {
  const auto program = role();
  if (program.role != config::chain::ProgramRole::kOther) world_.chain->gave_up(names(), program.role);
}

// A worker that outlives its master keeps the port that the next master needs. Who ended by itself, and for good, may
// have left something behind on purpose.
void Process::look_after_orphans(TimePoint now, int wait_status, State before) {
  if (settings_.cgroup) cgroup_.kill_all();
  TimePoint kill_at = TimePoint::max();
  const bool comes_again = state() == State::kBackoff || (state() == State::kExited && !state_.has_ended());
  if (settings_.kill_orphans && (WIFSIGNALED(wait_status) || comes_again)) {
    if (before == State::kStopping && WTERMSIG(wait_status) != SIGKILL) {
      // They are asked as the program was, and have as long as it had.
      if (!settings_.stopasgroup) ::kill(-pid_, settings_.stopsignal);
      kill_at = now + std::chrono::seconds(settings_.stopwaitsecs);
    } else {
      ::kill(-pid_, SIGKILL);
    }
  }
  world_.leftovers->add(pid_, kill_at);
}

void Process::close_pipes() {
  out_.close();
  err_.close();
  stdin_.close();
}

void Process::clear_logs() {
  out_.clear();
  err_.clear();
}

void Process::reopen_logs() {
  out_.reopen();
  err_.reopen();
}

}  // namespace tierce::supervisord

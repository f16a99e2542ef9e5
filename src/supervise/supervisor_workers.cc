// Zygotes and workers: asked for, attached to the edges, heard, reaped.
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <utility>

#include "os/service_manager.h"
#include "supervise/supervisor_process.h"

namespace tierce::supervise {
namespace {

using gateway::ControlMessage;
using gateway::FromWorker;
using gateway::FromZygote;
using gateway::ToEdge;
using gateway::ToZygote;
using os::LogLevel;

// Greenlets start at once what they are given: a few more slots are for what comes meanwhile.
constexpr std::uint32_t kSpareSlots = 64;
static_assert(config::kGreenletsMax + kSpareSlots <= gateway::kSlotsMax);

bool is_http(const config::BindAddress& bind) { return bind.protocol == config::WireProtocol::kHttp; }

gateway::MailboxShape shape_for(const config::RunSettings& settings, const std::vector<config::BindAddress>& binds) {
  gateway::MailboxShape shape;
  const std::uint32_t wanted = settings.in_greenlets ? settings.greenlets + kSpareSlots : 4 * settings.threads;
  shape.slots = std::bit_ceil(std::clamp(wanted, 64u, gateway::kSlotsMax));
  std::uint32_t head = sizeof(http::HeaderField) * settings.edge.fields_max + settings.edge.head_bytes_max;
  if (!std::all_of(binds.begin(), binds.end(), is_http)) {
    head = std::max<std::uint32_t>(
        head, sizeof(http::HeaderField) * http::kHeaderFieldsMax + settings.edge.variables_bytes_max);
  }
  const std::uint32_t request = head + settings.edge.body_buffer_bytes;
  const std::uint32_t added = settings.edge.routes.empty() ? 0 : gateway::kAddedVariablesBytes;
  shape.request_bytes = (request + added + 4096 + 4095) / 4096 * 4096;
  return shape;
}

}  // namespace

void Supervisor::change_workers(Event::Kind kind) {
  feed({.kind = kind});
  // Hooks of a Gunicorn configuration want to know.
  if (!settings_.gunicorn) return;
  tell_zygotes({.kind = static_cast<std::uint32_t>(ToZygote::kWorkers), .number = pool_.target()});
}

void Supervisor::tell_zygotes(const ControlMessage& message, std::span<const int> descriptors) {
  for (auto& [generation, zygote] : zygotes_) {
    if (zygote.control) static_cast<void>(zygote.control.send(message, descriptors));
  }
}

void Supervisor::reap() {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return;
    if (pid == edge_pid_) {
      edge_pid_ = 0;
      read_edge();  // What it said last.
      edge_control_.close();
      edge_ended(status);
      continue;
    }
    const auto zygote =
        std::find_if(zygotes_.begin(), zygotes_.end(), [&](const auto& z) { return z.second.pid == pid; });
    if (zygote != zygotes_.end()) {
      const std::uint32_t generation = zygote->first;
      zygote->second.reaped = true;
      // What it said before it ended counts: a failed import, the ends of workers.
      read_zygote(generation);
      read_watch_list(generation);
      zygotes_.erase(generation);
      bury_unreported(generation);
      feed({.kind = Event::Kind::kZygoteDied, .generation = generation, .status = status});
      continue;
    }
    if (succession_.reaped(pid)) {
      log_.line(LogLevel::kWarning,
                fmt::format("The new master (pid: {}) {}: this one goes on", pid, describe_wait_status(status)));
      continue;
    }
    if (companions_.reaped(pid, status)) {
      if (exit_code_) return;
      continue;
    }
    // A worker whose zygote is gone is ours; everything else is an orphan of the application.
    for (const auto& [id, worker] : pool_.workers()) {
      if (worker.pid == pid) {
        feed({.kind = Event::Kind::kWorkerExited, .worker = id, .status = status});
        break;
      }
    }
  }
}

// A zygote that is killed between reaping a worker and saying so takes the news along: such a worker is
// nobody's child, and no process has its number. How it ended is not known; SIGKILL stands for it.
void Supervisor::bury_unreported(std::uint32_t generation) {
  std::vector<std::uint32_t> gone;
  for (const auto& [id, worker] : pool_.workers()) {
    const auto lines = workers_.find(id);
    if (worker.generation == generation && worker.pid > 0 && lines != workers_.end() && !lines->second.process.there())
      gone.push_back(id);
  }
  for (const std::uint32_t id : gone) feed({.kind = Event::Kind::kWorkerExited, .worker = id, .status = SIGKILL});
}

void Supervisor::signal_worker(std::uint32_t id, int number) const {
  if (const auto lines = workers_.find(id); lines != workers_.end()) lines->second.process.signal(number);
}

// The application may have a handler that says more than its stack does, or frees what hangs.
void Supervisor::send_hang_signal(std::uint32_t id) const {
  const auto worker = pool_.workers().find(id);
  if (settings_.hang_grace.count() == 0 || worker == pool_.workers().end() || worker->second.hangs) return;
  signal_worker(id, settings_.hang_signal != 0 ? settings_.hang_signal : SIGTERM);
}

void Supervisor::read_zygote(std::uint32_t generation) {
  for (;;) {
    const auto zygote = zygotes_.find(generation);
    if (zygote == zygotes_.end() || !zygote->second.control) return;
    ControlMessage message;
    switch (zygote->second.control.receive(&message)) {
      case os::MessageChannel::Received::kNothing:
        return;
      case os::MessageChannel::Received::kClosed:
        return zygote->second.control.close();
      case os::MessageChannel::Received::kMessage:
        break;
    }
    switch (static_cast<FromZygote>(message.kind)) {
      case FromZygote::kReady:
        companions_.when_done(companions_.hooks("post-app"), [this, generation, number = message.number](bool done) {
          if (!done) hook_failed();
          zygote_ready(generation, number);
        });
        break;
      case FromZygote::kFailed:
        feed({.kind = Event::Kind::kZygoteFailed, .generation = generation});
        break;
      case FromZygote::kForked:
        name_worker(message.number, generation, message.pid);
        break;
      case FromZygote::kExited:
        if (message.number != 0)
          feed({.kind = Event::Kind::kWorkerExited, .worker = message.number, .status = message.status});
        break;
    }
  }
}

// The zygote runs code of the application, and what it says is believed only as far as the kernel says so too: with
// another's number the application could have us, who may be root, send signals to any process.
void Supervisor::name_worker(std::uint32_t id, std::uint32_t generation, pid_t pid) {
  const auto worker = pool_.workers().find(id);
  const auto lines = workers_.find(id);
  if (worker == pool_.workers().end() || lines == workers_.end() || worker->second.generation != generation) return;
  const ZygoteProcess& zygote = zygotes_.at(generation);
  os::ProcessHandle process = os::ProcessHandle::open(pid);
  // One that has ended is nobody to send signals to: its end is reported next.
  if (lines->second.named || pid <= 0 || (process && !is_worker_of(zygote, pid, process))) {
    return log_.line(LogLevel::kError, fmt::format("The zygote (pid: {}) says that process {} is a worker of its own, "
                                                   "which it is not: not believed",
                                                   zygote.pid, pid));
  }
  lines->second.named = true;
  lines->second.process = std::move(process);
  feed({.kind = Event::Kind::kForked, .worker = id, .pid = pid});
}

bool Supervisor::is_worker_of(const ZygoteProcess& zygote, pid_t pid, os::ProcessHandle& process) const {
  const auto facts = process.facts();
  if (!facts) {
    if (os::proc_is_ours()) {
      process = {};  // It has ended just now.
    } else {
      process.reach_only_as(plan_.identity);
    }
    return true;
  }
  const bool of_user = facts->user == plan_.identity.uid;
  if (facts->parent == zygote.pid) return !zygote.reaped && (of_user || !plan_.identity.change);
  // Who has lost its zygote has become ours, as have others.
  return facts->parent == ::getpid() && of_user && pid != edge_pid_;
}

void Supervisor::zygote_ready(std::uint32_t generation, std::uint32_t wanted) {
  // It may have ended while hooks ran.
  if (!zygotes_.contains(generation)) return;
  if (daemons_to_restart_ && served_) companions_.restart_daemons();
  daemons_to_restart_ = false;
  if (settings_.ready_fd >= 0) {
    static_cast<void>(!::write(settings_.ready_fd, "", 1));
    ::close(std::exchange(settings_.ready_fd, -1));
  }
  feed({.kind = Event::Kind::kZygoteReady, .generation = generation, .status = static_cast<std::int32_t>(wanted)});
  if (pool_.target() == 0) {  // Workers come with the requests.
    visitors_.ready();
    tell_ready();
  }
  companions_.start();  // With the workers, as in uWSGI: an application that cannot be imported starts none.
}

// Once: a worker has imported the application, or one will with the first request.
void Supervisor::tell_ready() {
  if (!std::exchange(told_ready_, true)) os::tell_service_manager("READY=1\nSTATUS=serving\n");
}

void Supervisor::read_worker(std::uint32_t id) {
  for (;;) {
    const auto worker = workers_.find(id);
    if (worker == workers_.end() || !worker->second.control) return;
    ControlMessage message;
    switch (worker->second.control.receive(&message)) {
      case os::MessageChannel::Received::kNothing:
        return;
      case os::MessageChannel::Received::kClosed:
        return worker->second.control.close();
      case os::MessageChannel::Received::kMessage:
        break;
    }
    switch (static_cast<FromWorker>(message.kind)) {
      case FromWorker::kReady:
        companions_.when_done(companions_.accepting_hooks(slots_.place_of(id), worker->second.first_in_place),
                              [this, id](bool done) {
                                if (!done) hook_failed();
                                served_ = served_ || done;
                                if (done) tell_ready();
                                feed({.kind = Event::Kind::kWorkerReady, .worker = id});
                              });
        break;
      case FromWorker::kWantsRestart:
        feed({.kind = Event::Kind::kWantsRestart, .worker = id});
        break;
      case FromWorker::kFailed:
        feed({.kind = Event::Kind::kWorkerFailed, .worker = id});
        break;
      case FromWorker::kAsksReload:
        log_.line(LogLevel::kInfo, "The application asks for a reload");
        feed({.kind = Event::Kind::kReload});
        break;
      case FromWorker::kAsksStop:
        log_.line(LogLevel::kInfo, "The application asks for the end of the server");
        feed({.kind = Event::Kind::kStop});
        break;
      case FromWorker::kHangs:
        tell_edge({.kind = static_cast<std::uint32_t>(ToEdge::kHangs), .number = id});
        visitors_.tell_all({.kind = static_cast<std::uint32_t>(ToEdge::kHangs), .number = id});
        slots_.count_timeout(id);
        feed({.kind = Event::Kind::kTimedOut, .worker = id});
        break;
      case FromWorker::kDumped:
        feed({.kind = Event::Kind::kDumped, .worker = id});
        break;
    }
  }
}

void Supervisor::tell_worker(std::uint32_t id, const ControlMessage& message) {
  const auto worker = workers_.find(id);
  if (worker == workers_.end() || !worker->second.control) return;
  static_cast<void>(worker->second.control.send(message));  // A worker that is gone has ended already.
}

void Supervisor::start(std::uint32_t generation) {
  const std::uint32_t workers = settings_.uwsgi ? std::max(pool_.target(), settings_.workers) : pool_.target();
  auto process = supervise::start_zygote(settings_, plan_, listeners_, generation, workers);
  if (!process) {
    log_.line(LogLevel::kCritical, std::move(process).error().during("starting Python").text());
    return feed({.kind = Event::Kind::kZygoteDied, .generation = generation, .status = 1 << 8});
  }
  zygotes_[generation] = std::move(*process);
}

void Supervisor::fork_worker(std::uint32_t id, std::uint32_t generation) {
  const std::time_t now = ::time(nullptr);
  slots_.add(id, pool_.target(), now, [this](std::uint32_t other) {
    const auto worker = pool_.workers().find(other);
    return worker == pool_.workers().end() || worker->second.to_replace ||
           worker->second.state >= Pool::WorkerState::kDraining;
  });
  const std::uint32_t place = slots_.place_of(id);
  const std::uint32_t life = settings_.uwsgi ? app_.memory().begin_life(place, static_cast<std::uint64_t>(now)) : 0;
  auto lines = ask_for_worker(id, generation, place, life);
  if (!lines) {
    slots_.remove(id);
    if (life != 0) app_.memory().end_life(life);
    log_.line(LogLevel::kError, std::move(lines).error().during("asking for a worker").text());
    return feed({.kind = Event::Kind::kForkFailed, .worker = id});
  }
  lines->life = life;
  lines->first_in_place = slots_.places()[place - 1].spawned == 1;
  workers_[id] = std::move(*lines);
}

Result<WorkerLines> Supervisor::ask_for_worker(std::uint32_t id, std::uint32_t generation, std::uint32_t place,
                                               std::uint32_t life) {
  const auto zygote = zygotes_.find(generation);
  if (zygote == zygotes_.end() || !zygote->second.control) return fail("the zygote has ended");
  WorkerLines lines;
  auto region = gateway::Region::create(mailboxes(), shape_for(settings_, binds_));
  if (!region) return fail(std::move(region).error());
  lines.region = std::move(*region);
  auto control = os::MessageChannel::pair(true);
  if (!control) return fail(std::move(control).error());
  lines.control = std::move(control->first);
  std::vector<int> descriptors = {control->second.fd(), lines.region.fd()};
  std::vector<os::MessageChannel> worker_ends;
  for (std::uint32_t i = 0; i < mailboxes(); ++i) {
    auto channel = os::MessageChannel::pair(true);
    if (!channel) return fail(std::move(channel).error());
    const bool own = i < settings_.edge.threads;
    (own ? lines.edge_ends : lines.port_ends).push_back(std::move(channel->first));
    worker_ends.push_back(std::move(channel->second));
    descriptors.push_back(own ? wakeups_[i].get() : port_wakeups_[i - settings_.edge.threads].get());
    descriptors.push_back(worker_ends.back().fd());
  }
  lines.used_ports.resize(lines.port_ends.size());
  const ControlMessage message{.kind = static_cast<std::uint32_t>(ToZygote::kFork),
                               .number = id,
                               .threads = settings_.at_once(),
                               .in_greenlets = settings_.in_greenlets,
                               .place = place,
                               .life = life};
  if (auto sent = zygote->second.control.send(message, descriptors); !sent) return fail(std::move(sent).error());
  return lines;
}

void Supervisor::attach(std::uint32_t id) {
  const auto lines = workers_.find(id);
  const auto worker = pool_.workers().find(id);
  if (lines == workers_.end() || worker == pool_.workers().end()) return;
  std::vector<int> descriptors = {lines->second.region.fd()};
  for (const os::MessageChannel& end : lines->second.edge_ends) descriptors.push_back(end.fd());
  tell_edge({.kind = static_cast<std::uint32_t>(ToEdge::kAttach),
             .number = id,
             .pid = worker->second.pid,
             .threads = settings_.at_once(),
             .in_greenlets = settings_.in_greenlets,
             .mailboxes = mailboxes(),
             .shape = lines->second.region.shape()},
            descriptors);
  lines->second.edge_ends.clear();
  lines->second.attached = true;
  visitors_.for_each([&](std::uint32_t port) { attach_visitor(port, id, lines->second); });
  visitors_.ready();
  // The edge and the worker hold it now. Visitors may still come.
  if (port_wakeups_.empty()) lines->second.region = gateway::Region();
}
}  // namespace tierce::supervise

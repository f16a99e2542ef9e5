#include "supervisord/group.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "supervisord/socket_owner.h"

namespace tierce::supervisord {
namespace {

using Kind = conf::GroupSettings::Kind;

constexpr int kBacklog = 4096;  // The kernel cuts it to what the system allows.

Process::Kind kind_of(Kind kind) {
  if (kind == Kind::kListeners) return Process::Kind::kListener;
  return kind == Kind::kFcgi ? Process::Kind::kFcgi : Process::Kind::kProgram;
}

}  // namespace

Group::Group(World& world, const conf::GroupSettings& settings) : world_(world), settings_(settings) {
  if (settings_.kind == Kind::kFcgi) open_fcgi_socket();
  for (const conf::ProcessSettings& process : settings_.processes) processes_.push_back(make(process));
  if (settings_.kind == Kind::kListeners)
    world_.events->subscribe(this, settings_.events, [this](const EventPtr& event) { accept(event); });
}

Group::~Group() {
  world_.events->unsubscribe(this);
  if (!socket_.unlink_at_exit.empty()) ::unlink(socket_.unlink_at_exit.c_str());
}

std::unique_ptr<Process> Group::make(const conf::ProcessSettings& settings) {
  auto made = std::make_unique<Process>(world_, settings_.name, settings, kind_of(settings_.kind));
  if (socket_.fd) made->set_fcgi_socket(socket_.fd.get());
  made->on_rejected = [this](const EventPtr& event) { accept_again(event); };
  return made;
}

bool Group::differs_in_processes_only(const conf::GroupSettings& other) const {
  conf::GroupSettings same = other;
  same.processes = settings_.processes;
  return same == settings_;
}

void Group::add(const conf::ProcessSettings& settings) {
  const auto before = [](const auto& a, const auto& b) {
    return a.priority != b.priority ? a.priority < b.priority : a.name < b.name;
  };
  const auto at = std::upper_bound(settings_.processes.begin(), settings_.processes.end(), settings, before);
  processes_.insert(processes_.begin() + (at - settings_.processes.begin()), make(settings));
  settings_.processes.insert(at, settings);
}

void Group::remove(const std::string& process) {
  std::erase_if(processes_, [&](const auto& one) { return one->name() == process; });
  std::erase_if(settings_.processes, [&](const auto& one) { return one.name == process; });
}

void Group::replace(const conf::ProcessSettings& settings) {
  const std::string name = settings.name;
  remove(name);
  add(settings);
}

void Group::open_fcgi_socket() {
  std::string url = settings_.socket.url;
  url = url.starts_with("unix://") ? "unix:" + url.substr(7) : url.substr(6);
  auto endpoint = os::parse_endpoint(url);
  auto socket =
      endpoint ? os::open_listen_socket(*endpoint, settings_.socket.backlog > 0 ? settings_.socket.backlog : kBacklog)
               : Result<os::ListenSocket>(fail(Error(endpoint.error().text())));
  if (!socket) return world_.log->error(fmt::format("fcgi-program {}: {}", name(), socket.error().text()));
  socket_ = std::move(*socket);
  // The programs wait in accept().
  ::fcntl(socket_.fd.get(), F_SETFL, ::fcntl(socket_.fd.get(), F_GETFL) & ~O_NONBLOCK);
  if (socket_.is_unix) {
    auto given = give_socket(socket_.host, settings_.socket.mode, settings_.socket.owner);
    if (!given) world_.log->error(fmt::format("fcgi-program {}: {}", name(), given.error().text()));
  }
  world_.log->info(fmt::format("Creating socket {}", settings_.socket.url));
}

Process* Group::find(std::string_view process) const {
  for (const auto& candidate : processes_) {
    if (candidate->name() == process) return candidate.get();
  }
  return nullptr;
}

bool Group::has_unstopped() const {
  return std::any_of(processes_.begin(), processes_.end(), [](const auto& p) { return !is_stopped(p->state()); });
}

bool Group::is_edge() const {
  return !processes_.empty() &&
         std::all_of(processes_.begin(), processes_.end(), [](const auto& p) { return p->is_graceful_edge(); });
}

void Group::stop_all(TimePoint now) {
  for (std::size_t i = processes_.size(); i-- > 0;) {
    if (is_running(processes_[i]->state())) processes_[i]->stop(now);
  }
}

void Group::stop_at_once(TimePoint now) {
  for (const auto& process : processes_) process->stop_at_once(now);
}

void Group::tick(TimePoint now, bool may_start) {
  for (const auto& process : processes_) process->tick(now, may_start);
  dispatch();
}

TimePoint Group::deadline(bool may_start) const {
  TimePoint first = TimePoint::max();
  for (const auto& process : processes_) first = std::min(first, process->deadline(may_start));
  return first;
}

void Group::make_room() {
  while (!waiting_.empty() && waiting_.size() >= static_cast<std::size_t>(settings_.buffer_size)) {
    world_.log->error(
        fmt::format("pool {} event buffer overflowed, discarding event {}", name(), waiting_.front().event->serial));
    waiting_.pop_front();
  }
}

void Group::accept(const EventPtr& event) {
  make_room();
  waiting_.push_back({event, pool_serial_++});
}

void Group::accept_again(const EventPtr& event) {
  const auto given = std::find_if(given_.begin(), given_.end(), [&](const Waiting& w) { return w.event == event; });
  if (given == given_.end()) return;
  make_room();
  waiting_.push_front(*given);
  given_.erase(given);
}

void Group::dispatch() {
  while (!waiting_.empty()) {
    const auto free =
        std::find_if(processes_.begin(), processes_.end(), [](const auto& p) { return p->takes_events(); });
    if (free == processes_.end()) return;
    const Waiting next = waiting_.front();
    const Event& event = *next.event;
    const std::string envelope = fmt::format(
        "ver:3.0 server:{} serial:{} pool:{} poolserial:{} eventname:{} len:{}\n{}", world_.settings->identifier,
        event.serial, name(), next.pool_serial, event.name, event.payload.size(), event.payload);
    waiting_.pop_front();
    // What earlier ones were given has been answered or has come back by now, one for each listener.
    if (given_.size() > processes_.size() * 2) given_.erase(given_.begin());
    given_.push_back(next);
    if (!(*free)->give_event(next.event, envelope)) {
      accept_again(next.event);
      return;
    }
  }
}

}  // namespace tierce::supervisord

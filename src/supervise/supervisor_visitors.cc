// Edges of other programs (gateway/door.h), and what they and our own have to say of a worker together.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/eventfd.h>

#include <cstdint>
#include <cstring>
#include <utility>

#include "config/edge_welcome.h"
#include "os/real_path.h"
#include "os/shared_text.h"
#include "os/trusted_open.h"
#include "supervise/supervisor_process.h"

namespace tierce::supervise {
namespace {

using gateway::ControlMessage;
using gateway::ToEdge;
using os::LogLevel;

}  // namespace

Result<void> Supervisor::open_door() {
  visitors_.open({.came = [this](os::MessageChannel channel) { let_in(std::move(channel)); },
                  .drained = [this](std::uint32_t worker) { drained_by_one(worker); },
                  .timed_out = [this](const ControlMessage& message) { timed_out(message); },
                  .stopped = [this] { visitors_stopped(); }});
  if (!visitors_.any_door()) return {};
  if (visitors_.names_only()) {
    visitors_.settle();
    return {};
  }
  if (const std::string why = config::why_not_shared(settings_.edge); !why.empty()) {
    log_.line(LogLevel::kInfo, "Requests come through the socket, not through shared memory: " + why);
    visitors_.settle();
    return {};
  }
  for (std::uint32_t i = 0; i < visitors_.ports(); ++i) {
    port_wakeups_.emplace_back(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!port_wakeups_.back()) return fail(errno_error("eventfd"));
  }
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    if (const std::string address = announced_address(i); !address.empty()) visitors_.announce(address);
  }
  visitors_.settle();
  return {};
}

std::uint32_t Supervisor::mailboxes() const {
  return settings_.edge.threads + static_cast<std::uint32_t>(port_wakeups_.size());
}

// "" where TLS is spoken, which is not for somebody on this machine.
std::string Supervisor::announced_address(std::size_t index) const {
  const os::ListenSocket& listener = listeners_[index];
  if (binds_[index].tls != config::Tls::kOff) return {};
  if (!listener.is_unix) {
    const bool any = listener.host == "0.0.0.0" || listener.host == "::" || listener.host == "[::]";
    const bool v6 = listener.host.find(':') != std::string::npos && !listener.host.starts_with('[');
    return fmt::format("{}:{}", any ? "127.0.0.1" : v6 ? "[" + listener.host + "]" : listener.host, listener.port);
  }
  return "unix:" + os::real_path(listener.host);
}

// Where those connect to who know the application by its name.
std::string Supervisor::uwsgi_address() const {
  if (settings_.edge.proxy_protocol) return {};
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    if (binds_[i].protocol != config::WireProtocol::kUwsgi) continue;
    if (std::string address = announced_address(i); !address.empty()) return address;
  }
  return {};
}

void Supervisor::let_in(os::MessageChannel channel) {
  if (stopping_edge_) return;
  const auto port = port_wakeups_.empty() ? std::nullopt : visitors_.admit(channel);
  if (!port) return Visitors::show_socket(channel, uwsgi_address());
  if (auto welcomed = welcome(*port); !welcomed) {
    return log_.line(LogLevel::kError, std::move(welcomed).error().during("letting an edge in").text());
  }
  for (auto& [id, lines] : workers_) {
    if (lines.attached && !lines.buried && !draining_.contains(id)) attach_visitor(*port, id, lines);
  }
}

Result<void> Supervisor::welcome(std::uint32_t port) {
  config::EdgeWelcome welcome;
  welcome.settings = settings_.edge;
  welcome.id_base = request_ids() + (std::uint64_t{128 + port} << 56);
  welcome.port = settings_.edge.threads + port;
  welcome.ports = mailboxes();
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    welcome.listeners.push_back({.is_unix = listeners_[i].is_unix,
                                 .name = listeners_[i].host,
                                 .port = listeners_[i].port,
                                 .protocol = binds_[i].protocol,
                                 .worker_number = static_cast<std::uint8_t>(i),
                                 .address = announced_address(i)});
  }
  // Who means the application by its name speaks uwsgi.
  welcome.listeners.push_back(
      {.is_unix = true, .protocol = config::WireProtocol::kUwsgi, .address = config::kAppByName});
  auto packed = os::share_text(welcome.pack());
  if (!packed) return fail(std::move(packed).error());
  std::vector<int> descriptors = {packed->get(), port_wakeups_[port].get(), log_.fd()};
  const os::UniqueFd access_log = open_access_log();
  if (access_log) descriptors.push_back(access_log.get());
  visitors_.tell(port, {.kind = static_cast<std::uint32_t>(ToEdge::kWelcome), .number = in_trouble_ ? 1u : 0u},
                 descriptors);
  return {};
}

// For a visitor, who may not be allowed to open it.
os::UniqueFd Supervisor::open_access_log() const {
  const std::string& path = settings_.edge.access_log;
  if (path.empty()) return {};
  if (path == "-") return os::UniqueFd(::fcntl(1, F_DUPFD_CLOEXEC, 3));
  auto file = os::open_log_file(path);
  if (file) return std::move(*file);
  log_.line(LogLevel::kError, std::move(file).error().during("access log").text());
  return {};
}

void Supervisor::attach_visitor(std::uint32_t port, std::uint32_t id, WorkerLines& lines) {
  const auto worker = pool_.workers().find(id);
  if (worker == pool_.workers().end()) return;
  const int descriptors[] = {lines.region.fd(), lines.port_ends[port].fd()};
  visitors_.tell(port,
                 {.kind = static_cast<std::uint32_t>(ToEdge::kAttach),
                  .number = id,
                  .pid = worker->second.pid,
                  .threads = settings_.at_once(),
                  .in_greenlets = settings_.in_greenlets,
                  .used_port = lines.used_ports[port],
                  .shape = lines.region.shape()},
                 descriptors);
  lines.used_ports[port] = true;
}

// A worker is drained when our own edge and all visitors have said so.
void Supervisor::drain(std::uint32_t worker) {
  draining_[worker] = visitors_.drain(worker) ? 2 : 1;
  tell_edge({.kind = static_cast<std::uint32_t>(ToEdge::kDrain), .number = worker});
}

void Supervisor::drained_by_one(std::uint32_t worker) {
  const auto waited_for = draining_.find(worker);
  if (waited_for == draining_.end() || --waited_for->second > 0) return;
  feed({.kind = Event::Kind::kDrained, .worker = worker});
}

void Supervisor::bury(std::uint32_t worker, int status, const std::string& why) {
  ControlMessage message{.kind = static_cast<std::uint32_t>(ToEdge::kDead), .number = worker, .status = status};
  std::strncpy(message.text, why.c_str(), sizeof message.text - 1);
  tell_edge(message);
  bury_for_visitors(worker, message);
}

void Supervisor::bury_for_visitors(std::uint32_t worker, const ControlMessage& message) {
  const auto lines = workers_.find(worker);
  if (lines == workers_.end() || !lines->second.attached || std::exchange(lines->second.buried, true)) return;
  visitors_.forget_worker(worker);
  visitors_.tell_all(message);
}

void Supervisor::timed_out(const ControlMessage& message) {
  slots_.count_timeout(message.number);
  send_hang_signal(message.number);
  feed(
      {.kind = Event::Kind::kTimedOut, .worker = message.number, .thread = message.thread, .request = message.request});
}

void Supervisor::visitors_stopped() {
  if (stopping_edge_ && edge_stopped_) feed({.kind = Event::Kind::kEdgeStopped});
}
}  // namespace tierce::supervise

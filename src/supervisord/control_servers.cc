#include "supervisord/control_servers.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "supervisord/control_connection.h"
#include "supervisord/socket_owner.h"

namespace tierce::supervisord {
namespace {

constexpr int kBacklog = 128;
// supervisorctl and monitoring need a handful.
constexpr std::size_t kConnectionsMax = 256;

}  // namespace

ControlServers::ControlServers(Server& server) : server_(server) {}

ControlServers::~ControlServers() {
  for (const auto& listener : listeners_) {
    if (loop_ != nullptr) loop_->forget(listener->socket.fd.get());
    if (!listener->socket.unlink_at_exit.empty()) ::unlink(listener->socket.unlink_at_exit.c_str());
  }
}

Result<void> ControlServers::open(const std::vector<conf::HttpServerSettings>& settings) {
  for (const conf::HttpServerSettings& one : settings) {
    os::Endpoint endpoint;
    endpoint.kind = one.is_unix ? os::Endpoint::Kind::kUnix : os::Endpoint::Kind::kTcp;
    endpoint.host = one.is_unix ? one.path : one.host;
    endpoint.port = one.port;
    // Nobody may connect before it has its mode.
    auto socket = os::open_listen_socket(endpoint, kBacklog, 0177);
    if (!socket) return fail(std::move(socket).error().during("[" + one.section() + "]"));
    if (one.is_unix) {
      if (auto given = give_socket(one.path, one.mode, one.owner); !given)
        return fail(std::move(given).error().during("[" + one.section() + "]"));
    }
    if (one.username.empty())
      server_.log().critical(
          fmt::format("Server '{}' running without any HTTP authentication checking", one.section()));
    listeners_.push_back(std::make_unique<Listener>(Listener{one, std::move(*socket)}));
  }
  if (!settings.empty()) server_.log().info("RPC interface 'supervisor' initialized");
  return {};
}

std::string ControlServers::first_url() const {
  for (const bool is_unix : {true, false}) {
    for (const auto& listener : listeners_) {
      if (listener->settings.is_unix != is_unix) continue;
      if (is_unix) return "unix://" + listener->settings.path;
      const std::string& host = listener->settings.host;
      return fmt::format("http://{}:{}", host.empty() ? "localhost" : host, listener->socket.port);
    }
  }
  return {};
}

void ControlServers::serve(os::CallbackLoop& loop) {
  loop_ = &loop;
  for (const auto& listener : listeners_)
    loop.watch(listener->socket.fd.get(), {}, [this, &listener = *listener] { accept(listener); });
}

void ControlServers::accept(Listener& listener) {
  os::UniqueFd fd(::accept4(listener.socket.fd.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd) return;
  // The one that has waited longest makes room, if it waits for nothing: whoever comes needs no password for coming.
  if (connections_.size() >= kConnectionsMax) {
    const auto idle = std::find_if(connections_.begin(), connections_.end(),
                                   [](const auto& connection) { return !connection->at_work(); });
    if (idle == connections_.end()) return;
    connections_.erase(idle);
  }
  connections_.push_back(std::make_unique<ControlConnection>(server_, *loop_, listener.settings, std::move(fd)));
}

void ControlServers::tick() {
  for (const auto& connection : connections_) connection->tick(Server::now());
  connections_.remove_if([](const auto& connection) { return connection->done(); });
}

TimePoint ControlServers::deadline() const {
  TimePoint first = TimePoint::max();
  for (const auto& connection : connections_) first = std::min(first, connection->deadline());
  return first;
}

}  // namespace tierce::supervisord

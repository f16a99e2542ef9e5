#include "supervise/stats_server.h"

#include <sys/socket.h>

#include <cerrno>

namespace tierce::supervise {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 10s;
// A document is some KiB; more readers than this at once are a mistake, and wait in the kernel's queue.
constexpr std::size_t kClientsMax = 64;
constexpr int kBacklog = 64;
// uWSGI's head, to the letter.
constexpr const char* kHttpHead =
    "HTTP/1.0 200 OK\r\nConnection: close\r\nAccess-Control-Allow-Origin: *\r\n"
    "Content-Type: application/json\r\n\r\n";

}  // namespace

Result<StatsServer> StatsServer::open(const std::string& endpoint, bool http) {
  auto parsed = os::parse_endpoint(endpoint);
  if (!parsed) return fail(std::move(parsed).error().during("stats"));
  auto socket = os::open_listen_socket(*parsed, kBacklog);
  if (!socket) return fail(std::move(socket).error().during("stats"));
  StatsServer server;
  server.socket_ = std::move(*socket);
  server.http_ = http;
  return server;
}

void StatsServer::add_sources(Sources& sources, const std::function<std::string()>& document) {
  if (!socket_.fd) return;
  clients_.remove_if([](const Client& client) { return client.done; });
  if (clients_.size() < kClientsMax) sources.add(socket_.fd.get(), [this, document] { accept(document); });
  for (Client& client : clients_) {
    sources.add(
        client.fd.get(), [this, &client, document] { serve(client, document); },
        static_cast<short>((client.ended ? 0 : POLLIN) | (client.text.empty() ? 0 : POLLOUT)));
  }
}

void StatsServer::accept(const std::function<std::string()>& document) {
  os::UniqueFd fd(::accept4(socket_.fd.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd) return;
  Client client;
  client.fd = std::move(fd);
  client.asked = !http_;  // A client of HTTP speaks first.
  client.deadline = monotonic_now() + kPatience;
  clients_.push_back(std::move(client));
  if (clients_.back().asked) begin(clients_.back(), document);
  serve(clients_.back(), document);
}

void StatsServer::begin(Client& client, const std::function<std::string()>& document) const {
  client.asked = true;
  client.text = (http_ ? kHttpHead : "") + document();
}

void StatsServer::serve(Client& client, const std::function<std::string()>& document) {
  // What it says does not matter, but unread bytes would turn our close into a reset.
  char scrap[4096];
  while (!client.ended) {
    const ssize_t got = ::recv(client.fd.get(), scrap, sizeof scrap, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (got < 0) return end(client);
    if (got == 0) client.ended = true;
    if (!client.asked) begin(client, document);
  }
  while (!client.text.empty()) {
    const ssize_t sent = ::send(client.fd.get(), client.text.data(), client.text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return end(client);
    if (sent < 0) return;
    client.text.erase(0, static_cast<std::size_t>(sent));
  }
  if (!client.asked) return;
  if (client.ended) return end(client);
  if (!client.shut) ::shutdown(client.fd.get(), SHUT_WR);
  client.shut = true;
}

void StatsServer::end(Client& client) {
  client.done = true;
  client.fd = os::UniqueFd();
}

TimePoint StatsServer::next_deadline() const {
  TimePoint next = TimePoint::max();
  for (const Client& client : clients_) {
    if (!client.done) next = std::min(next, client.deadline);
  }
  return next;
}

void StatsServer::drop_slow(TimePoint now) {
  clients_.remove_if([now](const Client& client) { return client.done || client.deadline <= now; });
}

}  // namespace tierce::supervise

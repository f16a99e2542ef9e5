#include "nginx/syslog_client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <ctime>

namespace tierce::nginx {
namespace {

using std::string_view;

Result<os::UniqueFd> connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail("too long path in syslog server");
  std::memcpy(address.sun_path, path.data(), path.size());
  os::UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // A daemon that is not there yet may come: sending tries again.
  static_cast<void>(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
  return socket;
}

Result<os::UniqueFd> connect_udp(string_view server) {
  std::string host(server), port = "514";
  const std::size_t colon = host.rfind(':');
  if (colon != std::string::npos && host.find(']', colon) == std::string::npos) {
    port = host.substr(colon + 1);
    host.resize(colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0)
    return fail(Error(fmt::format("host not found in syslog server \"{}\"", server)));
  os::UniqueFd socket(::socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  static_cast<void>(::connect(socket.get(), found->ai_addr, found->ai_addrlen));
  ::freeaddrinfo(found);
  return socket;
}

}  // namespace

Result<std::unique_ptr<SyslogClient>> SyslogClient::open(string_view word) {
  auto target = config::nginx::parse_syslog(word);
  if (!target) return fail(std::move(target).error());
  auto client = std::make_unique<SyslogClient>();
  client->target_ = std::move(*target);
  const std::string& server = client->target_.server;
  auto socket = server.starts_with("unix:") ? connect_unix(server.substr(5)) : connect_udp(server);
  if (!socket) return fail(std::move(socket).error());
  client->socket_ = std::move(*socket);
  return client;
}

void SyslogClient::send(string_view message, int severity) {
  const std::time_t now = ::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  for (char* c = host; *c != '\0'; ++c) *c = *c >= 'A' && *c <= 'Z' ? static_cast<char>(*c + 32) : *c;
  std::string text = config::nginx::syslog_head(target_, severity < 0 ? target_.severity : severity, parts, host);
  text += message;
  if (::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) >= 0) return;
  // The daemon may have been started anew.
  if (!target_.server.starts_with("unix:")) return;
  if (auto again = connect_unix(target_.server.substr(5))) {
    socket_ = std::move(*again);
    static_cast<void>(::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL));
  }
}

}  // namespace tierce::nginx

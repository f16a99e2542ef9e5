#include "nginx/syslog_client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>

namespace tierce::nginx {
namespace {

using std::string_view;

constexpr auto kFacilities = std::to_array<string_view>(
    {"kern",   "user",   "mail",   "daemon", "auth",   "intern", "lpr",    "news",   "uucp",   "clock",  "authpriv", "ftp",
     "ntp",    "audit",  "alert",  "cron",   "local0", "local1", "local2", "local3", "local4", "local5", "local6",   "local7"});
constexpr auto kSeverities =
    std::to_array<string_view>({"emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"});

template <typename Words>
int place_of(const Words& words, string_view word) {
  const auto found = std::find(words.begin(), words.end(), word);
  return found == words.end() ? -1 : static_cast<int>(found - words.begin());
}

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

Result<std::unique_ptr<SyslogClient>> SyslogClient::open(string_view parameters) {
  auto client = std::make_unique<SyslogClient>();
  while (!parameters.empty()) {
    const std::size_t comma = std::min(parameters.find(','), parameters.size());
    const string_view each = parameters.substr(0, comma);
    parameters.remove_prefix(std::min(comma + 1, parameters.size()));
    if (each.starts_with("server=")) {
      client->server_ = each.substr(7);
    } else if (each.starts_with("facility=")) {
      client->facility_ = place_of(kFacilities, each.substr(9));
      if (client->facility_ < 0) return fail(Error(fmt::format("unknown syslog facility \"{}\"", each.substr(9))));
    } else if (each.starts_with("severity=")) {
      client->severity_ = place_of(kSeverities, each.substr(9));
      if (client->severity_ < 0) return fail(Error(fmt::format("unknown syslog severity \"{}\"", each.substr(9))));
    } else if (each.starts_with("tag=")) {
      client->tag_ = each.substr(4);
      const bool good = !client->tag_.empty() && client->tag_.size() <= 32 &&
                        std::all_of(client->tag_.begin(), client->tag_.end(), [](char c) {
                          return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
                        });
      if (!good) return fail("syslog \"tag\" only allows alphanumeric characters and underscore");
    } else if (each == "nohostname") {
      client->hostname_ = false;
    } else {
      return fail(Error(fmt::format("unknown syslog parameter \"{}\"", each)));
    }
  }
  if (client->server_.empty()) return fail("no syslog server specified");
  auto socket = client->server_.starts_with("unix:") ? connect_unix(client->server_.substr(5))
                                                      : connect_udp(client->server_);
  if (!socket) return fail(std::move(socket).error());
  client->socket_ = std::move(*socket);
  return client;
}

void SyslogClient::send(string_view message, int severity) {
  const std::time_t now = ::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  char stamp[32];
  const std::size_t bytes = std::strftime(stamp, sizeof stamp, "%b %e %H:%M:%S", &parts);
  std::string text = fmt::format("<{}>{} ", facility_ * 8 + (severity < 0 ? severity_ : severity),
                                 string_view(stamp, bytes));
  if (hostname_) {
    char host[256] = {};
    ::gethostname(host, sizeof host - 1);
    text.append(host).append(" ");
  }
  text.append(tag_).append(": ").append(message);
  if (::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) >= 0) return;
  if (!server_.starts_with("unix:")) return;
  if (auto again = connect_unix(server_.substr(5))) {
    socket_ = std::move(*again);
    static_cast<void>(::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL));
  }
}

}  // namespace tierce::nginx

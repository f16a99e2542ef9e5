#include "os/listen_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

namespace tierce::os {
namespace {

constexpr std::uint16_t kDefaultPort = 8000;

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

// What the socket is bound to, as text.
Result<ListenSocket> describe_socket(UniqueFd fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return fail(errno_error(fmt::format("descriptor {} is not a socket", fd.get())));
  }
  ListenSocket listening;
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(&address);
    listening.host = ::inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
    listening.port = ntohs(in->sin_port);
  } else if (address.ss_family == AF_INET6) {
    const auto* in = reinterpret_cast<const sockaddr_in6*>(&address);
    listening.host = ::inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof text);
    listening.port = ntohs(in->sin6_port);
  } else if (address.ss_family == AF_UNIX) {
    const auto* un = reinterpret_cast<const sockaddr_un*>(&address);
    listening.is_unix = true;
    listening.host = un->sun_path[0] == '\0' ? "@" : un->sun_path;
  } else {
    return fail(Error(fmt::format("descriptor {} is a socket of a family we do not serve", fd.get())));
  }
  const int flags = ::fcntl(fd.get(), F_GETFL);
  ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK);
  ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
  listening.fd = std::move(fd);
  return listening;
}

Result<ListenSocket> adopt(int fd) {
  int listens = 0;
  socklen_t length = sizeof listens;
  if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) != 0 || listens == 0) {
    return fail(Error(fmt::format("descriptor {} is not a listening socket", fd)));
  }
  return describe_socket(UniqueFd(fd));
}

Result<ListenSocket> listen_unix(const std::string& path, int backlog, int mask) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(Error(
        fmt::format("bind unix:{}: the path is empty or longer than {} bytes", path, sizeof address.sun_path - 1)));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode))
      return fail(Error(fmt::format("bind unix:{}: the file exists and is not a socket", path)));
    UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN) {
      return fail(Error(fmt::format("bind unix:{}: another process listens there already", path)));
    }
    ::unlink(path.c_str());  // Left behind by a process that is gone.
  }
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail(errno_error("socket"));
  const mode_t before = mask < 0 ? 0 : ::umask(static_cast<mode_t>(mask));
  const int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  if (mask >= 0) ::umask(before);
  if (bound != 0) return fail(errno_error("bind unix:" + path, error));
  if (::listen(fd.get(), backlog) != 0) return fail(errno_error("listen unix:" + path));
  ListenSocket listening;
  listening.fd = std::move(fd);
  listening.is_unix = true;
  listening.host = listening.unlink_at_exit = path;
  return listening;
}

}  // namespace

std::string Endpoint::text() const {
  switch (kind) {
    case Kind::kUnix:
      return "unix:" + host;
    case Kind::kInherited:
      return fmt::format("fd://{}", fd);
    case Kind::kTcp:
      break;
  }
  return host.find(':') != std::string::npos ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::string ListenSocket::url(std::string_view scheme) const {
  if (is_unix) return scheme == "http" ? "unix:" + host : fmt::format("{}://unix:{}", scheme, host);
  return host.find(':') != std::string::npos ? fmt::format("{}://[{}]:{}", scheme, host, port)
                                             : fmt::format("{}://{}:{}", scheme, host, port);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  Endpoint endpoint;
  if (text.starts_with("unix:")) {
    text.remove_prefix(5);
    if (text.starts_with("//")) text.remove_prefix(2);
    endpoint.kind = Endpoint::Kind::kUnix;
    endpoint.host = text;
    if (text.empty()) return fail("'unix:' needs a path behind it");
    return endpoint;
  }
  if (text.starts_with("fd://")) {
    const auto number = parse_port(text.substr(5));
    if (!number) return fail(Error(fmt::format("'{}': a descriptor number is expected behind fd://", text)));
    endpoint.kind = Endpoint::Kind::kInherited;
    endpoint.fd = *number;
    return endpoint;
  }
  if (text.starts_with("tcp://")) text.remove_prefix(6);
  endpoint.port = kDefaultPort;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos)
      return fail(Error(fmt::format("'{}': ']' is missing behind the IPv6 address", text)));
    endpoint.host = text.substr(1, close - 1);
    if (close + 1 < text.size()) {
      if (text[close + 1] != ':') return fail(Error(fmt::format("'{}': ':PORT' is expected behind ']'", text)));
      port = text.substr(close + 2);
      has_port = true;
    }
  } else {
    const std::size_t colon = text.rfind(':');
    if (colon != std::string_view::npos && text.find(':') != colon) {
      return fail(Error(fmt::format("'{}': an IPv6 address stands in brackets, as in [::1]:8000", text)));
    }
    endpoint.host = text.substr(0, colon);
    if (colon != std::string_view::npos) {
      port = text.substr(colon + 1);
      has_port = true;
    }
  }
  if (has_port) {
    const auto number = parse_port(port);
    if (!number) return fail(Error(fmt::format("'{}': '{}' is not a port number (0 to 65535)", text, port)));
    endpoint.port = *number;
  }
  return endpoint;
}

Result<ListenSocket> open_listen_socket(const Endpoint& endpoint, int backlog, int unix_umask, ReusePort reuse_port) {
  if (endpoint.kind == Endpoint::Kind::kInherited) return adopt(endpoint.fd);
  if (endpoint.kind == Endpoint::Kind::kUnix) return listen_unix(endpoint.host, backlog, unix_umask);
  addrinfo hints{};
  // A name is its IPv4 address where it has one, as gunicorn has it: "localhost" is 127.0.0.1 for the
  // programs that connect to it, also where /etc/hosts lists ::1 beside it.
  hints.ai_family = endpoint.host.find(':') == std::string::npos ? AF_INET : AF_INET6;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(endpoint.port);
  const char* host = endpoint.host.empty() ? nullptr : endpoint.host.c_str();
  int status = ::getaddrinfo(host, port.c_str(), &hints, &found);
  if (status != 0 && hints.ai_family == AF_INET) {
    hints.ai_family = AF_INET6;
    status = ::getaddrinfo(host, port.c_str(), &hints, &found);
  }
  if (status != 0) return fail(Error(fmt::format("bind {}: {}", endpoint.text(), ::gai_strerror(status))));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  UniqueFd fd(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail(errno_error("socket for " + endpoint.text()));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (reuse_port == ReusePort::kYes) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  // [::]:80 and 0.0.0.0:80 can stand beside each other, as nginx has it.
  if (found->ai_family == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(fd.get(), found->ai_addr, found->ai_addrlen) != 0) return fail(errno_error("bind " + endpoint.text()));
  if (::listen(fd.get(), backlog) != 0) return fail(errno_error("listen " + endpoint.text()));
  return describe_socket(std::move(fd));
}

Result<std::vector<ListenSocket>> take_activated_sockets() {
  std::vector<ListenSocket> sockets;
  const char* count_text = std::getenv("LISTEN_FDS");
  const char* pid_text = std::getenv("LISTEN_PID");
  if (count_text == nullptr) return sockets;
  const int count = std::atoi(count_text);
  const bool ours = pid_text == nullptr || std::atoi(pid_text) == ::getpid();
  for (const char* name : {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) ::unsetenv(name);
  if (!ours) return sockets;
  constexpr int kFirst = 3;  // sd_listen_fds(3)
  for (int fd = kFirst; fd < kFirst + count; ++fd) {
    auto socket = adopt(fd);
    if (!socket) return fail(std::move(socket).error().during("socket activation (LISTEN_FDS)"));
    sockets.push_back(std::move(*socket));
  }
  return sockets;
}

ListenQueue listen_queue(const ListenSocket& socket) {
  if (socket.is_unix || !socket.fd) return {};
  tcp_info info{};
  socklen_t bytes = sizeof info;
  if (::getsockopt(socket.fd.get(), IPPROTO_TCP, TCP_INFO, &info, &bytes) != 0) return {};
  // For a listening socket the kernel puts its queue into these two.
  return {info.tcpi_unacked, info.tcpi_sacked};
}

int somaxconn() {
  int value = SOMAXCONN;
  if (std::FILE* file = std::fopen("/proc/sys/net/core/somaxconn", "re"); file != nullptr) {
    if (std::fscanf(file, "%d", &value) != 1) value = SOMAXCONN;
    std::fclose(file);
  }
  return value;
}

}  // namespace tierce::os

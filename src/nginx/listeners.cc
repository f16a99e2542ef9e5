#include "nginx/listeners.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "nginx/system_error.h"

namespace tierce::nginx {
namespace {

constexpr int kBacklog = 511;  // nginx's default.

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Result<SocketAddress> resolve(const conf::Address& address) {
  SocketAddress made;
  if (!address.unix_path.empty()) {
    auto* unix_address = reinterpret_cast<sockaddr_un*>(&made.storage);
    if (address.unix_path.size() >= sizeof unix_address->sun_path)
      return fail(Error(fmt::format("too long path in the unix domain socket \"{}\"", address.unix_path)));
    unix_address->sun_family = AF_UNIX;
    std::memcpy(unix_address->sun_path, address.unix_path.data(), address.unix_path.size());
    made.length = sizeof *unix_address;
    return made;
  }
  addrinfo hints{};
  hints.ai_family = address.ipv6 ? AF_INET6 : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  if (const int error = ::getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found); error != 0)
    return fail(Error(fmt::format("host not found in \"{}\"", address.text())));
  std::memcpy(&made.storage, found->ai_addr, found->ai_addrlen);
  made.length = found->ai_addrlen;
  ::freeaddrinfo(found);
  return made;
}

void set_option(int fd, int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); }

void set_keepalive(int fd, std::string_view text) {
  if (text == "off") return set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  if (text == "on") return;
  // idle:interval:count, each of which may be missing.
  const int names[] = {TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT};
  for (const int name : names) {
    const std::size_t end = std::min(text.find(':'), text.size());
    std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    int factor = 1;
    if (part.ends_with('m')) factor = 60;
    if (part.ends_with('h')) factor = 3600;
    int number = 0;
    const auto [last, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error == std::errc() && number > 0) set_option(fd, IPPROTO_TCP, name, number * factor);
  }
}

// Of an address that is in use: nothing, where that is no failure.
enum class InUse : std::uint8_t { kFails, kIgnored };

Result<os::UniqueFd> open_socket(const conf::Listener& listener, InUse in_use) {
  const conf::Address& address = listener.address;
  const conf::ListenOptions& options = listener.options;
  auto resolved = resolve(address);
  if (!resolved) return fail(std::move(resolved).error());
  const std::string name = address.text();
  os::UniqueFd fd(::socket(resolved->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail(system_error("socket() " + name + " failed"));
  if (address.unix_path.empty()) {
    set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (options.reuse_port) set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
    if (resolved->storage.ss_family == AF_INET6)
      set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6_only.value_or(true) ? 1 : 0);
    if (options.receive_buffer) set_option(fd.get(), SOL_SOCKET, SO_RCVBUF, static_cast<int>(*options.receive_buffer));
    if (options.send_buffer) set_option(fd.get(), SOL_SOCKET, SO_SNDBUF, static_cast<int>(*options.send_buffer));
    if (options.deferred) set_option(fd.get(), IPPROTO_TCP, TCP_DEFER_ACCEPT, 1);
    if (options.fast_open) set_option(fd.get(), IPPROTO_TCP, TCP_FASTOPEN, static_cast<int>(*options.fast_open));
    if (options.so_keepalive) set_keepalive(fd.get(), *options.so_keepalive);
  }
  if (::bind(fd.get(), resolved->get(), resolved->length) != 0) {
    if (errno == EADDRINUSE && in_use == InUse::kIgnored) return os::UniqueFd();
    return fail(system_error("bind() to " + name + " failed"));
  }
  if (!address.unix_path.empty()) ::chmod(address.unix_path.c_str(), 0666);
  if (::listen(fd.get(), static_cast<int>(options.backlog.value_or(kBacklog))) != 0)
    return fail(system_error("listen() to " + name + ", backlog failed"));
  return fd;
}

// Which address a socket that was handed on listens at.
conf::Address address_of(int fd) {
  conf::Address address;
  sockaddr_storage local{};
  socklen_t length = sizeof local;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&local), &length) != 0) return address;
  char text[INET6_ADDRSTRLEN] = {};
  if (local.ss_family == AF_UNIX) {
    address.unix_path = reinterpret_cast<const sockaddr_un*>(&local)->sun_path;
  } else if (local.ss_family == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(&local);
    address.host = ::inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
    address.port = ntohs(in->sin_port);
    address.wildcard = address.host == "0.0.0.0";
  } else {
    const auto* in = reinterpret_cast<const sockaddr_in6*>(&local);
    address.host = ::inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof text);
    address.port = ntohs(in->sin6_port);
    address.ipv6 = true;
    address.wildcard = address.host == "::";
  }
  return address;
}

// Of several addresses with one port the one for all takes the connections, as in nginx; the servers are told apart by
// the address that the client has connected to.
bool is_covered(const conf::Model& model, const conf::Listener& listener) {
  const conf::Address& address = listener.address;
  if (address.wildcard || !address.unix_path.empty() || listener.options.bind || listener.options.reuse_port)
    return false;
  return std::any_of(model.listeners.begin(), model.listeners.end(), [&](const conf::Listener& each) {
    return each.address.wildcard && each.address.port == address.port && each.address.ipv6 == address.ipv6;
  });
}

}  // namespace

Listeners::~Listeners() {
  if (!owns_paths_) return;
  for (const Open& each : open_) {
    if (!each.address.unix_path.empty()) ::unlink(each.address.unix_path.c_str());
  }
}

void Listeners::close() {
  points_.clear();
  for (Open& each : open_) each.fd = os::UniqueFd();
}

void Listeners::take_inherited() {
  const char* given = std::getenv("NGINX");
  if (given == nullptr) return;
  std::string_view rest = given;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of(":;"), rest.size());
    int fd = -1;
    const auto [last, error] = std::from_chars(rest.data(), rest.data() + end, fd);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (error != std::errc() || fd <= 2 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) continue;
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    open_.push_back({os::UniqueFd(fd), address_of(fd)});
  }
  ::unsetenv("NGINX");
}

std::string Listeners::inheritable() const {
  std::string text;
  for (const Open& each : open_) text += fmt::format("{};", each.fd.get());
  return text;
}

Result<void> Listeners::try_to_open(const conf::Model& model) {
  for (const conf::Listener& listener : model.listeners) {
    if (is_covered(model, listener)) continue;
    auto fd = open_socket(listener, InUse::kIgnored);
    if (!fd) return fail(std::move(fd).error());
    if (*fd && !listener.address.unix_path.empty()) ::unlink(listener.address.unix_path.c_str());
  }
  return {};
}

Result<void> Listeners::open(const conf::Model& model) {
  std::vector<Open> fresh;
  std::vector<std::string> named;
  for (const conf::Listener& listener : model.listeners) {
    if (is_covered(model, listener)) continue;
    const std::string name = listener.address.text();
    named.push_back(name);
    if (std::any_of(open_.begin(), open_.end(), [&](const Open& each) { return each.address.text() == name; }))
      continue;
    auto fd = open_socket(listener, InUse::kFails);
    if (!fd) return fail(std::move(fd).error());
    fresh.push_back({std::move(*fd), listener.address});
  }
  std::erase_if(open_, [&](const Open& each) {
    const bool gone = std::find(named.begin(), named.end(), each.address.text()) == named.end();
    if (gone && !each.address.unix_path.empty()) ::unlink(each.address.unix_path.c_str());
    return gone;
  });
  for (Open& each : fresh) open_.push_back(std::move(each));
  points_.clear();
  for (const Open& each : open_) points_.push_back({each.fd.get(), each.address});
  return {};
}

}  // namespace tierce::nginx

#include "nginx/name_resolver.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>

namespace tierce::nginx {
namespace {

PeerAddress address_of(const sockaddr* address, socklen_t length) {
  PeerAddress made;
  std::memcpy(&made.storage, address, length);
  made.length = length;
  char text[INET6_ADDRSTRLEN] = {};
  if (address->sa_family == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(address);
    made.text = fmt::format("{}:{}", ::inet_ntop(AF_INET, &in->sin_addr, text, sizeof text), ntohs(in->sin_port));
  } else {
    const auto* in = reinterpret_cast<const sockaddr_in6*>(address);
    made.text = fmt::format("[{}]:{}", ::inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof text), ntohs(in->sin6_port));
  }
  return made;
}

std::vector<PeerAddress> resolve(const std::string& host, std::uint16_t port, int flags, std::string* trouble) {
  std::vector<PeerAddress> found;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* all = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &all);
  if (error != 0) {
    if (trouble != nullptr) *trouble = ::gai_strerror(error);
    return found;
  }
  for (const addrinfo* each = all; each != nullptr; each = each->ai_next) {
    if (each->ai_family == AF_INET || each->ai_family == AF_INET6)
      found.push_back(address_of(each->ai_addr, each->ai_addrlen));
  }
  ::freeaddrinfo(all);
  return found;
}

}  // namespace

NameResolver::~NameResolver() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  more_.notify_one();
  thread_.join();
}

std::vector<PeerAddress> NameResolver::numeric(const std::string& host, std::uint16_t port) {
  return resolve(host, port, AI_NUMERICHOST, nullptr);
}

PeerAddress NameResolver::of_socket(const sockaddr* address, socklen_t length) { return address_of(address, length); }

std::vector<PeerAddress> NameResolver::known(const std::string& host, std::uint16_t port) {
  return resolve(host, port, 0, nullptr);
}

PeerAddress NameResolver::with_port(const PeerAddress& address, std::uint16_t port) {
  sockaddr_storage storage = address.storage;
  if (storage.ss_family == AF_INET) {
    reinterpret_cast<sockaddr_in*>(&storage)->sin_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port = htons(port);
  }
  return address_of(reinterpret_cast<const sockaddr*>(&storage), address.length);
}

PeerAddress NameResolver::of_unix(const std::string& path) {
  PeerAddress made;
  auto* address = reinterpret_cast<sockaddr_un*>(&made.storage);
  address->sun_family = AF_UNIX;
  std::memcpy(address->sun_path, path.data(), std::min(path.size(), sizeof address->sun_path - 1));
  made.length = sizeof *address;
  made.text = "unix:" + path;
  return made;
}

void NameResolver::look_up(std::string host, std::uint16_t port, Found found) {
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back({std::move(host), port, std::move(found)});
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  }
  more_.notify_one();
}

void NameResolver::work() {
  for (;;) {
    Asked asked;
    {
      std::unique_lock lock(mutex_);
      more_.wait(lock, [this] { return ending_ || !asked_.empty(); });
      if (ending_) return;
      asked = std::move(asked_.front());
      asked_.pop_front();
    }
    std::string trouble;
    auto addresses = resolve(asked.host, asked.port, 0, &trouble);
    loop_.post([found = std::move(asked.found), addresses = std::move(addresses),
                trouble = std::move(trouble)]() mutable { found(std::move(addresses), std::move(trouble)); });
  }
}

}  // namespace tierce::nginx

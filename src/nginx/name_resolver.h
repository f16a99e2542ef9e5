// Looks names of servers up without making the loop wait: getaddrinfo() in a thread of its own, the answer posted back.
#pragma once

#include <sys/socket.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "nginx/loop.h"

namespace tierce::nginx {

struct PeerAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  std::string text;  // "127.0.0.1:8000", "unix:/run/x".
};

class NameResolver {
 public:
  explicit NameResolver(Loop& loop) : loop_(loop) {}
  // A look-up under way is waited for.
  ~NameResolver();
  NameResolver(const NameResolver&) = delete;
  NameResolver& operator=(const NameResolver&) = delete;

  // Numeric addresses at once; nothing when `host` is a name.
  static std::vector<PeerAddress> numeric(const std::string& host, std::uint16_t port);
  static PeerAddress of_unix(const std::string& path);
  // Of IPv4 or IPv6.
  static PeerAddress of_socket(const sockaddr* address, socklen_t length);
  // Waits for the system's answer where the host is a name.
  static std::vector<PeerAddress> known(const std::string& host, std::uint16_t port);
  // The same address with another port.
  static PeerAddress with_port(const PeerAddress& address, std::uint16_t port);
  // Calls back on the loop's thread; with nothing when nobody knows the name, and why in `trouble`.
  using Found = std::function<void(std::vector<PeerAddress> addresses, std::string trouble)>;
  void look_up(std::string host, std::uint16_t port, Found found);

 private:
  struct Asked {
    std::string host;
    std::uint16_t port;
    Found found;
  };
  void work();

  Loop& loop_;
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<Asked> asked_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace tierce::nginx

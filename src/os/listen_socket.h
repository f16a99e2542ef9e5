// Listening sockets: TCP over IPv4 and IPv6, unix, inherited descriptors (fd://N, systemd activation).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/unique_fd.h"

namespace tierce::os {

struct Endpoint {
  enum class Kind : std::uint8_t { kTcp, kUnix, kInherited };
  Kind kind = Kind::kTcp;
  std::string host;  // kTcp: "" is every address. kUnix: the path.
  std::uint16_t port = 0;
  int fd = -1;               // kInherited.
  std::string text() const;  // "127.0.0.1:8000", "[::1]:8000", "unix:/run/app.sock"
};
// gunicorn's forms: HOST:PORT, :PORT, HOST, [V6]:PORT, unix:PATH, fd://N. Port 8000 when none is given.
Result<Endpoint> parse_endpoint(std::string_view text);

struct ListenSocket {
  UniqueFd fd;
  bool is_unix = false;
  std::string host;  // As bound: what getsockname() says, or the path.
  std::uint16_t port = 0;
  std::string unlink_at_exit;  // Path of a unix socket that we created.
  // "http://127.0.0.1:8000", "unix:/run/app.sock", "uwsgi://unix:/run/app.sock"
  std::string url(std::string_view scheme = "http") const;
};

// A stale unix socket is replaced; one that somebody answers on is an error. `unix_umask` is for its mode,
// the umask of the process where that is -1. kYes: other processes may listen at the same TCP address.
enum class ReusePort : std::uint8_t { kNo, kYes };
Result<ListenSocket> open_listen_socket(const Endpoint& endpoint, int backlog, int unix_umask = -1,
                                        ReusePort reuse_port = ReusePort::kNo);
// Sockets passed by systemd (LISTEN_FDS, LISTEN_PID); unsets the variables.
Result<std::vector<ListenSocket>> take_activated_sockets();
// How many connections wait to be accepted and how many may; zeros for unix sockets, of which the kernel does
// not tell.
struct ListenQueue {
  std::uint32_t waiting = 0;
  std::uint32_t room = 0;
};
ListenQueue listen_queue(const ListenSocket& socket);
// /proc/sys/net/core/somaxconn: what the kernel cuts every backlog to.
int somaxconn();

}  // namespace tierce::os

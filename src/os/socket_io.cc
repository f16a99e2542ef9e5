#include "os/socket_io.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace tierce::os {
namespace {

IoResult result_of(ssize_t got) {
  if (got >= 0) return {Io::kDone, static_cast<std::size_t>(got)};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {Io::kWouldBlock};
  return {Io::kClosed, 0, true};
}

}  // namespace

IoResult receive(int fd, char* into, std::size_t bytes) {
  const ssize_t got = ::recv(fd, into, bytes, 0);
  if (got == 0) return {Io::kClosed};
  return result_of(got);
}

IoResult send(int fd, const char* data, std::size_t bytes, bool more) {
  return result_of(::send(fd, data, bytes, MSG_NOSIGNAL | (more ? MSG_MORE : 0)));
}

IoResult send_parts(int fd, std::span<const iovec> parts) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());  // NOLINT: sendmsg does not write
  message.msg_iovlen = parts.size();
  return result_of(::sendmsg(fd, &message, MSG_NOSIGNAL));
}

IoResult send_file(int fd, int file, std::uint64_t* offset, std::size_t bytes) {
  auto at = static_cast<off_t>(*offset);
  const IoResult result = result_of(::sendfile(fd, file, &at, bytes));
  *offset = static_cast<std::uint64_t>(at);
  return result;
}

std::size_t read_at(int file, char* into, std::size_t bytes, std::uint64_t offset) {
  std::size_t have = 0;
  while (have < bytes) {
    const ssize_t got = ::pread(file, into + have, bytes - have, static_cast<off_t>(offset + have));
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  return have;
}

bool is_regular_file(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

void shutdown_writing(int fd) { ::shutdown(fd, SHUT_WR); }

void set_no_delay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void reset_at_close(int fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

Accepted accept(int listener, UniqueFd* connection, Peer* peer) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  const int fd = ::accept4(listener, reinterpret_cast<sockaddr*>(&address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    switch (errno) {
      case EAGAIN:
        return Accepted::kNone;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        return Accepted::kNoDescriptors;
      case EINVAL:
      case EBADF:
        return Accepted::kNone;
      default:
        return Accepted::kAgain;
    }
  }
  *connection = UniqueFd(fd);
  *peer = Peer{};
  if (address.ss_family == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(&address);
    ::inet_ntop(AF_INET, &in->sin_addr, peer->address, sizeof peer->address);
    peer->port = ntohs(in->sin_port);
    set_no_delay(fd);
  } else if (address.ss_family == AF_INET6) {
    const auto* in = reinterpret_cast<const sockaddr_in6*>(&address);
    if (IN6_IS_ADDR_V4MAPPED(&in->sin6_addr)) {
      ::inet_ntop(AF_INET, in->sin6_addr.s6_addr + 12, peer->address, sizeof peer->address);
    } else {
      ::inet_ntop(AF_INET6, &in->sin6_addr, peer->address, sizeof peer->address);
    }
    peer->port = ntohs(in->sin6_port);
    set_no_delay(fd);
  }
  peer->address_bytes = static_cast<std::uint8_t>(std::strlen(peer->address));
  return Accepted::kOne;
}

UniqueFd temporary_file(const std::string& directory) {
  UniqueFd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd) return fd;
  // File systems without O_TMPFILE (overlayfs of old kernels, NFS).
  std::string name = directory + "/tierce-XXXXXX";
  fd = UniqueFd(::mkostemp(name.data(), O_CLOEXEC));
  if (fd) ::unlink(name.c_str());
  return fd;
}

bool write_all(int fd, const char* data, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t wrote = ::write(fd, data, bytes);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    data += wrote;
    bytes -= static_cast<std::size_t>(wrote);
  }
  return true;
}

void ring_eventfd(int fd) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t wrote = ::write(fd, &one, sizeof one);
}

void drain_eventfd(int fd) {
  std::uint64_t count;
  [[maybe_unused]] const ssize_t got = ::read(fd, &count, sizeof count);
}

}  // namespace tierce::os

// TLS on one non-blocking socket, with the surface of os/socket_io.h. OpenSSL never waits for the socket to take
// bytes: what it makes and the socket does not take is kept here, so that a caller may go on with other data.
#pragma once

#include <openssl/ssl.h>
#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "os/socket_io.h"
#include "tls/context.h"

namespace tierce::tls {

class Session {
 public:
  enum class Handshake : std::uint8_t { kDone, kWaitRead, kWaitWrite, kFailed };

  // `early`: bytes that were read from the socket already.
  Session(std::shared_ptr<const Context> context, int fd, std::string_view early);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Handshake handshake();
  // Why it has failed, in OpenSSL's words.
  const std::string& trouble() const { return trouble_; }
  // ... because what came is a request without TLS.
  bool is_plain_http() const { return plain_http_; }

  // Fills `into` as far as there is anything; fewer bytes than asked for mean that the socket is empty or ended().
  os::IoResult receive(char* into, std::size_t bytes);
  // No more will be read: the client's end, or a record that is none.
  bool ended() const { return ended_; }
  // Takes all of the parts, or a beginning of them when they are long, or nothing (kWouldBlock) while the socket
  // has not taken what was sent before.
  os::IoResult send(std::span<const iovec> parts);
  os::IoResult send_file(int file, std::uint64_t* offset, std::size_t bytes);
  // kDone: the socket has everything. In any case, how many bytes of it have gone now.
  os::IoResult flush();
  // Says that nothing more will be sent, as far as the socket takes it.
  void close_notify();

 private:
  friend struct SocketBio;
  os::IoResult push();

  std::shared_ptr<const Context> context_;
  SSL* ssl_;
  int fd_;
  bool ended_ = false;
  bool drained_ = false;  // The socket, within one call.
  std::string early_;
  std::string backlog_;  // Records that the socket has not taken yet.
  std::size_t backlog_sent_ = 0;
  std::string trouble_;
  bool plain_http_ = false;
};

}  // namespace tierce::tls

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
#include "tls/client_context.h"
#include "tls/context.h"
#include "tls/server_context.h"

namespace tierce::tls {

class Session {
 public:
  enum class Handshake : std::uint8_t { kDone, kWaitRead, kWaitWrite, kFailed };

  // `early`: bytes that were read from the socket already.
  Session(const std::shared_ptr<const Context>& context, int fd, std::string_view early);
  Session(Arrival arrival, int fd, std::string_view early);
  // The client's side.
  Session(Departure departure, int fd);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Handshake handshake();
  // Why it has failed, in OpenSSL's words.
  const std::string& trouble() const { return trouble_; }
  // ... because what came is a request without TLS.
  bool is_plain_http() const { return plain_http_; }
  // ... because the server that was named takes no connections (ssl_reject_handshake).
  bool was_rejected() const;
  // For the facts of session_facts.h.
  SSL* ssl() const { return ssl_; }
  // What is read is early data, which somebody may have recorded and sent again. handshake() has been kDone for it.
  bool is_early() const { return early_data_ == EarlyData::kReading; }

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
  enum class EarlyData : std::uint8_t { kNone, kTry, kReading };
  Session(SSL_CTX* context, int fd, std::string_view early);
  os::IoResult push();
  int advance_handshake();
  bool end_early_data();
  int read_some(char* into, std::size_t bytes, std::size_t* got);
  bool is_the_right_server();

  SSL* ssl_;  // Keeps its context.
  std::unique_ptr<Arrival> arrival_;
  std::unique_ptr<Departure> departure_;
  int fd_;
  bool ended_ = false;
  bool drained_ = false;  // The socket, within one call.
  EarlyData early_data_ = EarlyData::kNone;
  bool has_early_byte_ = false;
  char early_byte_ = 0;  // Read to find out whether there is any.
  std::string early_;
  std::string backlog_;  // Records that the socket has not taken yet.
  std::size_t backlog_sent_ = 0;
  std::string trouble_;
  bool plain_http_ = false;
};

}  // namespace tierce::tls

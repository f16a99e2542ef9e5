// How one request comes in and its response goes out: over HTTP/1, as a stream of HTTP/2, or to nobody (a request
// that the server makes itself). What waits is the request's coroutine, by its signal; nothing here waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "os/socket_io.h"

namespace tierce::tls {
class Session;
}

namespace tierce::nginx {

struct Response;
class Request;
class Stream;

// Addresses as text. Connections to the same address share them: an idle connection is charged for what it holds alone.
struct PeerTexts {
  std::string local_address;                        // "unix:/path" of a unix socket.
  std::string proxy_address, proxy_server_address;  // Of a PROXY header.
  std::uint16_t proxy_port = 0, proxy_server_port = 0;
};

// What stays the same for all requests of a connection.
struct Peer {
  os::Peer remote;
  bool is_unix = false;
  std::uint16_t local_port = 0;
  std::uint64_t connection_number = 0;
  std::uint64_t began_ms = 0;
  std::shared_ptr<const PeerTexts> texts = nullptr;  // nullptr: nobody's.

  std::string_view local_address() const { return texts != nullptr ? texts->local_address : std::string_view(); }
  std::string_view proxy_address() const { return texts != nullptr ? texts->proxy_address : std::string_view(); }
  std::string_view proxy_server_address() const {
    return texts != nullptr ? texts->proxy_server_address : std::string_view();
  }
  std::uint16_t proxy_port() const { return texts != nullptr ? texts->proxy_port : std::uint16_t{0}; }
  std::uint16_t proxy_server_port() const { return texts != nullptr ? texts->proxy_server_port : std::uint16_t{0}; }
};

class Client {
 public:
  virtual ~Client() = default;

  // --- the body of the request ---
  enum class Input : std::uint8_t { kData, kWait, kEnd, kBad, kGone };
  // kData: `data` is valid until the next call, which takes it for used. kWait: until kReadable or kGone.
  virtual Input take_body(std::string_view* data) = 0;

  // Where the client waits for being told to send it (Expect: 100-continue).
  virtual void say_continue(Request&) {}

  // --- the response ---
  // Composes the head; `has_body` is false for HEAD, 204 and 304. Nothing is sent yet.
  virtual void begin_response(Request& request, const Response& response, bool has_body) = 0;
  virtual void write(std::string_view bytes) = 0;
  // Some of an open file; what is written behind it must wait until flush() has said kDone.
  virtual void write_file(int file, std::uint64_t at, std::uint64_t bytes) = 0;
  // Behind the body, where the response said that they would come. Before its end.
  virtual void add_trailer(std::string_view name, std::string_view value) = 0;
  virtual void end_response() = 0;
  // The response cannot be completed: its end must not look like one.
  virtual void cut_response() = 0;
  enum class Flow : std::uint8_t { kDone, kBlocked, kGone };
  // kBlocked: until kWritable or kGone.
  virtual Flow flush() = 0;
  // Flushes at most so many bytes; those that went.
  virtual Flow flush(std::uint64_t most, std::uint64_t* went) = 0;
  // Bytes that were written and not taken by the client yet.
  virtual std::size_t held() const = 0;
  virtual std::uint64_t bytes_sent() const = 0;       // Head and body, as they went over the wire.
  virtual std::uint64_t body_bytes_sent() const = 0;  // Of the body alone.

  // Raises kLate for the request; 0: never.
  virtual void arm(std::chrono::milliseconds after) = 0;

  // --- the connection ---
  virtual const Peer& peer() const = 0;
  virtual tls::Session* tls() const = 0;
  virtual bool is_http2() const { return false; }
  virtual std::uint32_t requests() const = 0;
  // The socket; -1: nobody's.
  virtual int socket() const = 0;
  virtual bool pipelined() const { return false; }
  // The client has sent all it wants to, which mostly means that it has gone.
  virtual bool half_closed() const { return false; }
  // The bytes behind an upgraded request, for as long as the two sides talk; nullptr: not over this kind of connection.
  virtual Stream* raw_stream() { return nullptr; }
  virtual std::string_view early_bytes() { return {}; }
  // That were sent past this, by a tunnel.
  virtual void add_sent(std::uint64_t) {}
};

}  // namespace tierce::nginx

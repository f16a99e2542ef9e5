// Reads the header with which a load balancer says whom a connection really comes from, before the first byte
// of the client: HAProxy's PROXY protocol, versions 1 (text) and 2 (binary)
// (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/wire_error.h"

namespace tierce::http {

// Version 2 may be 64 KiB long; nobody sends more than addresses and a certificate's name (nginx: 4096).
inline constexpr std::size_t kProxyHeaderBytesMax = 4096;

// False: what begins like this is no header of either version. True as long as too little has come.
bool may_be_proxy_header(std::string_view bytes);

// Who is at the other end of the balancer.
struct ProxySource {
  // Nobody was named (LOCAL, UNKNOWN, the balancer's own health checks): the connection's own peer counts.
  bool named = false;
  char address[46] = {};  // Text; "" for a unix socket.
  std::uint8_t address_bytes = 0;
  std::uint16_t port = 0;
  // Where the client has connected to, told the same way.
  char server_address[46] = {};
  std::uint16_t server_port = 0;
};

// Restartable over a growing buffer, as RequestParser: parse() is called with all bytes received so far.
class ProxyHeaderParser {
 public:
  enum class Outcome : std::uint8_t { kNeedMore, kDone, kRefused };

  // kDone: source() and bytes() are valid; the client's first byte stands behind bytes().
  Outcome parse(std::string_view bytes);
  const ProxySource& source() const { return source_; }
  std::size_t bytes() const { return bytes_; }
  WireError error() const { return error_; }

 private:
  Outcome refuse(WireError error);
  Outcome parse_text(std::string_view bytes);
  Outcome parse_binary(std::string_view bytes);
  bool read_text_line(std::string_view line);
  bool read_addresses(int family, std::string_view block);

  ProxySource source_;
  std::size_t bytes_ = 0;
  WireError error_ = WireError::kNoProxyHeader;
};

}  // namespace tierce::http

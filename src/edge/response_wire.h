// How a response is written on a connection: what begins its status line, and what ends it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/wire_protocol.h"

namespace tierce::edge {

struct ResponseWire {
  config::WireProtocol protocol = config::WireProtocol::kHttp;
  std::uint16_t request_id = 0;  // FastCGI: what every record of the response names.

  bool is_http() const { return protocol == config::WireProtocol::kHttp; }
  bool is_fastcgi() const { return protocol == config::WireProtocol::kFastcgi; }
  // uWSGI answers uwsgi with an HTTP status line, the other two as CGI (RFC 3875 6.3.3).
  std::string_view status_line_start() const {
    return is_http() || protocol == config::WireProtocol::kUwsgi ? "HTTP/1.1 " : "Status: ";
  }
  // FastCGI's end of STDOUT and of the request; elsewhere the connection's end says it.
  std::string end() const;
};

}  // namespace tierce::edge

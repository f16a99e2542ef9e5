// Reads one uwsgi packet: the request that nginx's uwsgi_pass and Apache's mod_proxy_uwsgi send
// (https://uwsgi-docs.readthedocs.io/en/latest/Protocol.html).
//
//   modifier1 (0)  size, 16 bits little-endian  modifier2 | size bytes of variables | body
//   variable: 16-bit length, name, 16-bit length, value
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/cgi_head.h"

namespace tierce::http {

inline constexpr std::size_t kUwsgiHeaderBytes = 4;
// The answer to a ping.
inline constexpr std::string_view kUwsgiPong{"\x64\0\0\x01", 4};

// Restartable over a growing buffer, as RequestParser: parse() is called with all bytes received so far.
class UwsgiParser {
 public:
  enum class Outcome : std::uint8_t { kNeedMore, kDone, kPing, kRefused };

  // Both outlive the parser; `into` is empty.
  UwsgiParser(const VariableLimits& limits, CgiHead& into) : limits_(&limits), into_(&into) {}

  // kDone: into.head() is valid for `bytes`; the body begins behind head_bytes. kRefused: into.error().
  Outcome parse(std::string_view bytes);

 private:
  Outcome refuse(WireError error);
  Outcome read_header(std::string_view bytes);
  Outcome read_variable(std::string_view bytes);

  const VariableLimits* limits_;
  CgiHead* into_;
  std::size_t position_ = 0;  // Start of the first variable not yet read; 0: the header is not.
  std::size_t end_ = 0;       // Of the variables.
};

}  // namespace tierce::http

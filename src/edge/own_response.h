// Answers the edge makes itself: refusals, and what it says for an application that cannot.
#pragma once

#include <string>
#include <string_view>

#include "edge/response_wire.h"

namespace tierce::edge {

struct OwnResponse {
  std::string bytes;  // Head and body in the form of the connection's protocol, ready to send.
  std::size_t body_bytes = 0;
};

struct OwnAnswer {
  int status = 500;
  bool close = true;
  bool head_only = false;       // No body goes out for HEAD.
  std::string_view extra = {};  // Whole header lines ("Retry-After: 1\r\n").
};
OwnResponse make_own_response(const ResponseWire& wire, const OwnAnswer& answer, std::string_view server,
                              std::string_view date);

}  // namespace tierce::edge

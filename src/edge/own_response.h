// Answers the edge makes itself: refusals, and what it says for an application that cannot.
#pragma once

#include <string>
#include <string_view>

namespace tierce::edge {

struct OwnResponse {
  std::string bytes;  // Head and body, ready to send.
  std::size_t body_bytes = 0;
};

// `extra` holds whole header lines ("Retry-After: 1\r\n"). No body goes out for HEAD.
OwnResponse make_own_response(int status, std::string_view server, std::string_view date, bool close, bool head_only,
                              std::string_view extra = {});

}  // namespace tierce::edge

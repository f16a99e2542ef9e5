// What nginx's ssl_* variables say about one connection. Every function takes a session whose handshake is done and
// gives "" where nginx finds no value.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "tls/server_material.h"

namespace tierce::tls {

// The variable `name`, "ssl_protocol" to "ssl_alpn_protocol"; nullopt: there is none of that name. `now`: the wall
// clock's second, for ssl_client_v_remain.
std::optional<std::string> session_fact(SSL* ssl, std::string_view name, std::time_t now);

// Whether h2 was agreed upon.
bool speaks_http2(const SSL* ssl);

// What ssl_verify_client makes of the certificate: requests are answered 495 (kBad) or 496 (kMissing).
struct ClientVerdict {
  enum class Kind : std::uint8_t { kFine, kBad, kMissing };
  Kind kind = Kind::kFine;
  std::string reason;  // nginx's words for the error log.
};
ClientVerdict judge_client(SSL* ssl, VerifyClient rule);

}  // namespace tierce::tls

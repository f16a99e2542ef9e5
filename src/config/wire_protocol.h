// What is spoken on a listening socket: HTTP, or one of the protocols with which a front server hands on a
// request it has read. Written before the address: uwsgi://127.0.0.1:3031, fastcgi://unix:/run/app.sock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tierce::config {

enum class WireProtocol : std::uint8_t { kHttp, kUwsgi, kFastcgi, kScgi };

// "http", "uwsgi", ...
std::string_view name_of(WireProtocol protocol);

// kRedirect: plain HTTP, every request is sent to https.
enum class Tls : std::uint8_t { kOff, kOn, kRedirect };

struct BindAddress {
  WireProtocol protocol = WireProtocol::kHttp;
  Tls tls = Tls::kOff;
  std::string endpoint;  // For os::parse_endpoint().
};
// PROTOCOL://ENDPOINT, where a path alone is a unix socket (uwsgi:///run/app.sock); without a protocol in front it
// is HTTP and all of it is the endpoint. Beside the four there are https:// and to-https:// (Tls::kRedirect).
BindAddress split_bind(std::string_view bind);
// "https" for HTTP over TLS, else name_of() its protocol.
std::string_view scheme_of(const BindAddress& bind);

}  // namespace tierce::config

#include "config/wire_protocol.h"

namespace tierce::config {
namespace {

struct Scheme {
  std::string_view name;
  WireProtocol protocol;
  Tls tls = Tls::kOff;
};
constexpr Scheme kSchemes[] = {{"http", WireProtocol::kHttp},
                               {"https", WireProtocol::kHttp, Tls::kOn},
                               {"to-https", WireProtocol::kHttp, Tls::kRedirect},
                               {"uwsgi", WireProtocol::kUwsgi},
                               {"fastcgi", WireProtocol::kFastcgi},
                               {"scgi", WireProtocol::kScgi}};

}  // namespace

std::string_view name_of(WireProtocol protocol) {
  switch (protocol) {
    case WireProtocol::kHttp:
      return "http";
    case WireProtocol::kUwsgi:
      return "uwsgi";
    case WireProtocol::kFastcgi:
      return "fastcgi";
    case WireProtocol::kScgi:
      return "scgi";
  }
  return "http";
}

std::string_view scheme_of(const BindAddress& bind) { return bind.tls == Tls::kOn ? "https" : name_of(bind.protocol); }

BindAddress split_bind(std::string_view bind) {
  for (const auto& [scheme, protocol, tls] : kSchemes) {
    if (!bind.starts_with(scheme) || !bind.substr(scheme.size()).starts_with("://")) continue;
    bind.remove_prefix(scheme.size() + 3);
    return {protocol, tls, (bind.starts_with('/') ? "unix:" : "") + std::string(bind)};
  }
  return {.endpoint = std::string(bind)};
}

}  // namespace tierce::config

#include "config/wire_protocol.h"

namespace tierce::config {
namespace {

constexpr WireProtocol kAll[] = {WireProtocol::kHttp, WireProtocol::kUwsgi, WireProtocol::kFastcgi,
                                 WireProtocol::kScgi};

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

BindAddress split_bind(std::string_view bind) {
  for (const WireProtocol protocol : kAll) {
    const std::string prefix = std::string(name_of(protocol)) + "://";
    if (!bind.starts_with(prefix)) continue;
    bind.remove_prefix(prefix.size());
    return {protocol, (bind.starts_with('/') ? "unix:" : "") + std::string(bind)};
  }
  return {WireProtocol::kHttp, std::string(bind)};
}

}  // namespace tierce::config

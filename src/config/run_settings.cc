#include "config/run_settings.h"

#include "config/wire_protocol.h"

namespace tierce::config {

TlsSettings& tls_of(RunSettings& settings) {
  if (settings.tls.empty()) settings.tls.emplace_back();
  return settings.tls.front();
}

Result<void> use_tls(RunSettings& settings) {
  if (settings.tls.empty()) return {};
  if (settings.tls.front().certificate.empty()) return fail("options of TLS need a certificate: --certfile names it");
  for (std::string& bind : settings.binds) {
    const BindAddress split = split_bind(bind);
    if (split.protocol == WireProtocol::kHttp && split.endpoint == bind) bind.insert(0, "https://");
  }
  return {};
}

}  // namespace tierce::config

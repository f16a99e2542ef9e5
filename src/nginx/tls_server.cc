#include "nginx/tls_server.h"

#include <fmt/format.h>

#include <map>

#include "nginx/error_logs.h"
#include "nginx/site.h"
#include "nginx/special_pages.h"
#include "nginx/variable_table.h"
#include "tls/session.h"
#include "tls/session_facts.h"

namespace tierce::nginx {

Result<TlsMaterials> read_tls(const conf::Model& model, const std::string& folder) {
  std::map<std::string, std::pair<std::int64_t, std::shared_ptr<tls::SharedSessions>>, std::less<>> zones;
  const tls::FindSessions find_sessions = [&](std::string_view name,
                                              std::int64_t bytes) -> Result<std::shared_ptr<tls::SharedSessions>> {
    const auto known = zones.find(name);
    if (known != zones.end() && known->second.first != bytes)
      return fail(Error(fmt::format("the size {} of shared memory zone \"{}\" conflicts with already declared size {}",
                                    bytes, name, known->second.first)));
    if (known != zones.end()) return known->second.second;
    auto made = tls::SharedSessions::create(static_cast<std::size_t>(bytes));
    if (made) zones.emplace(std::string(name), std::pair(bytes, *made));
    return made;
  };
  TlsMaterials materials(model.servers.size());
  for (std::size_t i = 0; i < model.servers.size(); ++i) {
    const conf::TlsServerSettings& settings = model.servers[i]->settings.tls;
    if (settings.certificates.empty() && !settings.reject_handshake.value_or(false)) continue;
    auto material = tls::read_server_material(settings, folder, find_sessions);
    if (!material) return fail(std::move(material).error());
    material->http2 = model.servers[i]->settings.http2.value_or(false);
    materials[i] = std::move(*material);
  }
  return materials;
}

Result<TlsContexts> make_tls(const TlsMaterials& materials) {
  TlsContexts contexts(materials.size());
  for (std::size_t i = 0; i < materials.size(); ++i) {
    if (!materials[i]) continue;
    auto context = tls::ServerContext::create(*materials[i]);
    if (!context) return fail(std::move(context).error());
    contexts[i] = std::move(*context);
  }
  return contexts;
}

tls::Arrival arrival_at(Site& site, const conf::Listener& listener) {
  tls::Arrival arrival;
  arrival.first = site.tls_of(*listener.fallback);
  arrival.http2 = listener.http2;
  arrival.choose = [&site, &listener](std::string_view name) -> const tls::ServerContext* {
    const auto host = conf::normal_host(name);
    if (!host) return nullptr;
    return site.tls_of(conf::choose_server(listener, *host)).get();
  };
  return arrival;
}

int check_tls_client(Request& request) {
  SSL* ssl = request.client().tls()->ssl();
  Site& site = request.site;
  const auto context = site.tls_of(*request.server);
  if (context == nullptr) return 0;
  const tls::ClientVerdict verdict = tls::judge_client(ssl, context->verify());
  using Kind = tls::ClientVerdict::Kind;
  if (verdict.kind != Kind::kFine) {
    site.error_logs().line(Level::kInfo, request, verdict.reason);
    return verdict.kind == Kind::kBad ? kCertificateRefused : kNoCertificate;
  }
  if (context->verify() == tls::VerifyClient::kOff) return 0;
  // The rules for clients were those of the server that the handshake was with.
  const auto named = tls::session_fact(ssl, "ssl_server_name", 0);
  const auto host = conf::normal_host(named.value_or(""));
  if (&conf::choose_server(*request.listener, host.value_or("")) == request.server) return 0;
  site.error_logs().line(Level::kInfo, request,
                         "client attempted to request the server name different from the one that was negotiated");
  return 421;
}

ReadVariable find_tls_variable(std::string_view name) {
  if (!name.starts_with("ssl_")) return nullptr;
  return [](Request& request, std::string_view argument, std::string& out) {
    tls::Session* session = request.client().tls();
    if (session == nullptr) return false;
    const auto fact = tls::session_fact(session->ssl(), argument, request.site.loop().wall());
    if (!fact || fact->empty()) return false;
    out += *fact;
    return true;
  };
}

}  // namespace tierce::nginx

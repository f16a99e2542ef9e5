#include "tls/client_context.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "tls/context.h"
#include "tls/context_parts.h"

namespace tierce::tls {
namespace {

int departure_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// TLS 1.3 sends sessions when it likes, so the callback keeps them.
int keep_session(SSL* ssl, SSL_SESSION* session) {
  const auto* departure = static_cast<const Departure*>(SSL_get_ex_data(ssl, departure_index()));
  if (departure == nullptr || departure->last == nullptr) return 0;
  departure->last->keep(StoredSession(session));
  return 1;  // Ours now.
}

// The verdict is asked for after the handshake, so that it can be said in nginx's words.
int any_certificate(int, X509_STORE_CTX*) { return 1; }

bool is_address(const std::string& name) {
  in6_addr ignored;
  return ::inet_pton(AF_INET, name.c_str(), &ignored) == 1 || ::inet_pton(AF_INET6, name.c_str(), &ignored) == 1;
}

Result<void> set_up(SSL_CTX* context, const ClientMaterial& material) {
  set_modes(context);
  allow_protocols(context, material.protocols);
  if (!material.pair.certificate.empty()) {
    if (auto done = use_key_pair(context, material.pair, material.passwords); !done) return done;
  }
  if (auto done = use_ciphers(context, material.ciphers); !done) return done;
  if (material.verify) {
    if (auto done = trust(context, material.trusted, Names::kKept); !done) return done;
    if (auto done = use_revocations(context, material.revoked); !done) return done;
    SSL_CTX_set_verify_depth(context, material.verify_depth);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, any_certificate);
  }
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  return run_commands(context, material.commands);
}

}  // namespace

Result<std::shared_ptr<const ClientContext>> ClientContext::create(const ClientMaterial& material) {
  ERR_clear_error();
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) return fail(Error("SSL_CTX_new() failed: " + openssl_errors()));
  std::shared_ptr<const ClientContext> made(new ClientContext(context, material.verify));
  if (auto done = set_up(context, material); !done) return fail(std::move(done).error());
  return made;
}

StoredSession LastSession::get() const {
  const std::lock_guard lock(mutex_);
  if (session_ != nullptr) SSL_SESSION_up_ref(session_.get());
  return StoredSession(session_.get());
}

void LastSession::keep(StoredSession session) {
  const std::lock_guard lock(mutex_);
  session_ = std::move(session);
}

void prepare(Departure& departure, SSL* ssl) {
  SSL_set_ex_data(ssl, departure_index(), &departure);
  // RFC 6066 3: addresses are no names.
  if (departure.tell_name && !departure.name.empty() && !is_address(departure.name))
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, departure.name.data());
  if (departure.last == nullptr) return;
  if (const StoredSession last = departure.last->get()) SSL_set_session(ssl, last.get());
}

std::string trouble_with_peer(const Departure& departure, SSL* ssl) {
  if (!departure.context->verifies()) return {};
  if (const long result = SSL_get_verify_result(ssl); result != X509_V_OK)
    return fmt::format("upstream SSL certificate verify error: ({}:{})", result, X509_verify_cert_error_string(result));
  X509* shown = SSL_get0_peer_certificate(ssl);
  if (shown == nullptr || X509_check_host(shown, departure.name.data(), departure.name.size(), 0, nullptr) != 1)
    return fmt::format("upstream SSL certificate does not match \"{}\"", departure.name);
  return {};
}

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return end == std::string_view::npos ? host : host.substr(1, end - 1);
  }
  return host.substr(0, host.rfind(':'));
}

}  // namespace tierce::tls

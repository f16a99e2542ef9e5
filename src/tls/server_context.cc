#include "tls/server_context.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "os/clock.h"
#include "tls/context.h"
#include "tls/openssl_ptr.h"

namespace tierce::tls {

struct ServerContext::Data {
  std::shared_ptr<SharedSessions> sessions;
  std::vector<TicketKey> ticket_keys;
  std::vector<Certificate> certificates;
  std::vector<Certificate> issuers;
  std::vector<std::atomic<std::shared_ptr<const std::string>>> stapled;
  std::string curves;
  std::size_t record_bytes = 16384;
  VerifyClient verify = VerifyClient::kOff;
  bool reject_handshake = false;
  bool http2 = false;
  bool early_data = false;
};

namespace {

using Data = ServerContext::Data;

void free_data(void*, void* data, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<Data*>(data); }

int data_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_data);
  return index;
}
int arrival_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

Data& data_of(const SSL_CTX* context) { return *static_cast<Data*>(SSL_CTX_get_ex_data(context, data_index())); }
Arrival* arrival_of(const SSL* ssl) { return static_cast<Arrival*>(SSL_get_ex_data(ssl, arrival_index())); }

// RFC 6066 3: a list with one host_name. "" for everything else, which OpenSSL refuses later where it must.
std::string_view name_in_hello(SSL* ssl) {
  const unsigned char* bytes = nullptr;
  std::size_t length = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &length) != 1 || length < 5) return {};
  if (bytes[2] != TLSEXT_NAMETYPE_host_name) return {};
  const std::size_t name_bytes = static_cast<std::size_t>(bytes[3]) << 8 | bytes[4];
  if (name_bytes + 5 > length) return {};
  return {reinterpret_cast<const char*>(bytes) + 5, name_bytes};
}

// What SSL_set_SSL_CTX leaves as it was.
void adopt(SSL* ssl, SSL_CTX* context) {
  const Data& data = data_of(context);
  SSL_set_SSL_CTX(ssl, context);
  SSL_set_verify(ssl, SSL_CTX_get_verify_mode(context), SSL_CTX_get_verify_callback(context));
  SSL_set_verify_depth(ssl, SSL_CTX_get_verify_depth(context));
  SSL_clear_options(ssl, SSL_get_options(ssl) & ~SSL_CTX_get_options(context));
  SSL_set_options(ssl, SSL_CTX_get_options(context));
  SSL_set_max_send_fragment(ssl, static_cast<long>(data.record_bytes));
  SSL_set_max_early_data(ssl, SSL_CTX_get_max_early_data(context));
  SSL_set_recv_max_early_data(ssl, SSL_CTX_get_recv_max_early_data(context));
  if (!data.curves.empty() && data.curves != "auto") SSL_set1_groups_list(ssl, data.curves.c_str());
}

// Before a session is resumed and before a version is chosen, so that both follow the server that was named. Called
// twice when the client is asked for another hello: the second counts, whoever the first has named.
int hello_came(SSL* ssl, int* alert, void*) {
  Arrival* arrival = arrival_of(ssl);
  if (arrival == nullptr) return SSL_CLIENT_HELLO_SUCCESS;
  const ServerContext* chosen = nullptr;
  std::string name(name_in_hello(ssl));
  if (!name.empty() && arrival->choose) {
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 'a' - 'A') : c;
    chosen = arrival->choose(name);
  }
  if (chosen == nullptr) chosen = arrival->first.get();
  if (chosen->rejects_handshake()) {
    SSL_set_ex_data(ssl, arrival_index(), nullptr);
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_CLIENT_HELLO_ERROR;
  }
  // A server without certificates is served with the default one's.
  SSL_CTX* context = chosen->has_certificates() ? chosen->get() : arrival->first->get();
  if (context != SSL_get_SSL_CTX(ssl)) adopt(ssl, context);
  return SSL_CLIENT_HELLO_SUCCESS;
}

// The name has done its work already; the client is told that it was understood.
int acknowledge_name(SSL* ssl, int*, void*) {
  return SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) != nullptr ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

// RFC 7301; a client that offers nothing of ours is told so, as by nginx.
int choose_protocol(SSL* ssl, const unsigned char** out, unsigned char* out_bytes, const unsigned char* offered,
                    unsigned int offered_bytes, void*) {
  static constexpr unsigned char kOurs[] = "\x02h2\x08http/1.1\x08http/1.0\x08http/0.9";
  const Arrival* arrival = arrival_of(ssl);
  const bool http2 = (arrival != nullptr && arrival->http2) || data_of(SSL_get_SSL_CTX(ssl)).http2;
  const unsigned char* ours = http2 ? kOurs : kOurs + 3;
  const unsigned int bytes = static_cast<unsigned int>(sizeof kOurs - 1) - (http2 ? 0 : 3);
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_bytes, ours, bytes, offered, offered_bytes) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

int ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
               int encrypting) {
  return use_ticket_key(data_of(SSL_get_SSL_CTX(ssl)).ticket_keys, ssl, name, iv, cipher, mac, encrypting);
}

int give_staple(SSL* ssl, void*) {
  const Data& data = data_of(SSL_get_SSL_CTX(ssl));
  const X509* used = SSL_get_certificate(ssl);
  for (std::size_t i = 0; i < data.certificates.size(); ++i) {
    if (used == nullptr || X509_cmp(data.certificates[i].get(), used) != 0) continue;
    const auto answer = data.stapled[i].load();
    if (answer == nullptr || answer->empty()) return SSL_TLSEXT_ERR_NOACK;
    void* copy = OPENSSL_memdup(answer->data(), answer->size());
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(answer->size()));
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

std::string_view id_of(const SSL_SESSION* session) {
  unsigned int bytes = 0;
  const unsigned char* id = SSL_SESSION_get_id(session, &bytes);
  return {reinterpret_cast<const char*>(id), bytes};
}

// OpenSSL asks the context that a connection came in with, so its zone it is, whoever was chosen then.
SharedSessions* sessions_of(const SSL* ssl) {
  const Arrival* arrival = arrival_of(ssl);
  return data_of(arrival != nullptr ? arrival->first->get() : SSL_get_SSL_CTX(ssl)).sessions.get();
}

// In TLS 1.3 a ticket carries all of its session, and nobody looks for it here; with early data OpenSSL keeps books of
// what was used.
bool is_in_its_ticket(SSL* ssl, const SSL_SESSION* session) {
  return SSL_version(ssl) >= TLS1_3_VERSION && (SSL_get_options(ssl) & SSL_OP_NO_TICKET) == 0 &&
         SSL_SESSION_get_max_early_data(session) == 0;
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
  if (is_in_its_ticket(ssl, session)) return 0;
  SharedSessions* sessions = sessions_of(ssl);
  const int bytes = i2d_SSL_SESSION(session, nullptr);
  if (bytes <= 0) return 0;
  std::string encoded(static_cast<std::size_t>(bytes), '\0');
  auto* into = reinterpret_cast<unsigned char*>(encoded.data());
  i2d_SSL_SESSION(session, &into);
  if (sessions != nullptr)
    sessions->put(id_of(session), encoded, os::wall_seconds() + SSL_SESSION_get_timeout(session));
  return 0;
}

SSL_SESSION* find_session(SSL* ssl, const unsigned char* id, int bytes, int* copy) {
  *copy = 0;
  const std::string_view wanted(reinterpret_cast<const char*>(id), static_cast<std::size_t>(bytes));
  SharedSessions* sessions = sessions_of(ssl);
  const auto found = sessions != nullptr ? sessions->find(wanted, os::wall_seconds()) : std::nullopt;
  if (!found) return nullptr;
  const auto* in = reinterpret_cast<const unsigned char*>(found->data());
  return d2i_SSL_SESSION(nullptr, &in, static_cast<long>(found->size()));
}

void drop_session(SSL_CTX* context, SSL_SESSION* session) { data_of(context).sessions->remove(id_of(session)); }

// A certificate that does not convince is answered in HTTP, with a page: the handshake goes on.
int any_certificate(int, X509_STORE_CTX*) { return 1; }

void set_session_rules(SSL_CTX* context, const ServerMaterial& material) {
  SSL_CTX_set_timeout(context, static_cast<long>(material.session_timeout.count()));
  if (!material.tickets) SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, ticket_key);
  // Each connection is given one for the next; a second one, as OpenSSL gives it, is work for nothing.
  SSL_CTX_set_num_tickets(context, 1);
  long mode = SSL_SESS_CACHE_SERVER;
  if (material.session_cache == SessionCache::kOwn)
    SSL_CTX_sess_set_cache_size(context, static_cast<long>(material.own_sessions));
  else
    mode |= SSL_SESS_CACHE_NO_INTERNAL;
  if (material.shared_sessions != nullptr) {
    SSL_CTX_sess_set_new_cb(context, keep_session);
    SSL_CTX_sess_set_get_cb(context, find_session);
    SSL_CTX_sess_set_remove_cb(context, drop_session);
  } else if (material.session_cache == SessionCache::kOff) {
    mode = SSL_SESS_CACHE_OFF;
  }
  SSL_CTX_set_session_cache_mode(context, mode);
}

// A session is resumed only where the same certificates and the same rules for clients are (nginx CVE-2025-23419).
Result<void> set_session_scope(SSL_CTX* context, const ServerMaterial& material) {
  std::string rules = fmt::format("{} {} ", static_cast<int>(material.verify), material.verify_depth);
  const auto add = [&rules](std::string_view bytes) { rules += fmt::format("{} {}", bytes.size(), bytes); };
  for (const KeyPair& pair : material.pairs) add(pair.certificate.bytes);
  add(material.client_authorities.bytes);
  add(material.trusted.bytes);
  add(material.revoked.bytes);
  unsigned char id[EVP_MAX_MD_SIZE] = {};
  unsigned int id_bytes = 0;
  if (EVP_Digest(rules.data(), rules.size(), id, &id_bytes, EVP_sha256(), nullptr) != 1 ||
      SSL_CTX_set_session_id_context(context, id, id_bytes) != 1)
    return fail(Error("SSL_CTX_set_session_id_context() failed: " + openssl_errors()));
  return {};
}

Result<void> set_verification(SSL_CTX* context, const ServerMaterial& material) {
  if (auto done = trust(context, material.client_authorities, Names::kOffered); !done) return done;
  if (auto done = trust(context, material.trusted, Names::kKept); !done) return done;
  if (auto done = use_revocations(context, material.revoked); !done) return done;
  SSL_CTX_set_verify_depth(context, material.verify_depth);
  SSL_CTX_set_verify(context, material.verify == VerifyClient::kOff ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                     any_certificate);
  return {};
}

// Who has issued `certificate`, among its chain and what is trusted.
Certificate issuer_of(SSL_CTX* context, X509* certificate, STACK_OF(X509) * chain) {
  for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i) {
    X509* each = sk_X509_value(chain, i);
    if (X509_check_issued(each, certificate) == X509_V_OK) {
      X509_up_ref(each);
      return Certificate(each);
    }
  }
  const std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>> search(X509_STORE_CTX_new());
  X509* found = nullptr;
  if (X509_STORE_CTX_init(search.get(), SSL_CTX_get_cert_store(context), nullptr, nullptr) == 1 &&
      X509_STORE_CTX_get1_issuer(&found, search.get(), certificate) == 1)
    return Certificate(found);
  ERR_clear_error();
  return nullptr;
}

void note_certificates(SSL_CTX* context, const ServerMaterial& material, Data& data) {
  for (long more = SSL_CTX_set_current_cert(context, SSL_CERT_SET_FIRST); more == 1;
       more = SSL_CTX_set_current_cert(context, SSL_CERT_SET_NEXT)) {
    X509* own = SSL_CTX_get0_certificate(context);
    STACK_OF(X509)* chain = nullptr;
    SSL_CTX_get0_chain_certs(context, &chain);
    X509_up_ref(own);
    data.certificates.emplace_back(own);
    data.issuers.push_back(issuer_of(context, own, chain));
  }
  data.stapled = std::vector<std::atomic<std::shared_ptr<const std::string>>>(data.certificates.size());
  for (auto& each : data.stapled) each = std::make_shared<const std::string>(material.stapled);
}

// OpenSSL's macros for these cast as C does.
template <typename Callback>
void set_callback(SSL_CTX* context, int which, Callback* callback) {
  SSL_CTX_callback_ctrl(context, which, reinterpret_cast<void (*)()>(callback));
}

Result<void> set_up(SSL_CTX* context, const ServerMaterial& material, Data& data) {
  set_modes(context);
  SSL_CTX_set_options(context, SSL_OP_SINGLE_DH_USE | SSL_OP_NO_ANTI_REPLAY);
  if (material.prefer_server_ciphers) SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  allow_protocols(context, material.protocols);
  for (const KeyPair& pair : material.pairs) {
    if (auto done = use_key_pair(context, pair, material.passwords); !done) return done;
  }
  if (auto done = use_ciphers(context, material.ciphers); !done) return done;
  if (auto done = set_verification(context, material); !done) return done;
  if (auto done = use_dh_parameters(context, material.dh_parameters); !done) return done;
  if (auto done = use_curves(context, material.curves); !done) return done;
  set_session_rules(context, material);
  if (auto done = set_session_scope(context, material); !done) return done;
  if (material.early_data) SSL_CTX_set_max_early_data(context, 16384);
  SSL_CTX_set_max_send_fragment(context, static_cast<long>(data.record_bytes));
  SSL_CTX_set_client_hello_cb(context, hello_came, nullptr);
  set_callback(context, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB, acknowledge_name);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  if (material.stapling) set_callback(context, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB, give_staple);
  if (auto done = run_commands(context, material.commands); !done) return done;
  note_certificates(context, material, data);
  return {};
}

}  // namespace

Result<std::shared_ptr<const ServerContext>> ServerContext::create(const ServerMaterial& material) {
  ERR_clear_error();
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  if (context == nullptr) return fail(Error("SSL_CTX_new() failed: " + openssl_errors()));
  auto* data = new Data{.sessions = material.shared_sessions,
                        .ticket_keys = material.ticket_keys,
                        .curves = material.curves,
                        // OpenSSL's bounds; the record that nginx fills is no larger either.
                        .record_bytes = std::clamp<std::size_t>(material.record_bytes, 512, 16384),
                        .verify = material.verify,
                        .reject_handshake = material.reject_handshake,
                        .http2 = material.http2,
                        .early_data = material.early_data};
  if (data->ticket_keys.empty()) data->ticket_keys.push_back(random_ticket_key());
  SSL_CTX_set_ex_data(context, data_index(), data);
  std::shared_ptr<const ServerContext> made(new ServerContext(context, data));
  if (auto done = set_up(context, material, *data); !done) return fail(std::move(done).error());
  return made;
}

bool ServerContext::rejects_handshake() const { return data_->reject_handshake; }
bool ServerContext::has_certificates() const { return !data_->certificates.empty(); }
VerifyClient ServerContext::verify() const { return data_->verify; }
bool ServerContext::early_data() const { return data_->early_data; }
std::size_t ServerContext::certificate_count() const { return data_->certificates.size(); }
X509* ServerContext::certificate(std::size_t index) const { return data_->certificates[index].get(); }
X509* ServerContext::issuer(std::size_t index) const { return data_->issuers[index].get(); }
void ServerContext::staple(std::size_t index, std::string answer) const {
  data_->stapled[index] = std::make_shared<const std::string>(std::move(answer));
}

namespace internal {

void set_arrival(SSL* ssl, Arrival* arrival) { SSL_set_ex_data(ssl, arrival_index(), arrival); }
bool was_rejected(const SSL* ssl) { return arrival_of(ssl) == nullptr; }

}  // namespace internal
}  // namespace tierce::tls

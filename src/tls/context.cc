#include "tls/context.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstring>

namespace tierce::tls {
namespace {

template <auto F>
struct Free {
  template <typename T>
  void operator()(T* each) const {
    F(each);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;

Bio reader(const std::string& pem) { return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

// A server has nobody to ask for the password of a key.
int no_password(char*, int, int, void*) { return 0; }

bool at_end_of_pem() {
  const unsigned long error = ERR_peek_last_error();
  const bool ended = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (ended) ERR_clear_error();
  return ended;
}

Result<void> use_certificate(SSL_CTX* context, const Material& material) {
  const Bio in = reader(material.certificate);
  const Certificate own(PEM_read_bio_X509_AUX(in.get(), nullptr, no_password, nullptr));
  if (!own) return fail(Error(fmt::format("{}: no certificate (PEM) is in it: {}", material.name, openssl_errors())));
  if (SSL_CTX_use_certificate(context, own.get()) != 1)
    return fail(Error(fmt::format("{}: the certificate cannot be used: {}", material.name, openssl_errors())));
  for (;;) {
    Certificate next(PEM_read_bio_X509(in.get(), nullptr, no_password, nullptr));
    if (!next) break;
    if (SSL_CTX_add0_chain_cert(context, next.get()) != 1)
      return fail(Error(fmt::format("{}: the chain cannot be used: {}", material.name, openssl_errors())));
    static_cast<void>(next.release());  // The context's now.
  }
  if (!at_end_of_pem())
    return fail(Error(fmt::format("{}: a certificate in it is broken: {}", material.name, openssl_errors())));
  return {};
}

Result<void> use_key(SSL_CTX* context, const Material& material) {
  const Bio in = reader(material.key);
  const Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr));
  if (!key)
    return fail(Error(fmt::format("{}: its key cannot be read (PEM without a password is needed): {}", material.name,
                                  openssl_errors())));
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    return fail(Error(fmt::format("{}: the key is not this certificate's: {}", material.name, openssl_errors())));
  return {};
}

Result<void> ask_clients(SSL_CTX* context, const Material& material) {
  if (material.client == config::ClientCertificate::kNotAsked) return {};
  int mode = SSL_VERIFY_PEER;
  if (material.client == config::ClientCertificate::kRequired) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_CTX_set_verify(context, mode, nullptr);
  if (material.authorities.empty()) {
    SSL_CTX_set_default_verify_paths(context);
    return {};
  }
  const Bio in = reader(material.authorities);
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  int found = 0;
  while (const Certificate each{PEM_read_bio_X509_AUX(in.get(), nullptr, no_password, nullptr)}) {
    ++found;
    X509_STORE_add_cert(store, each.get());
    SSL_CTX_add_client_CA(context, each.get());  // Browsers offer what these have signed.
  }
  if (found == 0 || !at_end_of_pem())
    return fail(Error(fmt::format("{}: the authorities for client certificates cannot be read: {}", material.name,
                                  openssl_errors())));
  return {};
}

// RFC 7301; a client that offers nothing of ours goes on without, as with nginx.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_bytes, const unsigned char* offered,
                    unsigned int offered_bytes, void*) {
  static constexpr unsigned char kOurs[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_bytes, kOurs, sizeof kOurs, offered, offered_bytes) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

std::string openssl_errors() {
  std::string text;
  while (const unsigned long error = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(error);
    if (!text.empty()) text += ", ";
    text += reason != nullptr ? reason : fmt::format("error {:x}", error);
  }
  return text.empty() ? "no further reason" : text;
}

Result<std::shared_ptr<const Context>> Context::create(const Material& material) {
  ERR_clear_error();
  std::shared_ptr<Context> made(new Context(SSL_CTX_new(TLS_server_method())));
  SSL_CTX* context = made->get();
  if (context == nullptr) return fail(Error("TLS: " + openssl_errors()));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Released buffers: an idle connection keeps none. Read ahead: one recv() for several records.
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  // A session is resumed only where the same certificate and the same rules for clients are.
  unsigned char id[SSL_MAX_SSL_SESSION_ID_LENGTH] = {};
  unsigned int id_bytes = 0;
  const std::string rules =
      material.certificate + material.authorities + std::to_string(static_cast<int>(material.client));
  if (EVP_Digest(rules.data(), rules.size(), id, &id_bytes, EVP_sha256(), nullptr) != 1 ||
      SSL_CTX_set_session_id_context(context, id, id_bytes) != 1)
    return fail(Error("TLS: " + openssl_errors()));
  if (!material.ciphers.empty() && SSL_CTX_set_cipher_list(context, material.ciphers.c_str()) != 1)
    return fail(
        Error(fmt::format("{}: the ciphers '{}' name none: {}", material.name, material.ciphers, openssl_errors())));
  if (auto done = use_certificate(context, material); !done) return fail(std::move(done).error());
  if (auto done = use_key(context, material); !done) return fail(std::move(done).error());
  if (auto done = ask_clients(context, material); !done) return fail(std::move(done).error());
  return std::shared_ptr<const Context>(std::move(made));
}

}  // namespace tierce::tls

// TLS as one server block of nginx.conf asks for it: an SSL_CTX, and what its callbacks need. Threads may share it.
#pragma once

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tls/server_material.h"

namespace tierce::tls {

class ServerContext {
 public:
  // Fails, with nginx's words, where OpenSSL refuses a certificate, a key, a list.
  static Result<std::shared_ptr<const ServerContext>> create(const ServerMaterial& material);
  ~ServerContext() { SSL_CTX_free(context_); }
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;

  SSL_CTX* get() const { return context_; }
  bool rejects_handshake() const;
  bool has_certificates() const;
  VerifyClient verify() const;
  bool early_data() const;

  // Stapling: what certificates there are, who issued them (null: the issuer is not among what was configured), and
  // the OCSP answer (DER) that goes out with one from now on; "" for none. Any thread.
  std::size_t certificate_count() const;
  X509* certificate(std::size_t index) const;
  X509* issuer(std::size_t index) const;
  void staple(std::size_t index, std::string answer) const;

  // Lives as long as OpenSSL's context, which sessions keep longer than this object.
  struct Data;

 private:
  explicit ServerContext(SSL_CTX* context, Data* data) : context_(context), data_(data) {}
  SSL_CTX* context_;
  Data* data_;
};

// How a connection comes in: the first context is that of the address' default server. When the client names a server,
// `choose` gives another, or null to stay with the first; `name` is in lower case, as sent otherwise, and not checked.
// Sessions are resumed where the same certificates and rules for clients hold, and nowhere else.
struct Arrival {
  std::shared_ptr<const ServerContext> first;
  std::function<const ServerContext*(std::string_view name)> choose;
  bool http2 = false;  // Of the address: h2 is spoken with whoever offers it.
};

namespace internal {
// For tls/session.cc: where the callbacks find a connection's Arrival.
void set_arrival(SSL* ssl, Arrival* arrival);
bool was_rejected(const SSL* ssl);
}  // namespace internal

}  // namespace tierce::tls

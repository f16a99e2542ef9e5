// TLS towards the servers that requests are passed to (proxy_ssl_* and its kin). Threads may share it.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "tls/openssl_ptr.h"
#include "tls/server_material.h"

namespace tierce::tls {

class ClientContext {
 public:
  // Fails, with nginx's words, where OpenSSL refuses a certificate, a key, a list.
  static Result<std::shared_ptr<const ClientContext>> create(const ClientMaterial& material);
  ~ClientContext() { SSL_CTX_free(context_); }
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;

  SSL_CTX* get() const { return context_; }
  bool verifies() const { return verifies_; }

 private:
  ClientContext(SSL_CTX* context, bool verifies) : context_(context), verifies_(verifies) {}
  SSL_CTX* context_;
  bool verifies_;
};

// The last session with one server (proxy_ssl_session_reuse): kept by whoever knows the server, used and renewed by
// the connections to it. Any thread.
class LastSession {
 public:
  // Null: there is none.
  StoredSession get() const;
  void keep(StoredSession session);

 private:
  mutable std::mutex mutex_;
  StoredSession session_;
};

// How a connection goes out. `name`: what the server's certificate must name, when the context verifies, with
// neither port nor brackets; with `tell_name` the server is told it, unless it is an address.
struct Departure {
  std::shared_ptr<const ClientContext> context;
  std::string name;
  bool tell_name = false;
  std::shared_ptr<LastSession> last;  // Null: nothing is resumed.
};

// Before the handshake. `departure` is to outlive `ssl`.
void prepare(Departure& departure, SSL* ssl);
// After it: why this is not the server that was meant, in nginx's words; "" when it is.
std::string trouble_with_peer(const Departure& departure, SSL* ssl);

// The name out of what proxy_ssl_name says, $proxy_host by default: "a.example:443" and "[::1]:443" have ports.
std::string_view without_port(std::string_view host);

}  // namespace tierce::tls

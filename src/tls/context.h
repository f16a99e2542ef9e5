// What all connections with one certificate share: OpenSSL's SSL_CTX. Threads may share it; sessions keep it alive.
#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "base/result.h"
#include "tls/material.h"

namespace tierce::tls {

class Context {
 public:
  // TLS 1.2 and 1.3, HTTP/1.1 by ALPN, resumption by tickets that no other context takes. Fails when the PEM
  // is none or the key is another certificate's.
  static Result<std::shared_ptr<const Context>> create(const Material& material);
  ~Context() { SSL_CTX_free(context_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  SSL_CTX* get() const { return context_; }

 private:
  explicit Context(SSL_CTX* context) : context_(context) {}
  SSL_CTX* context_;
};

// What OpenSSL has put into this thread's queue of errors, oldest first; empties it.
std::string openssl_errors();

}  // namespace tierce::tls

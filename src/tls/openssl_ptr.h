// Owners of what OpenSSL has allocated.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

namespace tierce::tls {

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
using StoredSession = std::unique_ptr<SSL_SESSION, Free<SSL_SESSION_free>>;

// Reads `bytes`, which stay the caller's.
inline Bio reader(std::string_view bytes) { return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))); }

// What has been written to a memory BIO.
inline std::string text_in(BIO* bio) {
  char* data = nullptr;
  const long bytes = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(bytes)};
}

}  // namespace tierce::tls

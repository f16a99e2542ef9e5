// What TLS is spoken with at a listening address: nginx's ssl_certificate and its kin, Gunicorn's certfile ... (PEM).
#pragma once

#include <cstdint>
#include <string>

namespace tierce::config {

// Whether a client must show a certificate that `authorities` vouch for.
enum class ClientCertificate : std::uint8_t { kNotAsked, kOptional, kRequired };

struct TlsSettings {
  std::string certificate;  // File: the server's own first, then those that lead to a known authority.
  std::string key;          // File; "": the certificate's file has it.
  std::string authorities;  // File; "": the machine's, when client certificates are asked for.
  std::string ciphers;      // OpenSSL's list for TLS 1.2; "": OpenSSL's default.
  ClientCertificate client = ClientCertificate::kNotAsked;
};

}  // namespace tierce::config

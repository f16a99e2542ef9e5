// Asking a responder whether a certificate is still good (RFC 6960), for stapling: what to send and what came back.
// The asking itself, over HTTP, is the caller's.
#pragma once

#include <openssl/ssl.h>

#include <ctime>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tierce::tls {

// The address that the certificate names, "http://ocsp.example/"; "" when it names none.
std::string ocsp_responder(X509* certificate);

// The request, DER. Fails only for want of memory.
Result<std::string> make_ocsp_request(X509* certificate, X509* issuer);
// ... and as the last part of the path of a GET: base64 with '+', '/' and '=' escaped.
std::string ocsp_path(std::string_view request);

struct OcspAnswer {
  std::time_t valid_until = 0;   // When another must have been asked for; the largest there is when it does not say.
  std::time_t next_refresh = 0;  // When to ask again: nginx's rule.
};
// Whether `answer` (DER) says that `certificate` is good, and says it now. With `verifier` its signature is verified by
// what that context trusts; null takes it as it is. Fails, with nginx's words, for any other answer.
Result<OcspAnswer> read_ocsp_answer(std::string_view answer, X509* certificate, X509* issuer, SSL_CTX* verifier,
                                    std::time_t now);

}  // namespace tierce::tls

#include "tls/ocsp.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <limits>

#include "tls/context.h"
#include "tls/openssl_ptr.h"

namespace tierce::tls {
namespace {

using Request = std::unique_ptr<OCSP_REQUEST, Free<OCSP_REQUEST_free>>;
using Response = std::unique_ptr<OCSP_RESPONSE, Free<OCSP_RESPONSE_free>>;
using Basic = std::unique_ptr<OCSP_BASICRESP, Free<OCSP_BASICRESP_free>>;
using CertificateId = std::unique_ptr<OCSP_CERTID, Free<OCSP_CERTID_free>>;

// Clocks differ by so much.
constexpr long kSkewSeconds = 300;

Result<void> verify(OCSP_BASICRESP* basic, X509* issuer, SSL_CTX* verifier) {
  // The issuer may have signed it without being in it.
  STACK_OF(X509)* others = sk_X509_new_null();
  sk_X509_push(others, issuer);
  const int good = OCSP_basic_verify(basic, others, SSL_CTX_get_cert_store(verifier), OCSP_TRUSTOTHER);
  sk_X509_free(others);
  if (good != 1) return fail(Error("OCSP_basic_verify() failed (" + openssl_errors() + ")"));
  return {};
}

std::time_t seconds_of(const ASN1_GENERALIZEDTIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::numeric_limits<std::time_t>::max();
  return ::timegm(&parts);
}

}  // namespace

std::string ocsp_responder(X509* certificate) {
  STACK_OF(OPENSSL_STRING)* all = X509_get1_ocsp(certificate);
  std::string first = all != nullptr && sk_OPENSSL_STRING_num(all) > 0 ? sk_OPENSSL_STRING_value(all, 0) : "";
  X509_email_free(all);
  return first;
}

Result<std::string> make_ocsp_request(X509* certificate, X509* issuer) {
  ERR_clear_error();
  const Request request(OCSP_REQUEST_new());
  CertificateId id(OCSP_cert_to_id(nullptr, certificate, issuer));
  if (!request || !id || OCSP_request_add0_id(request.get(), id.get()) == nullptr)
    return fail(Error("OCSP_request_add0_id() failed (" + openssl_errors() + ")"));
  static_cast<void>(id.release());  // The request's now.
  const int bytes = i2d_OCSP_REQUEST(request.get(), nullptr);
  if (bytes <= 0) return fail(Error("i2d_OCSP_REQUEST() failed (" + openssl_errors() + ")"));
  std::string encoded(static_cast<std::size_t>(bytes), '\0');
  auto* into = reinterpret_cast<unsigned char*>(encoded.data());
  i2d_OCSP_REQUEST(request.get(), &into);
  return encoded;
}

std::string ocsp_path(std::string_view request) {
  std::string base64(4 * ((request.size() + 2) / 3) + 1, '\0');
  const int bytes =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()),
                      reinterpret_cast<const unsigned char*>(request.data()), static_cast<int>(request.size()));
  base64.resize(static_cast<std::size_t>(bytes));
  std::string path;
  for (const char c : base64) {
    if (c == '+' || c == '/' || c == '=')
      path += fmt::format("%{:02X}", static_cast<unsigned>(c));
    else
      path += c;
  }
  return path;
}

Result<OcspAnswer> read_ocsp_answer(std::string_view answer, X509* certificate, X509* issuer, SSL_CTX* verifier,
                                    std::time_t now) {
  ERR_clear_error();
  const auto* in = reinterpret_cast<const unsigned char*>(answer.data());
  const Response response(d2i_OCSP_RESPONSE(nullptr, &in, static_cast<long>(answer.size())));
  if (!response) return fail(Error("d2i_OCSP_RESPONSE() failed (" + openssl_errors() + ")"));
  if (const int status = OCSP_response_status(response.get()); status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return fail(Error(fmt::format("OCSP response not successful ({}: {})", status, OCSP_response_status_str(status))));
  const Basic basic(OCSP_response_get1_basic(response.get()));
  if (!basic) return fail(Error("OCSP_response_get1_basic() failed (" + openssl_errors() + ")"));
  if (verifier != nullptr) {
    if (auto done = verify(basic.get(), issuer, verifier); !done) return fail(std::move(done).error());
  }
  const CertificateId id(OCSP_cert_to_id(nullptr, certificate, issuer));
  int status = V_OCSP_CERTSTATUS_UNKNOWN;
  ASN1_GENERALIZEDTIME* this_update = nullptr;
  ASN1_GENERALIZEDTIME* next_update = nullptr;
  if (!id || OCSP_resp_find_status(basic.get(), id.get(), &status, nullptr, nullptr, &this_update, &next_update) != 1)
    return fail("certificate status not found in the OCSP response");
  if (OCSP_check_validity(this_update, next_update, kSkewSeconds, -1) != 1)
    return fail(Error("OCSP_check_validity() failed (" + openssl_errors() + ")"));
  if (status != V_OCSP_CERTSTATUS_GOOD)
    return fail(Error(fmt::format("certificate status \"{}\" in the OCSP response", OCSP_cert_status_str(status))));
  const std::time_t until = seconds_of(next_update);
  // Once an hour; before it ends when that is sooner, but not more often than every five minutes.
  return OcspAnswer{until, std::min(now + 3600, std::max(until - kSkewSeconds, now + kSkewSeconds))};
}

}  // namespace tierce::tls

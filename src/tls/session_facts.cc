#include "tls/session_facts.h"

#include <fmt/format.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <vector>

#include "tls/openssl_ptr.h"

namespace tierce::tls {
namespace {

std::string hex(const unsigned char* bytes, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

std::string text_or_empty(const char* text) { return text != nullptr ? text : ""; }

std::string ciphers(SSL* ssl) {
  const unsigned char* raw = nullptr;
  const std::size_t each = SSL_get0_raw_cipherlist(ssl, nullptr);
  const std::size_t bytes = SSL_get0_raw_cipherlist(ssl, &raw);
  std::string all;
  for (std::size_t i = 0; each >= 2 && i + each <= bytes; i += each) {
    if (!all.empty()) all += ':';
    const SSL_CIPHER* cipher = SSL_CIPHER_find(ssl, raw + i);
    all += cipher != nullptr ? SSL_CIPHER_get_name(cipher) : fmt::format("0x{:02x}{:02x}", raw[i], raw[i + 1]);
  }
  return all;
}

std::string curve_name(int id) {
  if ((id & TLSEXT_nid_unknown) != 0) return fmt::format("0x{:04x}", id & 0xffff);
  return text_or_empty(OBJ_nid2sn(id));
}

std::string curve(SSL* ssl) {
  const int id = static_cast<int>(SSL_get_negotiated_group(ssl));
  return id == NID_undef ? "" : curve_name(id);
}

std::string curves(SSL* ssl) {
  std::vector<int> ids(static_cast<std::size_t>(std::max(0L, SSL_get1_groups(ssl, nullptr))));
  if (!ids.empty()) SSL_get1_groups(ssl, ids.data());
  std::string all;
  for (const int id : ids) {
    if (!all.empty()) all += ':';
    all += curve_name(id);
  }
  return all;
}

std::string session_id(SSL* ssl) {
  const SSL_SESSION* session = SSL_get0_session(ssl);
  if (session == nullptr) return {};
  unsigned int bytes = 0;
  const unsigned char* id = SSL_SESSION_get_id(session, &bytes);
  return hex(id, bytes);
}

std::string alpn(const SSL* ssl) {
  const unsigned char* chosen = nullptr;
  unsigned int bytes = 0;
  SSL_get0_alpn_selected(ssl, &chosen, &bytes);
  return {reinterpret_cast<const char*>(chosen), bytes};
}

std::string printed(int (*print)(BIO*, const X509*), const X509* certificate) {
  const Bio out(BIO_new(BIO_s_mem()));
  return print(out.get(), certificate) < 0 ? "" : text_in(out.get());
}

std::string name_of(const X509_NAME* name) {
  const Bio out(BIO_new(BIO_s_mem()));
  return X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0 ? "" : text_in(out.get());
}

std::string legacy_name_of(const X509_NAME* name) {
  char* line = X509_NAME_oneline(name, nullptr, 0);
  std::string text = text_or_empty(line);
  OPENSSL_free(line);
  return text;
}

std::string serial(const X509* certificate) {
  return printed([](BIO* out, const X509* of) { return i2a_ASN1_INTEGER(out, X509_get0_serialNumber(of)); },
                 certificate);
}

std::string fingerprint(const X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int bytes = 0;
  return X509_digest(certificate, EVP_sha1(), digest, &bytes) == 1 ? hex(digest, bytes) : "";
}

std::string pem(const X509* certificate) {
  return printed([](BIO* out, const X509* of) { return PEM_write_bio_X509(out, of); }, certificate);
}

// Fit for a header: each line but the first begins with a tab.
std::string folded_pem(const X509* certificate) {
  std::string text = pem(certificate);
  if (!text.empty()) text.pop_back();
  std::string folded;
  for (const char c : text) {
    folded += c;
    if (c == '\n') folded += '\t';
  }
  return folded;
}

std::string escaped_pem(const X509* certificate) {
  std::string escaped;
  for (const char c : pem(certificate)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain)
      escaped += c;
    else
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return escaped;
}

std::string days_left(const X509* certificate, std::time_t now) {
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) return {};
  const std::time_t left = ::timegm(&end) - now;
  return left < 0 ? "0" : fmt::format("{}", left / 86400);
}

std::string verdict_text(SSL* ssl) {
  if (SSL_get0_peer_certificate(ssl) == nullptr) return "NONE";
  const long result = SSL_get_verify_result(ssl);
  return result == X509_V_OK ? "SUCCESS" : fmt::format("FAILED:{}", X509_verify_cert_error_string(result));
}

struct ConnectionFact {
  std::string_view name;
  std::string (*value)(SSL* ssl);
};
constexpr std::array kConnectionFacts = {
    ConnectionFact{"ssl_protocol", [](SSL* ssl) { return text_or_empty(SSL_get_version(ssl)); }},
    ConnectionFact{"ssl_cipher", [](SSL* ssl) { return text_or_empty(SSL_get_cipher_name(ssl)); }},
    ConnectionFact{"ssl_ciphers", ciphers},
    ConnectionFact{"ssl_curve", curve},
    ConnectionFact{"ssl_curves", curves},
    ConnectionFact{"ssl_session_id", session_id},
    ConnectionFact{"ssl_session_reused",
                   [](SSL* ssl) { return std::string(SSL_session_reused(ssl) == 1 ? "r" : "."); }},
    ConnectionFact{"ssl_early_data", [](SSL* ssl) { return std::string(SSL_is_init_finished(ssl) == 1 ? "" : "1"); }},
    ConnectionFact{"ssl_server_name",
                   [](SSL* ssl) { return text_or_empty(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)); }},
    ConnectionFact{"ssl_alpn_protocol", [](SSL* ssl) { return alpn(ssl); }},
    ConnectionFact{"ssl_client_verify", verdict_text},
};

struct CertificateFact {
  std::string_view name;
  std::string (*value)(const X509* certificate, std::time_t now);
};
constexpr std::array kCertificateFacts = {
    CertificateFact{"ssl_client_cert", [](const X509* of, std::time_t) { return folded_pem(of); }},
    CertificateFact{"ssl_client_raw_cert", [](const X509* of, std::time_t) { return pem(of); }},
    CertificateFact{"ssl_client_escaped_cert", [](const X509* of, std::time_t) { return escaped_pem(of); }},
    CertificateFact{"ssl_client_s_dn", [](const X509* of, std::time_t) { return name_of(X509_get_subject_name(of)); }},
    CertificateFact{"ssl_client_i_dn", [](const X509* of, std::time_t) { return name_of(X509_get_issuer_name(of)); }},
    CertificateFact{"ssl_client_s_dn_legacy",
                    [](const X509* of, std::time_t) { return legacy_name_of(X509_get_subject_name(of)); }},
    CertificateFact{"ssl_client_i_dn_legacy",
                    [](const X509* of, std::time_t) { return legacy_name_of(X509_get_issuer_name(of)); }},
    CertificateFact{"ssl_client_serial", [](const X509* of, std::time_t) { return serial(of); }},
    CertificateFact{"ssl_client_fingerprint", [](const X509* of, std::time_t) { return fingerprint(of); }},
    CertificateFact{"ssl_client_v_start",
                    [](const X509* of, std::time_t) {
                      return printed(
                          [](BIO* out, const X509* c) { return ASN1_TIME_print(out, X509_get0_notBefore(c)); }, of);
                    }},
    CertificateFact{"ssl_client_v_end",
                    [](const X509* of, std::time_t) {
                      return printed(
                          [](BIO* out, const X509* c) { return ASN1_TIME_print(out, X509_get0_notAfter(c)); }, of);
                    }},
    CertificateFact{"ssl_client_v_remain", days_left},
};

// What "optional_no_ca" lets pass: that nobody whom we know vouches for it.
bool is_unknown_authority(long result) {
  return result == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT || result == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
         result == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY || result == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
}

}  // namespace

std::optional<std::string> session_fact(SSL* ssl, std::string_view name, std::time_t now) {
  const auto named = [name](const auto& fact) { return fact.name == name; };
  if (const auto* fact = std::find_if(kConnectionFacts.begin(), kConnectionFacts.end(), named);
      fact != kConnectionFacts.end())
    return fact->value(ssl);
  const auto* fact = std::find_if(kCertificateFacts.begin(), kCertificateFacts.end(), named);
  if (fact == kCertificateFacts.end()) return std::nullopt;
  const X509* certificate = SSL_get0_peer_certificate(ssl);
  return certificate == nullptr ? std::string() : fact->value(certificate, now);
}

bool speaks_http2(const SSL* ssl) { return alpn(ssl) == "h2"; }

ClientVerdict judge_client(SSL* ssl, VerifyClient rule) {
  if (rule == VerifyClient::kOff) return {};
  const long result = SSL_get_verify_result(ssl);
  const bool passes = rule == VerifyClient::kOptionalNoCa && is_unknown_authority(result);
  if (result != X509_V_OK && !passes)
    return {ClientVerdict::Kind::kBad,
            fmt::format("client SSL certificate verify error: ({}:{})", result, X509_verify_cert_error_string(result))};
  if (rule == VerifyClient::kOn && SSL_get0_peer_certificate(ssl) == nullptr)
    return {ClientVerdict::Kind::kMissing, "client sent no required SSL certificate"};
  return {};
}

}  // namespace tierce::tls

// Certificates made on the spot, for the tests of this folder and of those above.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <string>

#include "tls/material.h"
#include "tls/openssl_ptr.h"
#include "tls/server_material.h"

namespace tierce::tls {

inline std::string text_of(BIO* bio) {
  const Bio owner(bio);
  return text_in(bio);
}

inline Material test_material() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_sign(certificate, key, EVP_sha256());
  BIO* certificate_text = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(certificate_text, certificate);
  BIO* key_text = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(key_text, key, nullptr, nullptr, 0, nullptr, nullptr);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return {.name = "test.crt", .certificate = text_of(certificate_text), .key = text_of(key_text)};
}

// One with names, kinds and issuers to choose.
struct TestIdentity {
  Certificate certificate;
  Key key;
  std::string pem() const {
    const Bio out(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(out.get(), certificate.get());
    return text_in(out.get());
  }
  std::string key_pem(const std::string& password = "") const {
    const Bio out(BIO_new(BIO_s_mem()));
    const auto* bytes = reinterpret_cast<const unsigned char*>(password.data());
    PEM_write_bio_PrivateKey(out.get(), key.get(), password.empty() ? nullptr : EVP_aes_128_cbc(), bytes,
                             static_cast<int>(password.size()), nullptr, nullptr);
    return text_in(out.get());
  }
  KeyPair pair() const { return {{"test.crt", pem()}, {"test.key", key_pem()}}; }
};

struct TestWishes {
  const char* name = "localhost";        // CN, and a name of the extension.
  const TestIdentity* issuer = nullptr;  // Null: itself.
  bool rsa = false;
  bool authority = false;
  long serial = 0x1234;
  long seconds = 3600;
};

inline TestIdentity test_identity(const TestWishes& wishes) {
  TestIdentity made{Certificate(X509_new()), Key(wishes.rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"))};
  X509* certificate = made.certificate.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), wishes.serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), wishes.seconds);
  X509_set_pubkey(certificate, made.key.get());
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto add = [name](const char* what, const char* text) {
    X509_NAME_add_entry_by_txt(name, what, MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text), -1, -1, 0);
  };
  add("O", "Tests");
  add("CN", wishes.name);
  const TestIdentity& issuer = wishes.issuer != nullptr ? *wishes.issuer : made;
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer.certificate.get()));
  const auto extend = [certificate](int what, const std::string& text) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, what, text.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  };
  if (wishes.authority)
    extend(NID_basic_constraints, "critical,CA:TRUE");
  else
    extend(NID_subject_alt_name, std::string("DNS:") + wishes.name);
  X509_sign(certificate, issuer.key.get(), EVP_sha256());
  return made;
}

// A list of `issuer`'s that revokes `serial`; PEM.
inline std::string test_revocations(const TestIdentity& issuer, long serial) {
  const std::unique_ptr<X509_CRL, Free<X509_CRL_free>> list(X509_CRL_new());
  X509_CRL_set_version(list.get(), 1);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer.certificate.get()));
  const std::unique_ptr<ASN1_TIME, Free<ASN1_TIME_free>> time(ASN1_TIME_new());
  X509_gmtime_adj(time.get(), -60);
  X509_CRL_set1_lastUpdate(list.get(), time.get());
  X509_REVOKED* entry = X509_REVOKED_new();
  X509_REVOKED_set_revocationDate(entry, time.get());
  const std::unique_ptr<ASN1_INTEGER, Free<ASN1_INTEGER_free>> number(ASN1_INTEGER_new());
  ASN1_INTEGER_set(number.get(), serial);
  X509_REVOKED_set_serialNumber(entry, number.get());
  X509_CRL_add0_revoked(list.get(), entry);
  X509_gmtime_adj(time.get(), 3600);
  X509_CRL_set1_nextUpdate(list.get(), time.get());
  X509_CRL_sign(list.get(), issuer.key.get(), EVP_sha256());
  const Bio out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509_CRL(out.get(), list.get());
  return text_in(out.get());
}

inline ServerMaterial server_material(std::vector<KeyPair> pairs) {
  return {.pairs = std::move(pairs),
          .protocols = {"TLSv1.2", "TLSv1.3"},
          .ciphers = "HIGH:!aNULL:!MD5",
          .curves = "auto",
          .ticket_keys = {random_ticket_key()}};
}
inline ClientMaterial client_material() { return {.protocols = {"TLSv1.2", "TLSv1.3"}, .ciphers = "DEFAULT"}; }

}  // namespace tierce::tls

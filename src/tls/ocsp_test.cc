#include "tls/ocsp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ocsp.h>

#include <limits>

#include "tls/test_connection.h"

namespace tierce::tls {
namespace {

using testing::StartsWith;

// What a responder would say to a request for one certificate.
class OcspTest : public testing::Test {
 protected:
  std::string answer(int status, long from, long until, const TestIdentity& signer) {
    const std::string request = *make_ocsp_request(own_.certificate.get(), authority_.certificate.get());
    const auto* in = reinterpret_cast<const unsigned char*>(request.data());
    const std::unique_ptr<OCSP_REQUEST, Free<OCSP_REQUEST_free>> asked(
        d2i_OCSP_REQUEST(nullptr, &in, static_cast<long>(request.size())));
    EXPECT_EQ(OCSP_request_onereq_count(asked.get()), 1);
    const std::unique_ptr<OCSP_BASICRESP, Free<OCSP_BASICRESP_free>> basic(OCSP_BASICRESP_new());
    const std::unique_ptr<ASN1_TIME, Free<ASN1_TIME_free>> begins(X509_gmtime_adj(nullptr, from));
    const std::unique_ptr<ASN1_TIME, Free<ASN1_TIME_free>> ends(X509_gmtime_adj(nullptr, until));
    OCSP_basic_add1_status(basic.get(), OCSP_onereq_get0_id(OCSP_request_onereq_get0(asked.get(), 0)), status,
                           OCSP_REVOKED_STATUS_NOSTATUS, begins.get(), begins.get(), until == 0 ? nullptr : ends.get());
    OCSP_basic_sign(basic.get(), signer.certificate.get(), signer.key.get(), EVP_sha256(), nullptr, 0);
    return encoded(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get());
  }
  static std::string encoded(int status, OCSP_BASICRESP* basic) {
    const std::unique_ptr<OCSP_RESPONSE, Free<OCSP_RESPONSE_free>> response(OCSP_response_create(status, basic));
    unsigned char* bytes = nullptr;
    const int count = i2d_OCSP_RESPONSE(response.get(), &bytes);
    std::string text(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count));
    OPENSSL_free(bytes);
    return text;
  }
  Result<OcspAnswer> read(const std::string& text, SSL_CTX* verifier = nullptr) {
    return read_ocsp_answer(text, own_.certificate.get(), authority_.certificate.get(), verifier, ::time(nullptr));
  }
  TestIdentity authority_ = test_identity({.name = "Authority", .authority = true});
  TestIdentity own_ = test_identity({.issuer = &authority_});
};

TEST_F(OcspTest, ReadsAGoodAnswerAndWhenToAskAgain) {
  const std::time_t now = ::time(nullptr);
  const auto long_lived = read(answer(V_OCSP_CERTSTATUS_GOOD, -60, 86400, authority_));
  ASSERT_TRUE(long_lived) << long_lived.error().text();
  EXPECT_NEAR(static_cast<double>(long_lived->valid_until), static_cast<double>(now + 86400), 5);
  EXPECT_NEAR(static_cast<double>(long_lived->next_refresh), static_cast<double>(now + 3600), 5);
  const auto short_lived = read(answer(V_OCSP_CERTSTATUS_GOOD, -60, 1000, authority_));
  EXPECT_NEAR(static_cast<double>(short_lived->next_refresh), static_cast<double>(now + 700), 5);
  const auto endless = read(answer(V_OCSP_CERTSTATUS_GOOD, -60, 0, authority_));
  EXPECT_EQ(endless->valid_until, std::numeric_limits<std::time_t>::max());
}

TEST_F(OcspTest, TakesNoOther) {
  EXPECT_EQ(read(answer(V_OCSP_CERTSTATUS_REVOKED, -60, 86400, authority_)).error().text(),
            "certificate status \"revoked\" in the OCSP response");
  EXPECT_THAT(read(answer(V_OCSP_CERTSTATUS_GOOD, -86400, -3600, authority_)).error().text(),
              StartsWith("OCSP_check_validity() failed"));
  EXPECT_EQ(read(encoded(OCSP_RESPONSE_STATUS_TRYLATER, nullptr)).error().text(),
            "OCSP response not successful (3: trylater)");
  EXPECT_THAT(read("nonsense").error().text(), StartsWith("d2i_OCSP_RESPONSE() failed"));
  const std::string of_another = answer(V_OCSP_CERTSTATUS_GOOD, -60, 86400, authority_);
  own_ = test_identity({.issuer = &authority_, .serial = 0x4321});
  EXPECT_EQ(read(of_another).error().text(), "certificate status not found in the OCSP response");
}

TEST_F(OcspTest, VerifiesWhoHasSigned) {
  ServerMaterial material = server_material({own_.pair()});
  material.trusted = {"ca.crt", authority_.pem()};
  const auto context = context_of(material);
  EXPECT_TRUE(read(answer(V_OCSP_CERTSTATUS_GOOD, -60, 86400, authority_), context->get()));
  const TestIdentity stranger = test_identity({.name = "Stranger", .authority = true});
  EXPECT_THAT(read(answer(V_OCSP_CERTSTATUS_GOOD, -60, 86400, stranger), context->get()).error().text(),
              StartsWith("OCSP_basic_verify() failed"));
}

TEST_F(OcspTest, AsksThroughAPath) {
  EXPECT_EQ(ocsp_path("\xfb\xff\xfe?"), "%2B%2F%2F%2BPw%3D%3D");
  EXPECT_EQ(ocsp_responder(own_.certificate.get()), "");
}

}  // namespace
}  // namespace tierce::tls

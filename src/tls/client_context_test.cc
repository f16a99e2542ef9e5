#include "tls/client_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tls/session_facts.h"
#include "tls/test_connection.h"

namespace tierce::tls {
namespace {

class ClientContextTest : public testing::Test {
 protected:
  ClientMaterial verifying() {
    ClientMaterial material = client_material();
    material.verify = true;
    material.trusted = {"ca.crt", authority_.pem()};
    return material;
  }
  // Why the connection to `server` is not used; "" when it is.
  std::string trouble(const TestIdentity& server, const ClientMaterial& material, const char* name) {
    TestConnection connection({.first = context_of(server_material({server.pair()}))},
                              {.context = context_of(material), .name = name, .tell_name = true});
    return connection.shake_hands() ? "" : connection.client->trouble();
  }
  TestIdentity authority_ = test_identity({.name = "Authority", .authority = true});
  TestIdentity good_ = test_identity({.name = "*.example.org", .issuer = &authority_, .serial = 0x99});
};

TEST_F(ClientContextTest, BelievesAnybodyUnlessItVerifies) {
  EXPECT_EQ(trouble(test_identity({.seconds = -60}), client_material(), "whoever"), "");
}

TEST_F(ClientContextTest, VerifiesChainNameAndRevocation) {
  EXPECT_EQ(trouble(good_, verifying(), "a.example.org"), "");
  EXPECT_EQ(trouble(good_, verifying(), "example.com"), "upstream SSL certificate does not match \"example.com\"");
  EXPECT_EQ(trouble(good_, verifying(), "a.b.example.org"),
            "upstream SSL certificate does not match \"a.b.example.org\"");
  EXPECT_EQ(trouble(test_identity({.name = "a"}), verifying(), "a"),
            "upstream SSL certificate verify error: (18:self-signed certificate)");
  EXPECT_EQ(trouble(test_identity({.name = "a", .issuer = &authority_, .seconds = -60}), verifying(), "a"),
            "upstream SSL certificate verify error: (10:certificate has expired)");
  ClientMaterial strict = verifying();
  strict.revoked = {"list.crl", test_revocations(authority_, 0x99)};
  EXPECT_EQ(trouble(good_, strict, "a.example.org"), "upstream SSL certificate verify error: (23:certificate revoked)");
}

TEST_F(ClientContextTest, TellsTheNameWhenAsked) {
  for (const bool tell : {true, false}) {
    TestConnection connection({.first = context_of(server_material({good_.pair()}))},
                              {.context = context_of(client_material()), .name = "a.example.org", .tell_name = tell});
    ASSERT_TRUE(connection.shake_hands());
    EXPECT_EQ(session_fact(connection.server->ssl(), "ssl_server_name", 0), tell ? "a.example.org" : "");
  }
}

TEST_F(ClientContextTest, ShowsItsCertificateAndSpeaksWhatItMay) {
  const TestIdentity own = test_identity({.name = "client"});
  ClientMaterial material = client_material();
  material.pair = {{"c.crt", own.pem()}, {"c.key", own.key_pem("secret")}};
  EXPECT_FALSE(ClientContext::create(material));
  material.passwords = {"secret"};
  material.protocols = {"TLSv1.2"};
  material.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
  ServerMaterial server = server_material({good_.pair()});
  server.verify = VerifyClient::kOptionalNoCa;
  TestConnection connection({.first = context_of(server)}, {.context = context_of(material)});
  ASSERT_TRUE(connection.shake_hands());
  EXPECT_EQ(session_fact(connection.server->ssl(), "ssl_client_s_dn", 0), "CN=client,O=Tests");
  EXPECT_EQ(session_fact(connection.server->ssl(), "ssl_protocol", 0), "TLSv1.2");
  EXPECT_EQ(session_fact(connection.server->ssl(), "ssl_cipher", 0), "ECDHE-ECDSA-AES256-GCM-SHA384");
}

TEST_F(ClientContextTest, ResumesTheLastSessionOfTheServer) {
  const auto server = context_of(server_material({good_.pair()}));
  const auto client = context_of(verifying());
  const auto last = std::make_shared<LastSession>();
  for (const char* reused : {".", "r", "r"}) {
    TestConnection connection({.first = server}, {.context = client, .name = "a.example.org", .last = last});
    ASSERT_TRUE(connection.shake_hands()) << connection.client->trouble();
    EXPECT_EQ(session_fact(connection.server->ssl(), "ssl_session_reused", 0), reused);
  }
  TestConnection forgetful({.first = server}, {.context = client, .name = "a.example.org"});
  ASSERT_TRUE(forgetful.shake_hands());
  EXPECT_EQ(session_fact(forgetful.server->ssl(), "ssl_session_reused", 0), ".");
}

TEST(WithoutPort, LeavesTheName) {
  EXPECT_EQ(without_port("a.example"), "a.example");
  EXPECT_EQ(without_port("a.example:443"), "a.example");
  EXPECT_EQ(without_port("[::1]:443"), "::1");
  EXPECT_EQ(without_port("[::1]"), "::1");
}

}  // namespace
}  // namespace tierce::tls

#include "tls/server_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tls/session_facts.h"
#include "tls/test_connection.h"

namespace tierce::tls {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const TestIdentity& ecdsa() {
  static const TestIdentity made = test_identity({});
  return made;
}
const TestIdentity& rsa() {
  static const TestIdentity made = test_identity({.rsa = true});
  return made;
}
const TestIdentity& other() {
  static const TestIdentity made = test_identity({.name = "other.example"});
  return made;
}
const TestIdentity& authority() {
  static const TestIdentity made = test_identity({.name = "Authority", .authority = true});
  return made;
}

std::string shown_name(const TestConnection& connection) {
  return session_fact(connection.client->ssl(), "ssl_client_s_dn", 0).value();
}
std::string fact(const TestConnection& connection, std::string_view name) {
  return session_fact(connection.server->ssl(), name, 0).value();
}
std::string refusal(const ServerMaterial& material) {
  const auto made = ServerContext::create(material);
  return made ? "" : made.error().text();
}

ClientMaterial only(const char* protocol) {
  ClientMaterial material = client_material();
  material.protocols = {protocol};
  return material;
}

TEST(ServerContext, ShowsTheCertificateOfTheKindThatTheClientTakes) {
  const auto context = context_of(server_material({rsa().pair(), ecdsa().pair()}));
  EXPECT_EQ(context->certificate_count(), 2u);
  for (const auto& [ciphers, kind] : {std::pair("ECDHE-RSA-AES128-GCM-SHA256", EVP_PKEY_RSA),
                                      std::pair("ECDHE-ECDSA-AES128-GCM-SHA256", EVP_PKEY_EC)}) {
    ClientMaterial client = only("TLSv1.2");
    client.ciphers = ciphers;
    TestConnection connection({.first = context}, {.context = context_of(client)});
    ASSERT_TRUE(connection.shake_hands()) << connection.server->trouble();
    const X509* shown = SSL_get0_peer_certificate(connection.client->ssl());
    EXPECT_EQ(EVP_PKEY_get_base_id(X509_get0_pubkey(shown)), kind);
    EXPECT_EQ(fact(connection, "ssl_cipher"), ciphers);
    EXPECT_EQ(TestConnection::carry(*connection.client, *connection.server, "hello"), "hello");
    EXPECT_EQ(TestConnection::carry(*connection.server, *connection.client, "world"), "world");
  }
}

TEST(ServerContext, SaysWhatCannotBeUsed) {
  EXPECT_EQ(refusal(server_material({ecdsa().pair()})), "");
  ServerMaterial bad = server_material({{{"a.crt", "nothing"}, {"a.key", ecdsa().key_pem()}}});
  EXPECT_THAT(refusal(bad), StartsWith("cannot load certificate \"a.crt\": PEM_read_bio_X509_AUX() failed"));
  bad = server_material({{{"a.crt", ecdsa().pem()}, {"a.key", "nothing"}}});
  EXPECT_THAT(refusal(bad), StartsWith("cannot load certificate key \"a.key\": PEM_read_bio_PrivateKey() failed"));
  bad = server_material({{{"a.crt", ecdsa().pem()}, {"a.key", other().key_pem()}}});
  EXPECT_THAT(refusal(bad), StartsWith("cannot load certificate key \"a.key\": SSL_CTX_use_PrivateKey() failed"));
  bad = server_material({ecdsa().pair()});
  bad.ciphers = "nonsense";
  EXPECT_THAT(refusal(bad), StartsWith("SSL_CTX_set_cipher_list(\"nonsense\") failed"));
  bad = server_material({ecdsa().pair()});
  bad.curves = "nonsense";
  EXPECT_THAT(refusal(bad), HasSubstr("curves_list(\"nonsense\") failed"));
  bad = server_material({ecdsa().pair()});
  bad.dh_parameters = {"dh.pem", "nothing"};
  EXPECT_THAT(refusal(bad), HasSubstr("\"dh.pem\""));
  bad = server_material({ecdsa().pair()});
  bad.revoked = {"list.crl", "nothing"};
  EXPECT_THAT(refusal(bad), HasSubstr("\"list.crl\""));
  bad = server_material({ecdsa().pair()});
  bad.commands = {{"Nonsense", "1"}};
  EXPECT_EQ(refusal(bad), "unknown command \"Nonsense\" in ssl_conf_command");
  bad = server_material({{{"a.crt", ecdsa().pem()}, {"engine:nobody:1", "engine:nobody:1"}}});
  EXPECT_THAT(refusal(bad), HasSubstr("\"engine:nobody:1\": ENGINE_by_id() failed"));
}

TEST(ServerContext, OpensAKeyWithTheFirstPasswordThatFits) {
  ServerMaterial material = server_material({{{"a.crt", ecdsa().pem()}, {"a.key", ecdsa().key_pem("second")}}});
  EXPECT_THAT(refusal(material), HasSubstr("a.key"));
  material.passwords = {"first"};
  EXPECT_THAT(refusal(material), HasSubstr("a.key"));
  material.passwords = {"first", "second"};
  EXPECT_EQ(refusal(material), "");
}

TEST(ServerContext, SpeaksTheProtocolsThatWereNamed) {
  ServerMaterial material = server_material({ecdsa().pair()});
  for (const char* protocol : {"TLSv1.2", "TLSv1.3"}) {
    material.protocols = {protocol};
    TestConnection good({.first = context_of(material)}, {.context = context_of(client_material())});
    ASSERT_TRUE(good.shake_hands());
    EXPECT_EQ(fact(good, "ssl_protocol"), protocol);
    const char* unknown = std::string_view(protocol) == "TLSv1.2" ? "TLSv1.3" : "TLSv1.2";
    TestConnection bad({.first = context_of(material)}, {.context = context_of(only(unknown))});
    EXPECT_FALSE(bad.shake_hands());
  }
}

TEST(ServerContext, ChoosesCurvesCommandsAndTheOrderOfCiphers) {
  ServerMaterial material = server_material({ecdsa().pair()});
  material.protocols = {"TLSv1.2"};
  material.curves = "secp384r1";
  material.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256";
  ClientMaterial client = client_material();
  client.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384";
  TestConnection theirs({.first = context_of(material)}, {.context = context_of(client)});
  ASSERT_TRUE(theirs.shake_hands());
  EXPECT_EQ(fact(theirs, "ssl_cipher"), "ECDHE-ECDSA-AES128-GCM-SHA256");
  EXPECT_EQ(fact(theirs, "ssl_curve"), "secp384r1");
  material.prefer_server_ciphers = true;
  TestConnection ours({.first = context_of(material)}, {.context = context_of(client)});
  ASSERT_TRUE(ours.shake_hands());
  EXPECT_EQ(fact(ours, "ssl_cipher"), "ECDHE-ECDSA-AES256-GCM-SHA384");
  material.protocols = {"TLSv1.3"};
  material.commands = {{"Ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"}};
  TestConnection commanded({.first = context_of(material)}, {.context = context_of(client)});
  ASSERT_TRUE(commanded.shake_hands());
  EXPECT_EQ(fact(commanded, "ssl_cipher"), "TLS_CHACHA20_POLY1305_SHA256");
}

TEST(ServerContext, SpeaksDheWithParametersOnly) {
  const std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>> make(EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr));
  ASSERT_EQ(EVP_PKEY_keygen_init(make.get()), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_group_name(make.get(), "ffdhe2048"), 1);
  EVP_PKEY* made = nullptr;
  ASSERT_EQ(EVP_PKEY_generate(make.get(), &made), 1);
  const Key parameters(made);
  const Bio out(BIO_new(BIO_s_mem()));
  ASSERT_EQ(PEM_write_bio_Parameters(out.get(), parameters.get()), 1);

  ServerMaterial material = server_material({rsa().pair()});
  ClientMaterial client = only("TLSv1.2");
  client.ciphers = "DHE-RSA-AES128-GCM-SHA256";
  TestConnection without({.first = context_of(material)}, {.context = context_of(client)});
  EXPECT_FALSE(without.shake_hands());
  material.dh_parameters = {"dh.pem", text_in(out.get())};
  TestConnection with({.first = context_of(material)}, {.context = context_of(client)});
  EXPECT_TRUE(with.shake_hands()) << with.server->trouble();
}

TEST(ServerContext, IsChosenByTheNameThatTheClientSays) {
  const auto first = context_of(server_material({ecdsa().pair()}));
  ServerMaterial material = server_material({other().pair()});
  material.protocols = {"TLSv1.2"};
  const auto second = context_of(material);
  std::string asked;
  const auto connect = [&](const char* name) {
    asked.clear();
    return TestConnection({.first = first,
                           .choose =
                               [&](std::string_view said) {
                                 asked = said;
                                 return said == "other.example" ? second.get() : nullptr;
                               }},
                          {.context = context_of(client_material()), .name = name, .tell_name = true});
  };
  TestConnection named = connect("Other.Example");
  ASSERT_TRUE(named.shake_hands()) << named.server->trouble();
  EXPECT_EQ(asked, "other.example");
  EXPECT_EQ(shown_name(named), "CN=other.example,O=Tests");
  EXPECT_EQ(fact(named, "ssl_protocol"), "TLSv1.2") << "of the server that was named";
  EXPECT_EQ(fact(named, "ssl_server_name"), "Other.Example");
  TestConnection unknown = connect("nobody.example");
  ASSERT_TRUE(unknown.shake_hands());
  EXPECT_EQ(asked, "nobody.example");
  EXPECT_EQ(shown_name(unknown), "CN=localhost,O=Tests");
  TestConnection address = connect("127.0.0.1");
  ASSERT_TRUE(address.shake_hands());
  EXPECT_EQ(asked, "") << "an address is no name";
  EXPECT_EQ(fact(address, "ssl_server_name"), "");
}

TEST(ServerContext, GoesByTheSecondHelloWhenThereAreTwo) {
  ServerMaterial material = server_material({ecdsa().pair()});
  material.curves = "P-384";
  const auto first = context_of(material);
  material.pairs = {other().pair()};
  const auto second = context_of(material);
  int asked = 0;
  // A client can say another name the second time; here the answer changes, which comes to the same.
  const auto choose = [&](std::string_view) { return ++asked == 1 ? second.get() : nullptr; };
  TestConnection connection({.first = first, .choose = choose},
                            {.context = context_of(only("TLSv1.3")), .name = "a.example", .tell_name = true});
  SSL_set1_groups_list(connection.client->ssl(), "P-256:P-384");
  ASSERT_TRUE(connection.shake_hands()) << connection.server->trouble();
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(shown_name(connection), "CN=localhost,O=Tests");
}

TEST(ServerContext, RejectsTheHandshake) {
  ServerMaterial rejecting = server_material({});
  rejecting.reject_handshake = true;
  const auto first = context_of(rejecting);
  const auto second = context_of(server_material({other().pair()}));
  const auto choose = [&](std::string_view said) { return said == "other.example" ? second.get() : nullptr; };
  TestConnection unnamed({.first = first, .choose = choose}, {.context = context_of(client_material())});
  EXPECT_FALSE(unnamed.shake_hands());
  EXPECT_TRUE(unnamed.server->was_rejected());
  EXPECT_THAT(unnamed.client->trouble(), HasSubstr("unrecognized name"));
  TestConnection named({.first = first, .choose = choose},
                       {.context = context_of(client_material()), .name = "other.example", .tell_name = true});
  EXPECT_TRUE(named.shake_hands()) << named.server->trouble();
  EXPECT_FALSE(named.server->was_rejected());
}

TEST(ServerContext, OffersHttp2WhereTheAddressOrTheServerHasIt) {
  static constexpr unsigned char kBoth[] = "\x02h2\x08http/1.1";
  static constexpr unsigned char kOdd[] = "\x03odd";
  const auto plain = context_of(server_material({ecdsa().pair()}));
  ServerMaterial material = server_material({ecdsa().pair()});
  material.http2 = true;
  const auto http2 = context_of(material);
  struct Case {
    std::shared_ptr<const ServerContext> server;
    bool address_has_it;
    const unsigned char* offered;
    unsigned bytes;
    const char* agreed;
  };
  const Case cases[] = {{plain, false, kBoth, 12, "http/1.1"}, {plain, true, kBoth, 12, "h2"},
                        {http2, false, kBoth, 12, "h2"},       {http2, true, kBoth + 3, 9, "http/1.1"},
                        {plain, true, nullptr, 0, ""},         {plain, true, kOdd, 4, nullptr}};
  for (const Case& c : cases) {
    TestConnection connection({.first = c.server, .http2 = c.address_has_it},
                              {.context = context_of(client_material())});
    SSL_set_alpn_protos(connection.client->ssl(), c.offered, c.bytes);
    ASSERT_EQ(connection.shake_hands(), c.agreed != nullptr);
    if (c.agreed == nullptr) continue;
    EXPECT_EQ(fact(connection, "ssl_alpn_protocol"), c.agreed);
    EXPECT_EQ(speaks_http2(connection.server->ssl()), std::string_view(c.agreed) == "h2");
  }
}

// Whether a second connection resumes the session of the first.
bool resumes(const Arrival& first, const Arrival& second, const char* protocol, const char* second_name = "localhost") {
  const auto context = context_of(only(protocol));
  const auto last = std::make_shared<LastSession>();
  TestConnection one(first, {.context = context, .name = "localhost", .tell_name = true, .last = last});
  EXPECT_TRUE(one.shake_hands()) << one.server->trouble();
  EXPECT_EQ(fact(one, "ssl_session_reused"), ".");
  TestConnection two(second, {.context = context, .name = second_name, .tell_name = true, .last = last});
  EXPECT_TRUE(two.shake_hands()) << two.server->trouble();
  EXPECT_EQ(TestConnection::carry(*two.client, *two.server, "hello"), "hello");
  return fact(two, "ssl_session_reused") == "r";
}

TEST(ServerContext, ResumesByTicketsThatOtherProcessesTakeToo) {
  for (const char* protocol : {"TLSv1.2", "TLSv1.3"}) {
    ServerMaterial material = server_material({ecdsa().pair()});
    // Two contexts of one material, as two processes have them.
    EXPECT_TRUE(resumes({.first = context_of(material)}, {.first = context_of(material)}, protocol));
    ServerMaterial renewed = material;
    renewed.ticket_keys.insert(renewed.ticket_keys.begin(), random_ticket_key());
    EXPECT_TRUE(resumes({.first = context_of(material)}, {.first = context_of(renewed)}, protocol));
    EXPECT_FALSE(resumes({.first = context_of(renewed)}, {.first = context_of(material)}, protocol));
    material.tickets = false;
    EXPECT_FALSE(resumes({.first = context_of(material)}, {.first = context_of(material)}, protocol));
  }
}

TEST(ServerContext, ResumesWithKeysOutOfFiles) {
  for (const std::size_t bytes : {48u, 80u}) {
    ServerMaterial material = server_material({ecdsa().pair()});
    material.ticket_keys = {*read_ticket_key(std::string(bytes, 'k'), "key")};
    EXPECT_TRUE(resumes({.first = context_of(material)}, {.first = context_of(material)}, "TLSv1.3"));
  }
  EXPECT_EQ(read_ticket_key("short", "ticket.key").error().text(), "\"ticket.key\" must be 48 or 80 bytes");
}

TEST(ServerContext, ResumesFromASharedZoneWithoutTickets) {
  for (const char* protocol : {"TLSv1.2", "TLSv1.3"}) {
    ServerMaterial material = server_material({ecdsa().pair()});
    material.tickets = false;
    material.shared_sessions = *SharedSessions::create(65536);
    EXPECT_TRUE(resumes({.first = context_of(material)}, {.first = context_of(material)}, protocol));
  }
}

TEST(ServerContext, ResumesFromItsOwnMemoryAndWhenOffNowhere) {
  ServerMaterial material = server_material({ecdsa().pair()});
  material.tickets = false;
  material.session_cache = SessionCache::kOwn;
  auto context = context_of(material);
  EXPECT_TRUE(resumes({.first = context}, {.first = context}, "TLSv1.2"));
  material.session_cache = SessionCache::kOff;
  context = context_of(material);
  EXPECT_FALSE(resumes({.first = context}, {.first = context}, "TLSv1.2"));
}

TEST(ServerContext, TakesNoSessionOfAnotherServerForOneThatAsksForCertificates) {
  for (const char* protocol : {"TLSv1.2", "TLSv1.3"}) {
    ServerMaterial open = server_material({ecdsa().pair()});
    ServerMaterial closed = open;  // The same certificate and keys of tickets.
    closed.verify = VerifyClient::kOn;
    closed.client_authorities = {"ca.crt", authority().pem()};
    const auto first = context_of(open);
    const auto second = context_of(closed);
    const Arrival arrival{.first = first, .choose = [&](std::string_view name) {
                            return name == "closed.example" ? second.get() : nullptr;
                          }};
    EXPECT_TRUE(resumes(arrival, arrival, protocol));
    EXPECT_FALSE(resumes(arrival, arrival, protocol, "closed.example"));
  }
}

class ClientCertificateTest : public testing::Test {
 protected:
  ServerMaterial asking(VerifyClient rule) {
    ServerMaterial material = server_material({ecdsa().pair()});
    material.verify = rule;
    material.client_authorities = {"ca.crt", authority().pem()};
    return material;
  }
  // nginx's word for it, and what becomes of the request.
  std::pair<std::string, ClientVerdict> verdict(const ServerMaterial& material, const TestIdentity* shown) {
    ClientMaterial client = client_material();
    if (shown != nullptr) client.pair = shown->pair();
    TestConnection connection({.first = context_of(material)}, {.context = context_of(client)});
    EXPECT_TRUE(connection.shake_hands()) << connection.server->trouble();
    return {fact(connection, "ssl_client_verify"), judge_client(connection.server->ssl(), material.verify)};
  }
  using Kind = ClientVerdict::Kind;
  TestIdentity good_ = test_identity({.name = "someone", .issuer = &authority(), .serial = 0x77});
};

TEST_F(ClientCertificateTest, IsAskedForAndJudged) {
  EXPECT_EQ(verdict(asking(VerifyClient::kOff), &good_).first, "NONE");
  auto [word, judged] = verdict(asking(VerifyClient::kOn), &good_);
  EXPECT_EQ(word, "SUCCESS");
  EXPECT_EQ(judged.kind, Kind::kFine);
  std::tie(word, judged) = verdict(asking(VerifyClient::kOn), nullptr);
  EXPECT_EQ(word, "NONE");
  EXPECT_EQ(judged.kind, Kind::kMissing);
  EXPECT_EQ(judged.reason, "client sent no required SSL certificate");
  std::tie(word, judged) = verdict(asking(VerifyClient::kOptional), nullptr);
  EXPECT_EQ(judged.kind, Kind::kFine);
  std::tie(word, judged) = verdict(asking(VerifyClient::kOptional), &other());
  EXPECT_EQ(word, "FAILED:self-signed certificate");
  EXPECT_EQ(judged.kind, Kind::kBad);
  EXPECT_EQ(judged.reason, "client SSL certificate verify error: (18:self-signed certificate)");
  std::tie(word, judged) = verdict(asking(VerifyClient::kOptionalNoCa), &other());
  EXPECT_EQ(word, "FAILED:self-signed certificate");
  EXPECT_EQ(judged.kind, Kind::kFine);
  const TestIdentity old = test_identity({.issuer = &authority(), .seconds = -60});
  EXPECT_EQ(verdict(asking(VerifyClient::kOn), &old).first, "FAILED:certificate has expired");
}

TEST_F(ClientCertificateTest, MayBeRevokedOrTooFarFromItsAuthority) {
  ServerMaterial material = asking(VerifyClient::kOn);
  material.revoked = {"list.crl", test_revocations(authority(), 0x77)};
  EXPECT_EQ(verdict(material, &good_).first, "FAILED:certificate revoked");
  const TestIdentity fine = test_identity({.name = "someone else", .issuer = &authority(), .serial = 0x78});
  EXPECT_EQ(verdict(material, &fine).first, "SUCCESS");

  const TestIdentity middle = test_identity({.name = "Middle", .issuer = &authority(), .authority = true});
  const TestIdentity inner = test_identity({.name = "Inner", .issuer = &middle, .authority = true});
  TestIdentity far = test_identity({.name = "far", .issuer = &inner});
  ClientMaterial client = client_material();
  client.pair = far.pair();
  client.pair.certificate.bytes += inner.pem() + middle.pem();
  for (const int depth : {1, 2}) {
    ServerMaterial limited = asking(VerifyClient::kOn);
    limited.verify_depth = depth;
    TestConnection connection({.first = context_of(limited)}, {.context = context_of(client)});
    ASSERT_TRUE(connection.shake_hands());
    EXPECT_THAT(fact(connection, "ssl_client_verify"), StartsWith(depth == 2 ? "SUCCESS" : "FAILED:"));
  }
}

TEST_F(ClientCertificateTest, IsTrustedWithoutBeingAskedForByName) {
  ServerMaterial material = asking(VerifyClient::kOptional);
  std::swap(material.client_authorities, material.trusted);
  TestConnection connection({.first = context_of(material)}, {.context = context_of(client_material())});
  ASSERT_TRUE(connection.shake_hands());
  const STACK_OF(X509_NAME)* names = SSL_get0_peer_CA_list(connection.client->ssl());
  EXPECT_EQ(names == nullptr ? 0 : sk_X509_NAME_num(names), 0);
  EXPECT_EQ(verdict(material, &good_).first, "SUCCESS");
  TestConnection named({.first = context_of(asking(VerifyClient::kOn))}, {.context = context_of(client_material())});
  ASSERT_TRUE(named.shake_hands());
  EXPECT_EQ(sk_X509_NAME_num(SSL_get0_peer_CA_list(named.client->ssl())), 1);
}

TEST_F(ClientCertificateTest, IsSaidInVariables) {
  ClientMaterial client = client_material();
  client.pair = good_.pair();
  TestConnection connection({.first = context_of(asking(VerifyClient::kOn))}, {.context = context_of(client)});
  ASSERT_TRUE(connection.shake_hands());
  EXPECT_EQ(fact(connection, "ssl_client_s_dn"), "CN=someone,O=Tests");
  EXPECT_EQ(fact(connection, "ssl_client_i_dn"), "CN=Authority,O=Tests");
  EXPECT_EQ(fact(connection, "ssl_client_s_dn_legacy"), "/O=Tests/CN=someone");
  EXPECT_EQ(fact(connection, "ssl_client_i_dn_legacy"), "/O=Tests/CN=Authority");
  EXPECT_EQ(fact(connection, "ssl_client_serial"), "77");
  EXPECT_THAT(fact(connection, "ssl_client_fingerprint"), testing::MatchesRegex("[0-9a-f]{40}"));
  const std::string pem = good_.pem();
  EXPECT_EQ(fact(connection, "ssl_client_raw_cert"), pem);
  EXPECT_THAT(fact(connection, "ssl_client_cert"), StartsWith("-----BEGIN CERTIFICATE-----\n\tMII"));
  EXPECT_THAT(fact(connection, "ssl_client_cert"), testing::EndsWith("\n\t-----END CERTIFICATE-----"));
  EXPECT_THAT(fact(connection, "ssl_client_escaped_cert"), StartsWith("-----BEGIN%20CERTIFICATE-----%0AMII"));
  EXPECT_THAT(fact(connection, "ssl_client_v_start"), testing::EndsWith(" GMT"));
  EXPECT_THAT(fact(connection, "ssl_client_v_end"), testing::EndsWith(" GMT"));
  std::tm end{};
  ASN1_TIME_to_tm(X509_get0_notAfter(good_.certificate.get()), &end);
  const auto left = [&](long seconds) {
    return session_fact(connection.server->ssl(), "ssl_client_v_remain", ::timegm(&end) - seconds);
  };
  EXPECT_EQ(left(86400), "1");
  EXPECT_EQ(left(86399), "0");
  EXPECT_EQ(left(-86400), "0");
  EXPECT_EQ(session_fact(connection.server->ssl(), "ssl_nonsense", 0), std::nullopt);
}

TEST(ServerContext, SaysCurvesAndCiphersOfTheClient) {
  ClientMaterial client = only("TLSv1.2");
  client.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384";
  TestConnection connection({.first = context_of(server_material({ecdsa().pair()}))}, {.context = context_of(client)});
  SSL_set1_groups_list(connection.client->ssl(), "P-256:X25519");
  ASSERT_TRUE(connection.shake_hands());
  EXPECT_EQ(fact(connection, "ssl_ciphers"),
            "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:TLS_EMPTY_RENEGOTIATION_INFO_SCSV");
  EXPECT_EQ(fact(connection, "ssl_curves"), "prime256v1:X25519");
  EXPECT_EQ(fact(connection, "ssl_curve"), "prime256v1");
  EXPECT_EQ(fact(connection, "ssl_early_data"), "");
  EXPECT_EQ(fact(connection, "ssl_client_cert"), "");
}

TEST(ServerContext, StaplesTheAnswerOfTheCertificate) {
  ServerMaterial material = server_material({test_identity({.issuer = &authority()}).pair()});
  material.pairs[0].certificate.bytes += authority().pem();
  material.stapling = true;
  material.stapled = "from a file";
  const auto context = context_of(material);
  EXPECT_NE(context->issuer(0), nullptr);
  const auto stapled = [&] {
    TestConnection connection({.first = context}, {.context = context_of(client_material())});
    SSL_set_tlsext_status_type(connection.client->ssl(), TLSEXT_STATUSTYPE_ocsp);
    EXPECT_TRUE(connection.shake_hands());
    const char* bytes = nullptr;
    const long count = SSL_ctrl(connection.client->ssl(), SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP, 0, &bytes);
    return count > 0 ? std::string(bytes, static_cast<std::size_t>(count)) : "";
  };
  EXPECT_EQ(stapled(), "from a file");
  context->staple(0, "newer");
  EXPECT_EQ(stapled(), "newer");
  context->staple(0, "");
  EXPECT_EQ(stapled(), "");
}

TEST(ServerContext, TakesEarlyDataAndSaysSo) {
  ServerMaterial material = server_material({ecdsa().pair()});
  material.early_data = true;
  const auto context = context_of(material);
  const auto last = std::make_shared<LastSession>();
  const Departure departure{.context = context_of(only("TLSv1.3")), .last = last};
  TestConnection one({.first = context}, departure);
  ASSERT_TRUE(one.shake_hands());
  EXPECT_FALSE(one.server->is_early());

  TestConnection two({.first = context}, departure);
  BIO* direct = BIO_new_socket(two.client_fd.get(), BIO_NOCLOSE);
  SSL* client = two.client->ssl();
  SSL_set_bio(client, direct, direct);
  std::size_t written = 0;
  ASSERT_EQ(SSL_write_early_data(client, "early", 5, &written), 1);
  ASSERT_EQ(two.server->handshake(), Session::Handshake::kDone);
  EXPECT_TRUE(two.server->is_early());
  EXPECT_EQ(fact(two, "ssl_early_data"), "1");
  char bytes[64];
  ASSERT_EQ(two.server->receive(bytes, sizeof bytes).bytes, 5u);
  EXPECT_EQ(std::string_view(bytes, 5), "early");
  const iovec answer{const_cast<char*>("answer"), 6};
  ASSERT_EQ(two.server->send({&answer, 1}).bytes, 6u);
  ASSERT_EQ(SSL_do_handshake(client), 1);
  EXPECT_EQ(SSL_get_early_data_status(client), SSL_EARLY_DATA_ACCEPTED);
  ASSERT_EQ(SSL_read(client, bytes, sizeof bytes), 6);
  ASSERT_EQ(SSL_write(client, "late", 4), 4);
  ASSERT_EQ(two.server->receive(bytes, sizeof bytes).bytes, 4u);
  EXPECT_EQ(std::string_view(bytes, 4), "late");
  EXPECT_FALSE(two.server->is_early());
  EXPECT_EQ(fact(two, "ssl_early_data"), "");
}

}  // namespace
}  // namespace tierce::tls

#include "tls/server_material.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "tls/test_certificate.h"

namespace tierce::tls {
namespace {

using config::nginx::TextValue;
using testing::HasSubstr;
using testing::StartsWith;

class ServerMaterialTest : public testing::Test {
 protected:
  ServerMaterialTest() {
    char pattern[] = "/tmp/server_material_XXXXXX";
    directory_ = ::mkdtemp(pattern);
    write("a.crt", identity_.pem());
    write("a.key", identity_.key_pem());
  }
  ~ServerMaterialTest() override { std::filesystem::remove_all(directory_); }
  ServerMaterialTest(const ServerMaterialTest&) = delete;
  ServerMaterialTest& operator=(const ServerMaterialTest&) = delete;

  void write(const std::string& name, const std::string& text) { std::ofstream(directory_ + "/" + name) << text; }
  static TextValue constant(const std::string& text) { return {.written = text, .parts = {{.text = text}}}; }
  config::nginx::TlsServerSettings with_pair() {
    config::nginx::TlsServerSettings settings;
    settings.certificates = {constant("a.crt")};
    settings.keys = {constant("a.key")};
    return settings;
  }
  Result<ServerMaterial> read(const config::nginx::TlsServerSettings& settings) {
    return read_server_material(settings, directory_, [this](std::string_view name, std::int64_t bytes) {
      zone_ = std::string(name) + " " + std::to_string(bytes);
      return SharedSessions::create(static_cast<std::size_t>(bytes));
    });
  }
  TestIdentity identity_ = test_identity({});
  std::string directory_, zone_;
};

TEST_F(ServerMaterialTest, ReadsTheFilesAndHasNginxsDefaults) {
  const auto material = read(with_pair());
  ASSERT_TRUE(material) << material.error().text();
  ASSERT_EQ(material->pairs.size(), 1u);
  EXPECT_EQ(material->pairs[0].certificate.name, directory_ + "/a.crt");
  EXPECT_EQ(material->pairs[0].certificate.bytes, identity_.pem());
  EXPECT_EQ(material->pairs[0].key.bytes, identity_.key_pem());
  EXPECT_EQ(material->ciphers, "HIGH:!aNULL:!MD5");
  EXPECT_EQ(material->session_cache, SessionCache::kNone);
  EXPECT_EQ(material->shared_sessions, nullptr);
  EXPECT_EQ(material->session_timeout, std::chrono::minutes(5));
  EXPECT_TRUE(material->tickets);
  EXPECT_EQ(material->ticket_keys.size(), 1u);
  EXPECT_EQ(material->verify, VerifyClient::kOff);
}

TEST_F(ServerMaterialTest, ReadsTheRest) {
  auto settings = with_pair();
  write("passwords", "one\ntwo\r\n\nthree");
  write("first.key", std::string(80, 'a'));
  write("second.key", std::string(48, 'b'));
  settings.password_file = "passwords";
  settings.session_ticket_keys = {"first.key", "second.key"};
  settings.session_cache = {"builtin:1000", "shared:SSL:10m"};
  settings.verify_client = "optional_no_ca";
  settings.verify_depth = 3;
  settings.stapling = true;
  write("answer.der", "answer");
  settings.stapling_file = "answer.der";
  settings.buffer_size = {4096};
  const auto material = read(settings);
  ASSERT_TRUE(material) << material.error().text();
  EXPECT_THAT(material->passwords, testing::ElementsAre("one", "two", "three"));
  EXPECT_EQ(material->ticket_keys.size(), 2u);
  EXPECT_TRUE(material->ticket_keys[1].is_short);
  EXPECT_EQ(material->session_cache, SessionCache::kOwn);
  EXPECT_EQ(material->own_sessions, 1000);
  EXPECT_EQ(zone_, "SSL 10485760");
  EXPECT_NE(material->shared_sessions, nullptr);
  EXPECT_EQ(material->verify, VerifyClient::kOptionalNoCa);
  EXPECT_EQ(material->verify_depth, 3);
  EXPECT_EQ(material->stapled, "answer");
  EXPECT_EQ(material->record_bytes, 4096u);
}

TEST_F(ServerMaterialTest, SaysWhatIsMissing) {
  const auto refusal = [this](const config::nginx::TlsServerSettings& settings) {
    const auto material = read(settings);
    return material ? "" : material.error().text();
  };
  auto settings = with_pair();
  settings.keys.clear();
  EXPECT_EQ(refusal(settings), "no \"ssl_certificate_key\" is defined for certificate \"a.crt\"");
  settings = with_pair();
  settings.certificates[0] = constant("b.crt");
  EXPECT_EQ(refusal(settings),
            "cannot load certificate \"" + directory_ + "/b.crt\": cannot be read: No such file or directory");
  settings = with_pair();
  settings.certificates[0] = {.written = "$name.crt", .parts = {{.kind = config::nginx::TextPart::Kind::kVariable}}};
  EXPECT_THAT(refusal(settings), HasSubstr("\"$name.crt\""));
  settings = with_pair();
  settings.verify_client = "on";
  EXPECT_EQ(refusal(settings), "no ssl_client_certificate for ssl_verify_client");
  settings.client_certificate = "nothing.crt";
  EXPECT_THAT(refusal(settings), HasSubstr("/nothing.crt"));
  settings = with_pair();
  write("bad.key", "short");
  settings.session_ticket_keys = {"bad.key"};
  EXPECT_THAT(refusal(settings), HasSubstr("must be 48 or 80 bytes"));
}

TEST_F(ServerMaterialTest, ReadsWhatIsForServersThatArePassedTo) {
  config::nginx::PassingTls settings;
  const auto plain = read_client_material(settings, directory_);
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->verify);
  EXPECT_EQ(plain->ciphers, "DEFAULT");
  settings.verify = true;
  EXPECT_EQ(read_client_material(settings, directory_).error().text(),
            "no proxy_ssl_trusted_certificate for proxy_ssl_verify");
  settings.trusted_certificate = "a.crt";
  settings.certificate = "a.crt";
  EXPECT_THAT(read_client_material(settings, directory_).error().text(),
              StartsWith("no \"proxy_ssl_certificate_key\""));
  settings.certificate_key = "a.key";
  const auto material = read_client_material(settings, directory_);
  ASSERT_TRUE(material);
  EXPECT_EQ(material->trusted.bytes, identity_.pem());
  EXPECT_EQ(material->pair.key.bytes, identity_.key_pem());
}

}  // namespace
}  // namespace tierce::tls

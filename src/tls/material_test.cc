#include "tls/material.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tls/context.h"
#include "tls/test_certificate.h"

namespace tierce::tls {
namespace {

using testing::HasSubstr;

std::string refused(const Material& material) {
  const auto made = Context::create(material);
  return made ? "" : made.error().text();
}

TEST(Material, SaysWhatCannotBeUsedAndWhere) {
  const Material good = test_material();
  EXPECT_EQ(refused(good), "");
  Material bad = good;
  bad.certificate = "";
  EXPECT_THAT(refused(bad), HasSubstr("test.crt: no certificate (PEM) is in it"));
  bad = good;
  bad.certificate += "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(refused(bad), HasSubstr("test.crt: a certificate in it is broken"));
  bad = good;
  bad.key = good.certificate;
  EXPECT_THAT(refused(bad), HasSubstr("test.crt: its key cannot be read"));
  bad.key = test_material().key;
  EXPECT_THAT(refused(bad), HasSubstr("test.crt: the key is not this certificate's"));
  bad = good;
  bad.ciphers = "nonsense";
  EXPECT_THAT(refused(bad), HasSubstr("the ciphers 'nonsense' name none"));
  bad = good;
  bad.client = config::ClientCertificate::kRequired;
  bad.authorities = "nobody";
  EXPECT_THAT(refused(bad), HasSubstr("the authorities for client certificates cannot be read"));
}

TEST(Material, IsPackedAndUnpacked) {
  Material first = test_material();
  first.ciphers = "HIGH";
  first.client = config::ClientCertificate::kOptional;
  const Material second{.name = "\xff odd", .certificate = std::string("a\0b", 3)};
  const auto all = unpack(pack({first, second}));
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ(all->front().key, first.key);
  EXPECT_EQ(all->front().ciphers, "HIGH");
  EXPECT_EQ(all->front().client, config::ClientCertificate::kOptional);
  EXPECT_EQ(all->back().name, second.name);
  EXPECT_EQ(all->back().certificate, second.certificate);
  EXPECT_FALSE(unpack("nonsense"));
}

TEST(Material, NamesAFileThatIsNotThere) {
  const auto read = read_material({.certificate = "/nothing/here.crt"});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().text(), "certificate: /nothing/here.crt: No such file or directory");
}

}  // namespace
}  // namespace tierce::tls

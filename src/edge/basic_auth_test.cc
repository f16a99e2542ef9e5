#include "edge/basic_auth.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace tierce::edge {
namespace {

TEST(BasicAuth, ReadsWhatAClientSends) {
  EXPECT_EQ(basic_credentials("Basic dXNlcjpwYXNzOndvcmQ="), "user:pass:word");
  EXPECT_EQ(basic_user("Basic dXNlcjpwYXNzOndvcmQ="), "user");
  EXPECT_EQ(basic_credentials("basic dXNlcjpw"), "user:p");
  EXPECT_EQ(basic_credentials("Bearer dXNlcjpw"), "");
  EXPECT_EQ(basic_credentials("Basic"), "");
  EXPECT_EQ(basic_credentials("Basic !!"), "");
  EXPECT_EQ(basic_user("Basic dXNlcg=="), "user");
}

TEST(BasicAuthUser, ReadsTheNameBeforeTheColon) {
  EXPECT_EQ(basic_user("Basic YWxpY2U6c2VjcmV0"), "alice");
  EXPECT_EQ(basic_user("basic YWxpY2U6"), "alice");
  EXPECT_EQ(basic_user("Basic YWxpY2U="), "alice");
}

TEST(BasicAuthUser, NeverTellsThePassword) {
  EXPECT_EQ(basic_user("Basic OnNlY3JldA=="), "");  // ":secret"
  EXPECT_EQ(basic_user("Basic YWxpY2U6c2VjcmV0").find("secret"), std::string::npos);
}

TEST(BasicAuthUser, IsEmptyForAnythingElse) {
  for (const std::string_view text : {"", "Basic", "Basic ", "Bearer YWxpY2U6", "Basic !!!!"}) {
    EXPECT_EQ(basic_user(text), "") << text;
  }
}

TEST(BasicAuth, ComparesAllOfIt) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  for (const char* other : {"", "a", "ab", "abd", "abcabc"}) EXPECT_FALSE(equal_in_constant_time("abc", other));
  EXPECT_FALSE(equal_in_constant_time("", "a"));
  EXPECT_FALSE(equal_in_constant_time("aa", "a"));
}

TEST(BasicAuth, KnowsTheHashesThatUwsgiKnows) {
  EXPECT_TRUE(is_password_of("abNANd1rDfiNc", "secret"));
  EXPECT_FALSE(is_password_of("abNANd1rDfiNc", "Secret"));
  EXPECT_TRUE(is_password_of("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "password"));
  EXPECT_FALSE(is_password_of("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "Password"));
  EXPECT_FALSE(is_password_of("abNANd1rDfiNc", std::string("secret\0", 7)));
}

TEST(BasicAuth, LetsNobodyInByAHashItDoesNotKnow) {
  for (const char* hash :
       {"", "*", "!", "x", "{SHA}", "plain", "thirteen-char", "$1$ab$cd", "*0", "*1", "::::::::::::::"}) {
    EXPECT_FALSE(is_password_of(hash, hash)) << hash;
    EXPECT_FALSE(is_password_of(hash, "")) << hash;
  }
}

TEST(BasicAuth, ReadsAPasswordFile) {
  const std::string path = testing::TempDir() + "/htpasswd" + std::to_string(::getpid());
  std::ofstream(path) << "# people\nann:abNANd1rDfiNc\n\nbob:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\r\nann:{SHA}"
                         "W6ph5Mm5Pz8GgiULbPgzG37mj9g=\nempty:\n";
  EXPECT_TRUE(file_knows(path, "ann:secret"));
  EXPECT_TRUE(file_knows(path, "ann:password"));
  EXPECT_TRUE(file_knows(path, "bob:password"));
  for (const char* wrong : {"", ":", "ann", "ann:", "an:secret", "annx:secret", "bob:secret", "empty:", ":secret",
                            "# people:", "ann:secret:"}) {
    EXPECT_FALSE(file_knows(path, wrong)) << wrong;
  }
  ::unlink(path.c_str());
  EXPECT_FALSE(file_knows(path, "ann:secret"));
}

}  // namespace
}  // namespace tierce::edge

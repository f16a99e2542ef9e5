#include "base/base64.h"

#include <gtest/gtest.h>

namespace tierce {
namespace {

TEST(Base64, DecodesWithAndWithoutPadding) {
  EXPECT_EQ(base64_decode("dXNlcjpwYXNz"), "user:pass");
  EXPECT_EQ(base64_decode("YQ=="), "a");
  EXPECT_EQ(base64_decode("YQ"), "a");
  EXPECT_EQ(base64_decode("YW\nI=\n"), "ab");
  EXPECT_EQ(base64_decode(""), "");
}

TEST(Base64, EncodesAllLengths) {
  EXPECT_EQ(base64_encode(""), "");
  EXPECT_EQ(base64_encode("a"), "YQ==");
  EXPECT_EQ(base64_encode("ab"), "YWI=");
  EXPECT_EQ(base64_encode("abc"), "YWJj");
  EXPECT_EQ(base64_encode("user:pass"), "dXNlcjpwYXNz");
}

TEST(Base64, RefusesWhatIsNone) {
  for (const char* text : {"a", "YQ=a", "Y!==", "YQ===", "YWI=="}) EXPECT_FALSE(base64_decode(text)) << text;
}

}  // namespace
}  // namespace tierce

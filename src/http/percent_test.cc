#include "http/percent.h"

#include <gtest/gtest.h>

#include <string>

namespace tierce::http {
namespace {

// Decodes in place too: both must agree.
std::string decoded(const std::string& raw) {
  std::string out(raw.size(), '!');
  out.resize(decode_path(raw, out.data()));
  std::string in_place = raw;
  in_place.resize(decode_path(in_place, in_place.data()));
  EXPECT_EQ(in_place, out);
  return out;
}

}  // namespace

TEST(Percent, DecodesOnceAndOnlyEscapes) {
  EXPECT_EQ(decoded(""), "");
  EXPECT_EQ(decoded("/plain/path+x"), "/plain/path+x");
  EXPECT_EQ(decoded("/%41%62%7e%7E"), "/Ab~~");
  EXPECT_EQ(decoded("/%2e%2E%2f%5c"), "/../\\");
  EXPECT_EQ(decoded("/%2541"), "/%41");
  EXPECT_EQ(decoded("%c3%a9/\xc3\xa9"), "\xc3\xa9/\xc3\xa9");
  EXPECT_EQ(decoded("/a%0d%0ab"), "/a\r\nb");
}

TEST(Percent, CopiesWhatIsNoEscape) {
  for (const char* raw : {"%", "a%", "%4", "%4g", "%zz", "%%%", "% 41"}) EXPECT_EQ(decoded(raw), raw);
}

}  // namespace tierce::http

#include "nginx/accept_encoding.h"

#include <gtest/gtest.h>

namespace tierce::nginx {
namespace {

struct Case {
  std::string_view header;
  bool accepted;
};

// Each of them was asked of nginx 1.22.
TEST(AcceptEncoding, GzipIsReadAsNginxReadsIt) {
  for (const Case& c : {
           Case{"gzip", true},
           {"GZip", true},
           {"gzip, deflate, br", true},
           {"deflate, gzip;q=1.0, *;q=0.5", true},
           {"deflate,gzip", true},
           {"gzip;q=0", false},
           {"gzip;q=0.000", false},
           {"gzip;q=0.001", true},
           {"gzip;q=0.0001", false},
           {"gzip; q=0.5", true},
           {"gzip ;Q=0.5", true},
           {"gzip;q=1.000", true},
           {"gzip;q=1.001", false},
           {"gzip;q=2", false},
           {"gzip;q=", false},
           {"gzip;q=1.", true},
           {"gzip;q=0.", false},
           {"gzip;q =1", false},
           {"gzip;", true},
           {"gzip;x=1", false},
           {"gzip;q=0.5;x", false},
           {"gzip;q=1 x", true},
           {"gzip x", false},
           {"x-gzip", false},
           {"xgzip, gzip", true},
           {"gzipx", false},
           {"gzipx, gzip", false},
           {"xgzipgzip", true},
           {"*", false},
           {"*;q=1", false},
           {"identity", false},
           {"gz", false},
           {"", false},
       }) {
    EXPECT_EQ(accepts_gzip(c.header), c.accepted) << c.header;
  }
}

TEST(AcceptEncoding, OtherCodingsAreWordsOfTheList) {
  for (const Case& c : {
           Case{"br", true},
           {"gzip, deflate, br", true},
           {"gzip,BR;q=0.1", true},
           {"br;q=0", false},
           {"br ; q = 0.00, gzip", false},
           {"br;q=0.001", true},
           {"br;q=1.0", true},
           {"broken", false},
           {"x-br", false},
           {"brx, br", true},
           {"*", false},
           {"br;x=0", true},
           {"", false},
       }) {
    EXPECT_EQ(accepts_coding(c.header, "br"), c.accepted) << c.header;
  }
  EXPECT_TRUE(accepts_coding("gzip, deflate, br, zstd", "zstd"));
}

}  // namespace
}  // namespace tierce::nginx

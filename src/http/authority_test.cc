#include "http/authority.h"

#include <gtest/gtest.h>

namespace tierce::http {

TEST(Authority, IsAHostAndPerhapsAPort) {
  for (const char* text : {"h", "H.example", "h.", "a-b_c.example:0", "127.0.0.1:65535", "[::1]", "[2001:DB8::1]:8080",
                           "[::ffff:1.2.3.4]:1", "h:00080", "~!$&'()*+;="}) {
    EXPECT_TRUE(is_authority(text)) << text;
  }
}

TEST(Authority, RefusesWhatANameInARedirectOrAFileNameMayNotHold) {
  for (const char* text :
       {"",         ".",        "..",         ".h",     "a..b",      "h/",  "/",     "h\\",   "u@h",     "@",
        "a,b",      "a b",      " h",         "h ",     "h\t",       "h?",  "h#",    "h%41",  "h\x7f",   "h\x01",
        "h\xff",    "<h>",      "\"h\"",      "{h}",    "h:",        ":",   ":80",   "h:8 0", "h:+8",    "h:65536",
        "h:100000", "h:000080", "h:80:80",    "::1",    "[",         "[]",  "[]:80", "[::1",  "[::1]80", "[::1]:",
        "[::1]:x",  "[::1]]",   "[::1%eth0]", "[v1.x]", "[1.2.3.4]", "[h]", "[:::]", "[::1]h"}) {
    EXPECT_FALSE(is_authority(text)) << text;
  }
  EXPECT_FALSE(is_authority(std::string_view("h\0", 2)));
  EXPECT_FALSE(is_authority(std::string_view("[::1\0]", 6)));
}

}  // namespace tierce::http

#include "nginx/password_hash.h"

#include <gtest/gtest.h>

namespace tierce::nginx {
namespace {

// Made by openssl passwd, htpasswd's forms and crypt(3).
TEST(PasswordHash, EveryFormKnowsItsPassword) {
  for (const char* stored : {
           "{PLAIN}pw",
           "{SHA}GpHWL3ymc5liWkNopqtdSjuqYHM=",
           "{SSHA}K/qCHdTzr1rftXNEV4Ob7XsySBlzYWx0",
           "$apr1$abcdefgh$5VEbMkemELfbhC5ck.U.z1",
           "abzlUXK5ed5rs",
           "$1$salt$IXp9zPHZ94CMcVBXaZFPN/",
           "$5$rounds=1000$abc$zdUXQ3de2d3x/8MYX1t30oZjPfJThZR5heHeVDYi8j6",
           "$6$rounds=1000$salt$d7eV9s8slZkQfSpeUNlCmopaL.Tpt4XY61764aINp2KRzpE5Z1iZ0R2WyFPpdxHBQpj2PwPDM2H3NdKLRu/Ax/",
           "$2y$04$abcdefghijklmnopqrstuuyvPXIbu7xe6/CED2DzX8z6Si09MlzlW",
       }) {
    EXPECT_TRUE(is_password(stored, "pw")) << stored;
    EXPECT_FALSE(is_password(stored, "pW")) << stored;
    EXPECT_FALSE(is_password(stored, "")) << stored;
    EXPECT_FALSE(is_password(stored, std::string("pw\0", 3))) << stored;
  }
  EXPECT_TRUE(is_password("{PLAIN}", ""));
  EXPECT_EQ(apr1_hash("a longer password, of more than sixteen bytes", "ab"), "$apr1$ab$jIpA3uBePYORauUiQtm.H/");
}

TEST(PasswordHash, WhatIsNoHashIsNoPassword) {
  for (const char* stored : {"", "pw", "*0", "!", "{SHA}", "{SHA}x", "{SSHA}", "{SSHA}x",
                             "{sha}GpHWL3ymc5liWkNopqtdSjuqYHM=", "$apr1$", "$apr1$abc", "$6$", "$99$salt$x"}) {
    EXPECT_FALSE(is_password(stored, "pw")) << stored;
    EXPECT_FALSE(is_password(stored, "")) << stored;
  }
}

}  // namespace
}  // namespace tierce::nginx

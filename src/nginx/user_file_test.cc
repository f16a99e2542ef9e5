#include "nginx/user_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace tierce::nginx {
namespace {

// Which of them nginx 1.22 let in, and "plain:pw" is in all.
TEST(UserFile, CredentialsAreReadAsNginxReadsThem) {
  for (const char* field :
       {"Basic cGxhaW46cHc=", "basic cGxhaW46cHc=", "BASIC cGxhaW46cHc=", "Basic   cGxhaW46cHc=", "Basic cGxhaW46cHc= ",
        "Basic cGxhaW46cHc", "Basic cGxhaW46cHc==", "Basic cGxhaW46cHc=!", "Basic cGxhaW46cHc==x"}) {
    const auto credentials = parse_basic(field);
    ASSERT_TRUE(credentials.has_value()) << field;
    EXPECT_EQ(credentials->user, "plain") << field;
    EXPECT_EQ(credentials->password, "pw") << field;
  }
  for (const char* field :
       {"", "Basic", "Basic ", "Basic =", "Bearer cGxhaW46cHc=", "Basic\tcGxhaW46cHc=", "Basic -GxhaW46cHc=",
        "Basicx cGxhaW46cHc=", "Basic cGxha", "Basic OnB3", "Basic cGxhaW4="}) {
    EXPECT_FALSE(parse_basic(field).has_value()) << field;
  }
  EXPECT_EQ(parse_basic("Basic YTpiOmM=")->password, "b:c");
  EXPECT_EQ(basic_challenge("members"), "Basic realm=\"members\"");
}

TEST(UserFile, TheFirstLineOfAUserDecides) {
  constexpr std::string_view kFile =
      "# comment\nplain:{PLAIN}pw\nthird:{PLAIN}pw:comment: more\n\n  lead:{PLAIN}pw\nspace:{PLAIN}pw \n"
      "crlf:{PLAIN}pw\r\nempty:{PLAIN}\nnohash:\nnocolon\ndup:{PLAIN}one\ndup:{PLAIN}two\n#hash:{PLAIN}pw\n"
      "colonpw:{PLAIN}a:b\ntail:{PLAIN}pw";
  struct Case {
    std::string user, password;
    UserVerdict verdict;
  };
  constexpr auto kRight = UserVerdict::kRight, kWrong = UserVerdict::kWrongPassword, kUnknown = UserVerdict::kUnknown;
  for (const Case& c : {
           Case{"plain", "pw", kRight},    Case{"plain", "pwx", kWrong},    Case{"plain", "", kWrong},
           Case{"Plain", "pw", kUnknown},  Case{"plai", "pw", kUnknown},    Case{"third", "pw", kRight},
           Case{"lead", "pw", kUnknown},   Case{"  lead", "pw", kRight},    Case{"space", "pw", kWrong},
           Case{"space", "pw ", kRight},   Case{"crlf", "pw", kRight},      Case{"crlf", "pw\r", kWrong},
           Case{"empty", "", kRight},      Case{"empty", "x", kWrong},      Case{"nohash", "", kWrong},
           Case{"nocolon", "", kUnknown},  Case{"dup", "one", kRight},      Case{"dup", "two", kWrong},
           Case{"#hash", "pw", kUnknown},  Case{"# comment", "", kUnknown}, Case{"colonpw", "a", kRight},
           Case{"colonpw", "a:b", kWrong}, Case{"tail", "pw", kRight},
       }) {
    EXPECT_EQ(check_user(kFile, {c.user, c.password}), c.verdict) << c.user << ":" << c.password;
  }
}

TEST(UserFile, AFileThatIsNotThereLetsNobodyIn) {
  const std::string path = testing::TempDir() + "user_file_test";
  std::filesystem::remove(path);
  EXPECT_EQ(check_user_file(path, {"plain", "pw"}), UserVerdict::kNoFile);
  std::ofstream(path) << "plain:{PLAIN}pw\n";
  EXPECT_EQ(check_user_file(path, {"plain", "pw"}), UserVerdict::kRight);
  std::filesystem::remove(path);
  EXPECT_EQ(check_user_file(testing::TempDir(), {"plain", "pw"}), UserVerdict::kUnreadable);
}

}  // namespace
}  // namespace tierce::nginx

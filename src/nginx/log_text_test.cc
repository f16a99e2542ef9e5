#include "nginx/log_text.h"

#include <gtest/gtest.h>

namespace tierce::nginx {
namespace {

std::string logged(std::optional<std::string_view> value, LogEscape escape) {
  std::string line = "[";
  append_log_value(value, escape, line);
  return line + "]";
}

// As nginx 1.22 wrote them.
TEST(LogText, ValuesAreEscapedAsTheFormatSays) {
  constexpr std::string_view kValue = "a\"b\\c\td \x7f\xc3\xbc\x1b\x01";
  EXPECT_EQ(logged(kValue, LogEscape::kDefault), "[a\\x22b\\x5Cc\\x09d \\x7F\\xC3\\xBC\\x1B\\x01]");
  EXPECT_EQ(logged(kValue, LogEscape::kJson), "[a\\\"b\\\\c\\td \x7f\xc3\xbc\\u001B\\u0001]");
  EXPECT_EQ(logged(kValue, LogEscape::kNone), "[" + std::string(kValue) + "]");
  EXPECT_EQ(logged(std::string_view("a\0\n", 3), LogEscape::kDefault), "[a\\x00\\x0A]");
}

TEST(LogText, OnlyTheDefaultWayHasADashForNothing) {
  EXPECT_EQ(logged(std::nullopt, LogEscape::kDefault), "[-]");
  EXPECT_EQ(logged(std::nullopt, LogEscape::kJson), "[]");
  EXPECT_EQ(logged(std::nullopt, LogEscape::kNone), "[]");
  EXPECT_EQ(logged("", LogEscape::kDefault), "[]");
}

}  // namespace
}  // namespace tierce::nginx

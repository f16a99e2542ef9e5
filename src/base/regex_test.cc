#include "base/regex.h"

#include <gtest/gtest.h>

namespace tierce {
namespace {

TEST(Regex, GivesTheGroupsOfAMatch) {
  const auto regex = Regex::compile("^/(\\w+)/(x)?(.*)$");
  ASSERT_TRUE(regex.has_value());
  const std::string_view path = "/shop/items";
  ASSERT_TRUE(regex->matches(path));
  EXPECT_EQ(regex->group(path, 0), path);
  EXPECT_EQ(regex->group(path, 1), "shop");
  EXPECT_EQ(regex->group(path, 2), "");
  EXPECT_EQ(regex->group(path, 3), "items");
  EXPECT_EQ(regex->group(path, 9), "");
  EXPECT_FALSE(regex->matches("shop"));
  EXPECT_EQ(regex->group("shop", 0), "");
}

TEST(Regex, MatchesNothingInNothing) {
  const auto regex = Regex::compile("^$");
  ASSERT_TRUE(regex.has_value());
  EXPECT_TRUE(regex->matches({}));
}

TEST(Regex, SaysWhereAnExpressionIsWrong) {
  const auto regex = Regex::compile("/(a");
  ASSERT_FALSE(regex.has_value());
  EXPECT_NE(regex.error().text().find("character 4"), std::string::npos) << regex.error().text();
}

TEST(Regex, GivesUpOnAnExplosionAndTellsWhoAsks) {
  const auto regex = Regex::compile("^(a+)+$");
  ASSERT_TRUE(regex.has_value());
  EXPECT_FALSE(regex->matches("b"));
  EXPECT_FALSE(Regex::gave_up());
  EXPECT_FALSE(regex->matches(std::string(64, 'a') + "b"));
  EXPECT_TRUE(Regex::gave_up());
  EXPECT_FALSE(Regex::gave_up()) << "once";
}

TEST(Regex, TakesALongSubject) {
  const auto regex = Regex::compile("^/(admin|private)(/[^/]+)*$");
  ASSERT_TRUE(regex.has_value());
  std::string path = "/admin";
  for (int i = 0; i < 4000; ++i) path += "/a";
  EXPECT_TRUE(regex->matches(path));
}

TEST(Regex, TellsTheNamesOfGroups) {
  const auto regex = Regex::compile("(?<year>\\d+)-(\\d+)-(?<day>\\d+)").value();
  const std::vector<std::pair<std::string, std::size_t>> names = {{"day", 3}, {"year", 1}};
  EXPECT_EQ(regex.names(), names);
}

TEST(Regex, CanIgnoreTheCaseOfLetters) {
  EXPECT_TRUE(Regex::compile("^abc$", Regex::Case::kIgnored).value().matches("ABC"));
  const auto broken = Regex::compile("a(", Regex::Case::kIgnored);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().at, 2u);
  EXPECT_EQ(broken.error().reason, "missing closing parenthesis");
}

}  // namespace
}  // namespace tierce

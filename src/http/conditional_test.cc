#include "http/conditional.h"

#include <gtest/gtest.h>

namespace tierce::http {
namespace {

constexpr std::time_t kTime = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
constexpr std::string_view kThen = "Sun, 06 Nov 1994 08:49:37 GMT", kLater = "Sun, 06 Nov 1994 08:49:38 GMT",
                           kEarlier = "Sun, 06 Nov 1994 08:49:36 GMT";
const std::string kTag = entity_tag(kTime, 1000);

int judged(const Conditions& conditions, ModifiedSince rule = ModifiedSince::kExact) {
  return judge(conditions, {kTime, kTag}, rule);
}

TEST(Conditional, MakesTheTagThatNginxMakes) { EXPECT_EQ(kTag, "\"2ebc98a1-3e8\""); }

TEST(Conditional, ModifiedSinceIsExactOrBefore) {
  EXPECT_EQ(judged({.if_modified_since = kThen}), 304);
  EXPECT_EQ(judged({.if_modified_since = kLater}), 0);
  EXPECT_EQ(judged({.if_modified_since = kLater}, ModifiedSince::kBefore), 304);
  EXPECT_EQ(judged({.if_modified_since = kEarlier}, ModifiedSince::kBefore), 0);
  EXPECT_EQ(judged({.if_modified_since = "yesterday"}), 0);
}

TEST(Conditional, NoneMatchIsWeakAndMustHoldBesideTheTime) {
  EXPECT_EQ(judged({.if_none_match = kTag}), 304);
  EXPECT_EQ(judged({.if_none_match = "\"a\", W/" + kTag}), 304);
  EXPECT_EQ(judged({.if_none_match = "*"}), 304);
  EXPECT_EQ(judged({.if_none_match = "\"a\" , b"}), 0);
  EXPECT_EQ(judged({.if_none_match = "\"a\"", .if_modified_since = kThen}), 0);
  EXPECT_EQ(judged({.if_none_match = kTag, .if_modified_since = kEarlier}), 0);
}

TEST(Conditional, MatchIsStrongAndFailsWith412) {
  EXPECT_EQ(judged({.if_match = kTag}), 0);
  EXPECT_EQ(judged({.if_match = "*"}), 0);
  EXPECT_EQ(judged({.if_match = "W/" + kTag}), 412);
  EXPECT_EQ(judged({.if_match = "nonsense"}), 412);
  EXPECT_EQ(judged({.if_unmodified_since = kThen}), 0);
  EXPECT_EQ(judged({.if_unmodified_since = kEarlier}), 412);
}

TEST(Conditional, ARangeNeedsTheSameFile) {
  const auto applies = [](std::string_view value) { return range_applies({.if_range = value}, {kTime, kTag}); };
  EXPECT_TRUE(applies(""));
  EXPECT_TRUE(applies(kTag));
  EXPECT_TRUE(applies(kThen));
  EXPECT_FALSE(applies(kLater));
  EXPECT_FALSE(applies("W/" + kTag));
  EXPECT_FALSE(applies("\"other\""));
}

}  // namespace
}  // namespace tierce::http

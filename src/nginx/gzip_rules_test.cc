#include "nginx/gzip_rules.h"

#include <gtest/gtest.h>

namespace tierce::nginx {
namespace {

constexpr std::time_t kNow = 1'700'000'000;  // Tue, 14 Nov 2023 22:13:20 GMT

bool allows(const std::vector<std::string>& proxied, const GzipAnswer& answer, bool authorization = false) {
  const auto rules = GzipRules::make("1.1", proxied, {});
  return rules->allow({.accept_encoding = "gzip", .user_agent = "", .via = true, .authorization = authorization},
                      answer, kNow);
}

TEST(GzipRules, OldVersionsAndOldBrowsersAreLeftOut) {
  const auto rules = GzipRules::make("1.1", {}, {"msie6", "curl/[0-6]"});
  ASSERT_TRUE(rules.has_value());
  EXPECT_TRUE(rules->allow({.accept_encoding = "gzip", .user_agent = ""}, {}, kNow));
  EXPECT_TRUE(rules->allow({.http_version = 20, .accept_encoding = "gzip", .user_agent = ""}, {}, kNow));
  EXPECT_FALSE(rules->allow({.accept_encoding = "br", .user_agent = ""}, {}, kNow));
  EXPECT_FALSE(rules->allow({.http_version = 10, .accept_encoding = "gzip", .user_agent = ""}, {}, kNow));
  EXPECT_FALSE(rules->allow({.accept_encoding = "gzip", .user_agent = "Mozilla/4.0 (MSIE 6.0; Windows)"}, {}, kNow));
  EXPECT_FALSE(rules->allow({.accept_encoding = "gzip", .user_agent = "CURL/5.0"}, {}, kNow));
  EXPECT_TRUE(rules->allow({.accept_encoding = "gzip", .user_agent = "curl/7.88"}, {}, kNow));
  EXPECT_TRUE(GzipRules::make("1.0", {}, {})
                  ->allow({.http_version = 10, .accept_encoding = "gzip", .user_agent = ""}, {}, kNow));
  EXPECT_FALSE(GzipRules::make("1.1", {}, {"("}).has_value());
}

TEST(GzipRules, ProxiesGetItWhereTheAnswerIsNotKept) {
  EXPECT_FALSE(allows({}, {}));
  EXPECT_FALSE(allows({"off"}, {}));
  EXPECT_TRUE(allows({"any"}, {.cache_control = {"public"}}));
  EXPECT_FALSE(allows({"auth"}, {.cache_control = {"public"}}));
  EXPECT_TRUE(allows({"auth"}, {.cache_control = {"public"}}, true));
  EXPECT_TRUE(allows({"no-cache"}, {.cache_control = {"public", "max-age=1, No-Cache"}}));
  EXPECT_FALSE(allows({"no-cache"}, {.cache_control = {"no-cachex"}}));
  EXPECT_FALSE(allows({"no-cache"}, {.cache_control = {"no-cache=x"}}));
  EXPECT_TRUE(allows({"no-cache", "no-store"}, {.cache_control = {"no-store , x"}}));
  EXPECT_FALSE(allows({"no-cache", "no-store"}, {.cache_control = {"private"}}));
  EXPECT_TRUE(allows({"private"}, {.cache_control = {"private"}}));
  EXPECT_FALSE(allows({"no_last_modified"}, {.last_modified = true}));
  EXPECT_TRUE(allows({"no_last_modified"}, {.etag = true}));
  EXPECT_FALSE(allows({"no_etag"}, {.etag = true}));
}

TEST(GzipRules, AnExpiredAnswerIsOneThatNobodyKeeps) {
  constexpr std::string_view kBefore = "Thu, 01 Jan 1970 00:00:01 GMT", kAfter = "Fri, 14 Nov 2031 22:13:20 GMT";
  EXPECT_TRUE(allows({"expired"}, {.expires = kBefore, .cache_control = {"no-cache"}}));
  EXPECT_FALSE(allows({"expired"}, {.expires = kAfter}));
  EXPECT_FALSE(allows({"no-cache"}, {.expires = kBefore, .cache_control = {"no-cache"}}));
  EXPECT_FALSE(allows({"expired"}, {.expires = "0"}));
  EXPECT_TRUE(allows({"expired"}, {.expires = kAfter, .date = "Sat, 14 Nov 2048 22:13:20 GMT"}));
}

}  // namespace
}  // namespace tierce::nginx

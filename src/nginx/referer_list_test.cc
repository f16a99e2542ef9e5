#include "nginx/referer_list.h"

#include <gtest/gtest.h>

namespace tierce::nginx {
namespace {

using Words = std::vector<std::string>;

std::vector<config::nginx::ServerName> names_of(const Words& words) {
  std::vector<config::nginx::ServerName> names;
  for (const std::string& word : words) names.push_back(*config::nginx::parse_server_name(word));
  return names;
}

// What nginx 1.22 made of them.
TEST(RefererList, PagesAreJudgedAsNginxJudgesThem) {
  struct Case {
    std::optional<std::string_view> referer;
    bool for_names, for_expression;
  };
  const auto names = RefererList::make(
      {"none", "blocked", "server_names", "*.ex.com", "ex.org/path/", "www.any.*", "~\\.google\\.", "~/deep/"},
      names_of({"me.com", "*.me.net", "~^re\\d+$"}));
  const auto expression = RefererList::make({"~\\.google\\."}, {});
  ASSERT_TRUE(names.has_value());
  for (const Case& c : {
           Case{std::nullopt, true, false},
           Case{"", true, false},
           Case{"http://a.ex.com/", true, false},
           Case{"https://A.EX.com:80/x", true, false},
           Case{"http://ex.com/", false, false},
           Case{"http://ex.org/path/x", true, false},
           Case{"http://ex.org/pathx", false, false},
           Case{"http://ex.org:8/path/", true, false},
           Case{"http://ex.org", false, false},
           Case{"http://www.any.thing", true, false},
           Case{"http://www.google.com/", true, true},
           Case{"http://WWW.GOOGLE.com", true, true},
           Case{"http://google.com/", false, false},
           Case{"foo", true, false},
           Case{"ftp://a.ex.com/", true, false},
           Case{"http://x", true, false},
           Case{"http://i.ru", false, false},
           Case{"http://me.com", true, false},
           Case{"http://a.me.net/", true, false},
           Case{"http://re12/aaaaaaaaa", true, false},
           Case{"http://re1x/aaaaaaa", false, false},
           Case{"http://q.com/deep/x", true, false},
           Case{"http://user@a.ex.com/", true, false},
           Case{"HTTP://a.ex.com/", true, false},
       }) {
    EXPECT_EQ(names->is_valid(c.referer), c.for_names) << c.referer.value_or("none");
    EXPECT_EQ(expression->is_valid(c.referer), c.for_expression) << c.referer.value_or("none");
  }
  EXPECT_FALSE(names->is_valid("http://" + std::string(250, 'a') + ".ex.com"));
}

TEST(RefererList, NoWordsAllowEveryPage) {
  EXPECT_TRUE(RefererList::make({}, {})->is_valid(std::nullopt));
  EXPECT_TRUE(RefererList::make({}, {})->is_valid("anything"));
}

TEST(RefererList, RefusesWhatIsNoName) {
  for (const Words& words : {Words{"http://a.com"}, Words{"/path"}, Words{"~"}, Words{"~("}, Words{"none", "blocked"}})
    EXPECT_FALSE(RefererList::make(words, {}).has_value()) << words[0];
}

}  // namespace
}  // namespace tierce::nginx

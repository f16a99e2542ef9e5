#include "edge/routes.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>

namespace tierce::edge {
namespace {

using config::Route;
using Action = Route::Action;
using Condition = Route::Condition;

class Request final : public RouteRequest {
 public:
  explicit Request(std::map<std::string, std::string, std::less<>> variables) : variables_(std::move(variables)) {}
  std::string_view variable(std::string_view name) const override {
    const auto found = variables_.find(name);
    return found == variables_.end() ? std::string_view() : found->second;
  }

 private:
  std::map<std::string, std::string, std::less<>> variables_;
};

Route on(const std::string& pattern, Action action, std::string_view argument = {}) {
  Route route{.condition = Condition::kMatches, .pattern = pattern, .action = action};
  route.left = *config::parse_route_text("${PATH_INFO}");
  route.argument = *config::parse_route_text(argument);
  return route;
}
Route when(Condition condition, std::string_view left, std::string_view right) {
  Route route{.condition = condition, .action = Action::kDoNotLog};
  route.left = *config::parse_route_text(left);
  route.right = *config::parse_route_text(right);
  return route;
}
Route password(Action action, const std::string& credentials) {
  Route route{.action = action};
  route.realm = "r";
  route.credentials = credentials;
  return route;
}

Routed routed(const std::vector<Route>& routes, std::map<std::string, std::string, std::less<>> variables) {
  return Routes::create(routes)->apply(Request(std::move(variables)));
}

TEST(Routes, PutGroupsAndVariablesIntoARedirect) {
  const auto got =
      routed({on("^/(a+)/(b)?", Action::kRedirect, "http://${HTTP_HOST}/$1?x=${qs[k]}&c=${cookie[s]}$2$3")},
             {{"PATH_INFO", "/aa/x"}, {"HTTP_HOST", "h"}, {"QUERY_STRING", "j=0&k=1"}, {"HTTP_COOKIE", "r=2; s=3"}});
  ASSERT_TRUE(got.response);
  EXPECT_EQ(got.response->status, 302);
  EXPECT_EQ(got.response->fields, "Location: http://h/aa?x=1&c=3\r\n");
}

TEST(Routes, NeverLetARequestEndTheLocationsLine) {
  const auto got = routed({on("(?s)^/(.*)", Action::kRedirectPermanent, "/$1")},
                          {{"PATH_INFO", "/a b\r\nSet-Cookie: x\xc3\xa9\x7f"}});
  EXPECT_EQ(got.response->status, 301);
  EXPECT_EQ(got.response->fields, "Location: /a%20b%0D%0ASet-Cookie:%20x%C3%A9%7F\r\n");
}

TEST(Routes, LeaveOutAHeaderThatARequestHasSpoilt) {
  const std::vector<Route> rules = {on("(?s)^/(.*)", Action::kAddHeader, "X-A: $1"),
                                    on("", Action::kAddHeader, "X-B: b")};
  EXPECT_EQ(routed(rules, {{"PATH_INFO", "/ok"}}).added_fields, "X-A: ok\r\nX-B: b\r\n");
  EXPECT_EQ(routed(rules, {{"PATH_INFO", "/a\r\nX-C: c"}}).added_fields, "X-B: b\r\n");
}

TEST(Routes, EndWithTheFirstAnswerOrLast) {
  const std::vector<Route> rules = {on("^/a", Action::kAddHeader, "X-A: 1"), on("^/a/last", Action::kContinue),
                                    on("^/a/ret", Action::kReturn, "403 Go"), on("^/a", Action::kAddHeader, "X-B: 1")};
  EXPECT_EQ(routed(rules, {{"PATH_INFO", "/a/last"}}).added_fields, "X-A: 1\r\n");
  const auto got = routed(rules, {{"PATH_INFO", "/a/ret"}});
  EXPECT_EQ(got.response->status, 403);
  EXPECT_EQ(got.response->reason, "Go");
  EXPECT_EQ(got.response->parts[0].text, "Forbidden");
  EXPECT_EQ(got.added_fields, "X-A: 1\r\n");
  EXPECT_EQ(routed(rules, {{"PATH_INFO", "/a"}}).added_fields, "X-A: 1\r\nX-B: 1\r\n");
  EXPECT_FALSE(routed(rules, {{"PATH_INFO", "/b"}}).response);
}

TEST(Routes, AnswerABreakWithItsStatusAlone) {
  EXPECT_EQ(routed({on("", Action::kBreak, "404 Not Found")}, {}).response->status, 404);
  EXPECT_EQ(routed({on("", Action::kBreak, "404 Not Found")}, {}).response->body_bytes(), 0u);
  for (const char* none : {"", "x", "99", "600", "-1", "4000000000"}) {
    EXPECT_EQ(routed({on("", Action::kBreak, none)}, {}).response->status, 500) << none;
  }
}

TEST(Routes, HoldWhereTheirConditionDoes) {
  const auto holds = [](Condition condition, std::string_view left, std::string_view right) {
    return routed({when(condition, left, right)}, {{"A", "7"}, {"ADDRESS", "10.1.2.3"}}).not_logged;
  };
  EXPECT_TRUE(holds(Condition::kEqual, "${A}", "7"));
  EXPECT_FALSE(holds(Condition::kEqual, "${A}", "${B}"));
  EXPECT_TRUE(holds(Condition::kEmpty, "${B}", ""));
  EXPECT_TRUE(holds(Condition::kStartsWith, "abc", "ab"));
  EXPECT_FALSE(holds(Condition::kStartsWith, "abc", "bc"));
  EXPECT_TRUE(holds(Condition::kEndsWith, "abc", "bc"));
  EXPECT_TRUE(holds(Condition::kContains, "abc", "b"));
  EXPECT_TRUE(holds(Condition::kHigher, "10", "9"));
  EXPECT_FALSE(holds(Condition::kHigher, "9", "9"));
  EXPECT_TRUE(holds(Condition::kHigherOrEqual, "9", "9"));
  EXPECT_TRUE(holds(Condition::kLower, "", "1"));
  EXPECT_TRUE(holds(Condition::kLowerOrEqual, "${A}", "7"));
  EXPECT_TRUE(holds(Condition::kInNetwork, "${ADDRESS}", "10.0.0.0/8"));
  EXPECT_FALSE(holds(Condition::kInNetwork, "${ADDRESS}", "10.0.0.0/16"));
  EXPECT_TRUE(holds(Condition::kIsDirectory, "/", ""));
  EXPECT_TRUE(holds(Condition::kExists, "/proc/self/exe", ""));
  EXPECT_TRUE(holds(Condition::kIsLink, "/proc/self/exe", ""));
  EXPECT_TRUE(holds(Condition::kIsExecutable, "/proc/self/exe", ""));
  EXPECT_TRUE(holds(Condition::kIsFile, "/proc/self/exe", ""));
  EXPECT_FALSE(holds(Condition::kIsFile, "/", ""));
  EXPECT_FALSE(holds(Condition::kExists, "/nowhere", ""));
}

TEST(Routes, TurnAConditionAround) {
  Route rule = when(Condition::kEqual, "${A}", "7");
  rule.negated = true;
  EXPECT_FALSE(routed({rule}, {{"A", "7"}}).not_logged);
  EXPECT_TRUE(routed({rule}, {{"A", "8"}}).not_logged);
  rule = on("^/(a)", Action::kAddHeader, "X-A: <$1>");
  rule.negated = true;
  EXPECT_EQ(routed({rule}, {{"PATH_INFO", "/b"}}).added_fields, "X-A: <>\r\n");
  EXPECT_EQ(routed({rule}, {{"PATH_INFO", "/a"}}).added_fields, "");
}

TEST(Routes, LetInWhoKnowsThePassword) {
  const std::vector<Route> rules = {password(Action::kBasicAuth, "u:p:q")};
  EXPECT_EQ(routed(rules, {{"HTTP_AUTHORIZATION", "Basic dTpwOnE="}}).user(), "u");
  for (const char* wrong : {"", "Basic", "Basic dTpw", "Bearer dTpwOnE=", "Basic Og==", "Basic dTpwOnFx"}) {
    const auto got = routed(rules, {{"HTTP_AUTHORIZATION", wrong}});
    ASSERT_TRUE(got.response) << wrong;
    EXPECT_EQ(got.response->status, 401);
    EXPECT_EQ(got.response->fields, "WWW-Authenticate: Basic realm=\"r\"\r\n");
    EXPECT_EQ(got.user(), "");
  }
  EXPECT_FALSE(routed(rules, {{"REMOTE_USER", "somebody"}}).response);
}

TEST(Routes, AskTheNextOneOnlyWhereTheRuleSaysSo) {
  const std::vector<Route> rules = {password(Action::kBasicAuthNext, "a:b"), password(Action::kBasicAuth, "c:d")};
  EXPECT_EQ(routed(rules, {{"HTTP_AUTHORIZATION", "Basic YTpi"}}).user(), "a");
  EXPECT_EQ(routed(rules, {{"HTTP_AUTHORIZATION", "Basic Yzpk"}}).user(), "c");
  EXPECT_EQ(routed(rules, {{"HTTP_AUTHORIZATION", "Basic ZTpm"}}).response->status, 401);
  EXPECT_EQ(routed(rules, {}).response->status, 401);
  const std::vector<Route> strict = {password(Action::kBasicAuth, "a:b"), password(Action::kBasicAuth, "c:d")};
  EXPECT_EQ(routed(strict, {{"HTTP_AUTHORIZATION", "Basic Yzpk"}}).response->status, 401);
}

TEST(Routes, GiveVariablesToTheApplicationTheLogAndLaterRules) {
  Route by_user = on("^fred$", Action::kAddHeader, "X-User: ${REMOTE_USER}");
  by_user.left = *config::parse_route_text("${REMOTE_USER}");
  const auto got = routed({on("", Action::kSetUser, "fred"), by_user, on("^/(.)", Action::kAddVariable, "K=$1=2"),
                           on("", Action::kLogVariable, "lv=${K}"), on("", Action::kLog, "saw ${PATH_INFO}"),
                           on("", Action::kRemoveHeader, "X-Gone"), on("", Action::kDoNotLog)},
                          {{"PATH_INFO", "/z"}});
  EXPECT_EQ(got.user(), "fred");
  EXPECT_EQ(got.added_fields, "X-User: fred\r\n");
  EXPECT_EQ(got.variables[1], std::pair(std::string("K"), std::string("z=2")));
  EXPECT_EQ(got.log_variables[0], std::pair(std::string("lv"), std::string("z=2")));
  EXPECT_EQ(got.messages[0], "saw /z");
  EXPECT_EQ(got.removed_fields[0], "x-gone");
  EXPECT_TRUE(got.not_logged);
}

TEST(Routes, NameAFileBelowTheirDirectory) {
  Route rule = on("^/(.*)", Action::kStatic, "$1");
  rule.root = "/srv/";
  const auto got = routed({rule}, {{"PATH_INFO", "/../x"}});
  EXPECT_EQ(got.root, "/srv/");
  EXPECT_EQ(got.file, "../x");  // StaticFiles::open() refuses it.
}

}  // namespace
}  // namespace tierce::edge

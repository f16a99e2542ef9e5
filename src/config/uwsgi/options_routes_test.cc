#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/uwsgi/apply.h"
#include "config/uwsgi/fake_surroundings.h"

namespace tierce::config::uwsgi {
namespace {

using Action = Route::Action;
using Condition = Route::Condition;
using testing::ElementsAre;
using testing::HasSubstr;

Result<Applied> applied(const std::string& body) {
  FakeSurroundings around;
  around.files["t.ini"] = "[uwsgi]\n" + body + "http = :8000\nmodule = app:app\n";
  auto reading = read_configuration({"t.ini"}, around);
  if (!reading) return fail(std::move(reading).error());
  return apply(*reading);
}

Route route(const std::string& line) {
  auto got = applied(line + "\n");
  EXPECT_TRUE(got.has_value()) << got.error().text();
  if (!got || got->settings.edge.routes.size() != 1) {
    ADD_FAILURE() << line;
    return {};
  }
  return got->settings.edge.routes[0];
}

std::string refused(const std::string& line) {
  auto got = applied(line + "\n");
  EXPECT_FALSE(got.has_value()) << line;
  return got ? "" : got.error().text();
}

TEST(UwsgiRoutes, SayWhatIsLookedAt) {
  const std::pair<const char*, const char*> kinds[] = {{"route", "PATH_INFO"},
                                                       {"route-uri", "REQUEST_URI"},
                                                       {"route-host", "HTTP_HOST"},
                                                       {"route-qs", "QUERY_STRING"},
                                                       {"route-referer", "HTTP_REFERER"},
                                                       {"route-user-agent", "HTTP_USER_AGENT"},
                                                       {"route-remote-user", "REMOTE_USER"},
                                                       {"route-remote-addr", "REMOTE_ADDR"}};
  for (const auto& [option, variable] : kinds) {
    const Route got = route(std::string(option) + " = ^/a(.*)$ return:403 no way");
    EXPECT_EQ(got.condition, Condition::kMatches) << option;
    ASSERT_EQ(got.left.size(), 1u) << option;
    EXPECT_EQ(got.left[0].text, variable);
    EXPECT_EQ(got.pattern, "^/a(.*)$");
    EXPECT_EQ(got.action, Action::kReturn);
    EXPECT_EQ(got.argument[0].text, "403 no way");
  }
  EXPECT_EQ(route("route-run = last:").condition, Condition::kAlways);
}

TEST(UwsgiRoutes, TakeConditions) {
  const Route equal = route("route-if = equal:${PATH_INFO};/a;b redirect:/c");
  EXPECT_EQ(equal.condition, Condition::kEqual);
  EXPECT_FALSE(equal.negated);
  EXPECT_EQ(equal.right[0].text, "/a;b");
  const Route regex = route("route-if-not = re:${REQUEST_URI};^/(x) redirect:/$1");
  EXPECT_EQ(regex.condition, Condition::kMatches);
  EXPECT_TRUE(regex.negated);
  EXPECT_EQ(regex.pattern, "^/(x)");
  EXPECT_EQ(route("route-if = exists:/a${PATH_INFO}.html last:").left.size(), 3u);
  EXPECT_EQ(route("route-if = >=:${CONTENT_LENGTH};5 return:413").condition, Condition::kHigherOrEqual);
}

TEST(UwsgiRoutes, TakeActions) {
  EXPECT_EQ(route("route-run = redirect-permanent:/x").action, Action::kRedirectPermanent);
  EXPECT_EQ(route("route-run = redirect-302:/x").action, Action::kRedirect);
  EXPECT_EQ(route("route-run = donotlog:").action, Action::kDoNotLog);
  EXPECT_EQ(route("route-run = delheader:Server").action, Action::kRemoveHeader);
  EXPECT_EQ(route("route-run = addheader:X-A: b;c#d").argument[0].text, "X-A: b;c#d");
  const Route file = route("route = ^/a/(.*) static:/srv/files/v1-$1");
  EXPECT_EQ(file.root, "/srv/files/");
  EXPECT_EQ(file.argument[0].text, "v1-");
  EXPECT_EQ(route("route-run = static:$1/x").root, "/");
}

TEST(UwsgiRoutes, TakePasswordsOrAFileOfThem) {
  const Route plain = route("route-run = basicauth:Keep out,fred:pass:word,1");
  EXPECT_EQ(plain.realm, "Keep out");
  EXPECT_EQ(plain.credentials, "fred:pass:word,1");
  EXPECT_EQ(plain.password_file, "");
  const Route file = route("route-run = basicauth-next:Keep out,/etc/htpasswd");
  EXPECT_EQ(file.password_file, "/etc/htpasswd");
  EXPECT_EQ(file.action, Action::kBasicAuthNext);
}

TEST(UwsgiRoutes, NameWhatTheyCannotDo) {
  auto got = applied("route = ^/a http:127.0.0.1:1\nroute = ^/b last:\n");
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->settings.edge.routes.size(), 1u);
  got = applied("route-run = fixpathinfor:\n");
  ASSERT_FALSE(got.has_value());
  EXPECT_THAT(got.error().text(), HasSubstr("there is no action 'fixpathinfor' (did you mean fixpathinfo?)"));
  got = applied("route = ^/a http:127.0.0.1:1\nroute = ^/b last:\n");
  std::vector<std::string> lines;
  for (const Finding& finding : got->findings) lines.push_back(finding.line());
  EXPECT_THAT(lines, ElementsAre("t.ini:2: route: the action 'http' is not supported: the rule is left out"));
  EXPECT_THAT(refused("strict = true\nroute = ^/a goto:b"), HasSubstr("the action 'goto' is not supported"));
}

TEST(UwsgiRoutes, RefuseWhatWouldLeaveADoorOpen) {
  EXPECT_THAT(
      refused("route-run = ldapauth:realm,url=ldap://x"),
      HasSubstr("t.ini:2: route-run: the action 'ldapauth' is not supported, and without it the rule would let"));
  EXPECT_THAT(refused("route-run = basicauth:realm"), HasSubstr("expects REALM,USER:PASSWORD or REALM,FILE"));
  EXPECT_THAT(refused("route-run = basicauth:realm,"), HasSubstr("expects REALM"));
  EXPECT_THAT(refused("route-if = lord:x;y return:403"), HasSubstr("the condition 'lord' is not supported"));
  EXPECT_THAT(refused("route-if = equal:x return:403"), HasSubstr("expects two operands"));
  EXPECT_THAT(refused("route = ^/(a return:403"), HasSubstr("t.ini:2: route: '^/(a', character"));
  EXPECT_THAT(refused("route = ^/a"), HasSubstr("expects REGEX ACTION:ARGUMENT"));
  EXPECT_THAT(refused("route = ^/a return"), HasSubstr("expects ACTION:ARGUMENT"));
  EXPECT_THAT(refused("route = ^/a redirect:${time[unix]}"), HasSubstr("${time[unix]} is not supported"));
  EXPECT_THAT(refused("route = ^/a addheader:x"), HasSubstr("addheader: expects NAME: VALUE"));
  EXPECT_THAT(refused("route = ^/a addvar:=x"), HasSubstr("addvar: expects NAME=VALUE"));
  EXPECT_THAT(refused("route = ^/a static:docs/x"), HasSubstr("static: expects an absolute path"));
}

}  // namespace
}  // namespace tierce::config::uwsgi

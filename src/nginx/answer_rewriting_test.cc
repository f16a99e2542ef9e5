#include "nginx/answer_rewriting.h"

#include <gtest/gtest.h>

#include <vector>

namespace tierce::nginx {
namespace {

using std::string_view;
using Words = std::vector<string_view>;

conf::TextValue text(string_view word) { return conf::parse_text_value(word).value(); }

conf::Expression expression(string_view pattern, Regex::Case letters) {
  return conf::compile_expression(pattern, letters).value();
}

// "~pattern" is an expression, as in the file.
conf::Replacement replacement(string_view from, string_view to, Regex::Case letters = Regex::Case::kMatters) {
  conf::Replacement made{.from = {}, .expression = {}, .to = text(to)};
  if (from.starts_with('~')) {
    made.expression = expression(from.substr(1), letters);
  } else {
    made.from = text(from);
  }
  return made;
}

// A request whose $host is "site.test"; captures are those of the last expression.
struct Asked {
  Rewriting with() {
    return {.text =
                [this](const conf::TextValue& value) {
                  std::string out;
                  for (const conf::TextPart& part : value.parts) {
                    if (part.kind == conf::TextPart::Kind::kLiteral) out += part.text;
                    if (part.kind == conf::TextPart::Kind::kVariable) out += "site.test";
                    if (part.kind == conf::TextPart::Kind::kCapture)
                      out += captures.at(static_cast<std::size_t>(part.capture));
                  }
                  return out;
                },
            .matched =
                [this](const Regex& regex, string_view subject) {
                  captures.clear();
                  for (std::size_t i = 0; i < regex.groups(); ++i) captures.emplace_back(regex.group(subject, i));
                }};
  }
  std::vector<std::string> captures;
};

std::string location(const conf::ProxySettings& settings, string_view value) {
  Asked asked;
  return rewrite_location(settings, value, asked.with()).value_or("(as it came)");
}
std::string refresh(const conf::ProxySettings& settings, string_view value) {
  Asked asked;
  return rewrite_refresh(settings, value, asked.with()).value_or("(as it came)");
}
std::string cookie(const conf::ProxySettings& settings, string_view value) {
  Asked asked;
  return rewrite_cookie(settings, value, asked.with()).value_or("(as it came)");
}

conf::ProxySettings redirecting(std::vector<conf::Replacement> all) {
  conf::ProxySettings made;
  made.redirect = std::move(all);
  return made;
}

conf::ProxySettings flagging(string_view name, const Words& flags) {
  conf::ProxySettings made;
  conf::CookieFlags one{.name = {}, .expression = {}, .flags = {}};
  if (name.starts_with('~')) {
    one.expression = expression(name.substr(1), Regex::Case::kIgnored);
  } else {
    one.name = text(name);
  }
  for (const string_view flag : flags) one.flags.push_back(text(flag));
  made.cookie_flags.emplace().push_back(std::move(one));
  return made;
}

TEST(AnswerRewriting, NothingIsRewrittenWhereNothingWasSaid) {
  EXPECT_EQ(location({}, "http://app/"), "(as it came)");
  EXPECT_EQ(location(redirecting({}), "http://app/"), "(as it came)");
  EXPECT_EQ(refresh({}, "5; url=http://app/"), "(as it came)");
  EXPECT_EQ(cookie({}, "a=b; Path=/"), "(as it came)");
}

TEST(AnswerRewriting, TheFirstPrefixThatFitsDecides) {
  const auto settings = redirecting({replacement("http://app/one/", "/1/"), replacement("http://app/", "http://$host/"),
                                     replacement("http://app/two/", "/2/")});
  EXPECT_EQ(location(settings, "http://app/one/x?y"), "/1/x?y");
  EXPECT_EQ(location(settings, "http://app/two/x"), "http://site.test/two/x");
  EXPECT_EQ(location(settings, "http://APP/"), "(as it came)");
  EXPECT_EQ(location(settings, "http://app"), "(as it came)");
}

TEST(AnswerRewriting, AnExpressionReplacesTheWholeValue) {
  const auto settings = redirecting({replacement("~^http://([^/:]+):[0-9]+(/.+)$", "http://$1$2"),
                                     replacement("~APP", "/any", Regex::Case::kIgnored)});
  EXPECT_EQ(location(settings, "http://app:8000/x"), "http://app/x");
  EXPECT_EQ(location(settings, "https://other/app/x"), "/any");
  EXPECT_EQ(location(settings, "/x"), "(as it came)");
}

TEST(AnswerRewriting, RefreshIsRewrittenBehindItsUrl) {
  const auto settings = redirecting({replacement("http://app/", "/"), replacement("~^https://(.*)", "/s/$1")});
  EXPECT_EQ(refresh(settings, "5; url=http://app/x"), "5; url=/x");
  EXPECT_EQ(refresh(settings, "5; URL=https://x"), "5; URL=/s/x");
  EXPECT_EQ(refresh(settings, "5"), "(as it came)");
  EXPECT_EQ(refresh(settings, "5; url="), "(as it came)");
  EXPECT_EQ(refresh(settings, "http://app/"), "(as it came)");
}

TEST(AnswerRewriting, CookiesGetAnotherDomainAndPath) {
  conf::ProxySettings settings;
  settings.cookie_domain.emplace().push_back(replacement("app.internal", "$host"));
  settings.cookie_domain->push_back(replacement("~\\.(\\w+)\\.lan$", "$1.test", Regex::Case::kIgnored));
  settings.cookie_path.emplace().push_back(replacement("/app/", "/"));
  settings.cookie_path->push_back(replacement("~^/v([0-9])", "/version-$1"));
  struct Case {
    string_view sent, want;
  };
  const Case cases[] = {
      {"a=b; Domain=app.internal; Path=/app/x", "a=b; Domain=site.test; Path=/x"},
      {"a=b; domain=.APP.Internal", "a=b; domain=.site.test"},
      {"a=b; Domain=x.app.internal", "(as it came)"},
      {"a=b; Domain=www.shop.LAN", "a=b; Domain=shop.test"},
      {"a=b;Path=/v2/x;Secure", "a=b; Path=/version-2; Secure"},
      {"  a = b ;  Path = /app/  ; Max-Age=5;", "a=b; Path=/; Max-Age=5; "},
      {"a=b; Path=/other", "(as it came)"},
      {"a=b; Path", "(as it came)"},
      {"no-value; Path=/app/", "(as it came)"},
      {"Path=/app/; Path=/app/", "Path=/app/; Path=/"},
      {"", "(as it came)"},
  };
  for (const Case& c : cases) EXPECT_EQ(cookie(settings, c.sent), c.want) << c.sent;
}

TEST(AnswerRewriting, CookiesGetAndLoseFlags) {
  const auto on = flagging("Session", {"Secure", "httponly", "SameSite=Strict"});
  EXPECT_EQ(cookie(on, "session=1"), "session=1; Secure; HttpOnly; SameSite=Strict");
  EXPECT_EQ(cookie(on, "session=1; secure; path=/; samesite=lax; HTTPONLY"),
            "session=1; secure; path=/; SameSite=Strict; HTTPONLY");
  EXPECT_EQ(cookie(on, "session=1; samesite=STRICT"), "session=1; samesite=STRICT; Secure; HttpOnly");
  EXPECT_EQ(cookie(on, "other=1"), "(as it came)");
  const auto off = flagging("~^s", {"nosecure", "nohttponly", "nosamesite"});
  EXPECT_EQ(cookie(off, "S=1; Secure; Path=/; HttpOnly; SameSite=None"), "S=1; Path=/");
  EXPECT_EQ(cookie(off, "t=1; Secure"), "(as it came)");
}

TEST(AnswerRewriting, FlagsThatSayNothingLeaveTheCookieAlone) {
  EXPECT_EQ(cookie(flagging("a", {"", "bogus"}), "a=b;Secure"), "(as it came)");
  EXPECT_EQ(cookie(flagging("a", {"samesite=none"}), "a=b;Secure"), "a=b; Secure; SameSite=None");
}

}  // namespace
}  // namespace tierce::nginx

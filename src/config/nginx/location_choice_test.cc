#include "config/nginx/location_choice.h"

#include <gtest/gtest.h>

namespace tierce::config::nginx {
namespace {

struct Node {
  LocationPattern pattern;
  std::string name;
  bool passes = false;
  std::vector<std::unique_ptr<Node>> inner;
  LocationChoices<Node> choices;

  Node& with(const std::vector<std::string>& words, bool passing = false) {
    auto node = std::make_unique<Node>();
    node->pattern = parse_location(words).value();
    for (const std::string& word : words) node->name += (node->name.empty() ? "" : " ") + word;
    node->passes = passing;
    EXPECT_EQ(choices.add(node->pattern, *node), nullptr);
    inner.push_back(std::move(node));
    return *inner.back();
  }
  std::string answers(std::string_view path) const {
    const auto found = choices.find(path, [](const Node& node) { return node.passes; });
    if (found.node == nullptr) return "none";
    return found.node->name + (found.lacks_slash ? " redirects" : "");
  }
};

TEST(NginxLocationChoice, LongestPrefixUnlessAnExpressionMatches) {
  Node server;
  server.with({"/"});
  server.with({"/static/"});
  server.with({"^~", "/images/"});
  server.with({"~", "\\.png$"});
  server.with({"~*", "\\.(png|gif)$"});
  server.with({"=", "/"});
  EXPECT_EQ(server.answers("/"), "= /");
  EXPECT_EQ(server.answers("/a"), "/");
  EXPECT_EQ(server.answers("/static/a.css"), "/static/");
  EXPECT_EQ(server.answers("/static/a.png"), "~ \\.png$");
  EXPECT_EQ(server.answers("/static/a.PNG"), "~* \\.(png|gif)$");
  EXPECT_EQ(server.answers("/images/a.png"), "^~ /images/");
}

TEST(NginxLocationChoice, NestedOnesComeFirst) {
  Node server;
  Node& api = server.with({"/api/"});
  api.with({"/api/v1/"});
  api.with({"~", "\\.json$"});
  server.with({"~", "\\.(json|xml)$"});
  EXPECT_EQ(server.answers("/api/x"), "/api/");
  EXPECT_EQ(server.answers("/api/v1/x"), "/api/v1/");
  EXPECT_EQ(server.answers("/api/v1/x.json"), "~ \\.json$");
  EXPECT_EQ(server.answers("/api/v1/x.xml"), "~ \\.(json|xml)$");
  EXPECT_EQ(server.answers("/"), "none");
}

TEST(NginxLocationChoice, PassingOnesRedirectToTheirSlash) {
  Node server;
  server.with({"/"});
  server.with({"/app/"}, true);
  server.with({"/files/"});
  server.with({"/both"});
  server.with({"/both/"}, true);
  EXPECT_EQ(server.answers("/app"), "/app/ redirects");
  EXPECT_EQ(server.answers("/app/x"), "/app/");
  EXPECT_EQ(server.answers("/files"), "/");
  EXPECT_EQ(server.answers("/both"), "/both");
}

TEST(NginxLocationChoice, NamedOnesAreFoundByName) {
  Node server;
  Node& named = server.with({"@app"});
  EXPECT_EQ(server.choices.find_named("@app"), &named);
  EXPECT_EQ(server.choices.find_named("@none"), nullptr);
  EXPECT_EQ(server.answers("@app"), "none");
  EXPECT_EQ(server.choices.add(named.pattern, named), &named) << "a duplicate";
}

TEST(NginxLocationPattern, RefusesInNginxsWords) {
  const auto inside = [](const std::vector<std::string>& outer, const std::vector<std::string>& inner) {
    const auto done = may_stand_in(parse_location(outer).value(), parse_location(inner).value());
    return done ? "" : done.error().text();
  };
  EXPECT_EQ(parse_location({"!", "/"}).error().text(), "invalid location modifier \"!\"");
  EXPECT_EQ(parse_location({"~", "("}).error().text(), "pcre2_compile() failed: missing closing parenthesis in \"(\"");
  EXPECT_EQ(inside({"/a"}, {"/ab"}), "");
  EXPECT_EQ(inside({"/a"}, {"~", "x"}), "");
  EXPECT_EQ(inside({"/a"}, {"/b"}), "location \"/b\" is outside location \"/a\"");
  EXPECT_EQ(inside({"=", "/a"}, {"/ab"}), "location \"/ab\" cannot be inside the exact location \"/a\"");
  EXPECT_EQ(inside({"@a"}, {"/ab"}), "location \"/ab\" cannot be inside the named location \"@a\"");
  EXPECT_EQ(inside({"/a"}, {"@a"}), "named location \"@a\" can be on the server level only");
}

}  // namespace
}  // namespace tierce::config::nginx

#include "config/nginx/text_value.h"

#include <gtest/gtest.h>

namespace tierce::config::nginx {
namespace {

// "https://" (host) "/" [1]
std::string taken_apart(std::string_view text) {
  const auto value = parse_text_value(text);
  if (!value) return value.error().text();
  std::string out;
  for (const TextPart& part : value->parts) {
    if (part.kind == TextPart::Kind::kLiteral) out += '"' + part.text + '"';
    if (part.kind == TextPart::Kind::kVariable) out += '(' + part.text + ')';
    if (part.kind == TextPart::Kind::kCapture) out += '[' + std::to_string(part.capture) + ']';
  }
  return out;
}

TEST(NginxTextValue, KnowsVariablesAndCaptures) {
  EXPECT_EQ(taken_apart("https://$host/$1"), "\"https://\"(host)\"/\"[1]");
  EXPECT_EQ(taken_apart("${host}name$Host_"), "(host)\"name\"(host_)");
  EXPECT_EQ(taken_apart("$12"), "[1]\"2\"") << "captures have one digit";
  EXPECT_EQ(taken_apart("$0"), "(0)");
  EXPECT_TRUE(parse_text_value("a b")->constant());
  EXPECT_FALSE(parse_text_value("a $1")->constant());
}

TEST(NginxTextValue, RefusesInNginxsWords) {
  EXPECT_EQ(taken_apart("a$"), "invalid variable name");
  EXPECT_EQ(taken_apart("$-"), "invalid variable name");
  EXPECT_EQ(taken_apart("${"), "invalid variable name");
  EXPECT_EQ(taken_apart("${}"), "invalid variable name");
  EXPECT_EQ(taken_apart("${host"), "the closing bracket in \"host\" variable is missing");
  EXPECT_EQ(taken_apart("${ho-st}"), "the closing bracket in \"ho\" variable is missing");
}

}  // namespace
}  // namespace tierce::config::nginx

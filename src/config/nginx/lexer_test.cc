#include "config/nginx/lexer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tierce::config::nginx {
namespace {

using testing::ElementsAre;

std::vector<std::string> words_of(std::string_view text) {
  Lexer lexer(text);
  auto statement = lexer.next();
  EXPECT_TRUE(statement) << statement.error().text();
  return statement ? statement->words : std::vector<std::string>();
}

TEST(NginxLexer, ReadsWords) {
  EXPECT_THAT(words_of("a b\tc\n d;"), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(words_of("# no\na # no\n b#c;"), ElementsAre("a", "b#c"));
  EXPECT_THAT(words_of("a \"b c\" 'd \"e' f\"g;"), ElementsAre("a", "b c", "d \"e", "f\"g"));
  EXPECT_THAT(words_of("a ${b}c $d{"), ElementsAre("a", "${b}c", "$d"));
  EXPECT_THAT(words_of("if ($a = \"b\") {"), ElementsAre("if", "($a", "=", "b", ")"));
}

TEST(NginxLexer, ReadsBackslashes) {
  EXPECT_THAT(words_of(R"(a "b\"c" \t\n d\;e "f\\";)"), ElementsAre("a", "b\"c", "\t\n", "d\\;e", "f\\"));
  EXPECT_THAT(words_of(R"(a ^/b\.c$ \d+;)"), ElementsAre("a", R"(^/b\.c$)", R"(\d+)"));
}

TEST(NginxLexer, SaysHowAStatementEndsAndWhere) {
  Lexer lexer("a\n b {\n}\n c;\n");
  auto statement = lexer.next();
  ASSERT_TRUE(statement);
  EXPECT_EQ(statement->end, Statement::End::kBlockBegins);
  EXPECT_EQ(statement->line, 2u);
  EXPECT_EQ(lexer.next()->end, Statement::End::kBlockEnds);
  statement = lexer.next();
  EXPECT_EQ(statement->end, Statement::End::kSemicolon);
  EXPECT_EQ(statement->line, 4u);
  EXPECT_EQ(lexer.next()->end, Statement::End::kTextEnds);
}

TEST(NginxLexer, RefusesInNginxsWords) {
  const auto refused = [](std::string_view text, TextKind kind = TextKind::kFile) {
    Lexer lexer(text, kind);
    const auto statement = lexer.next();
    return statement ? std::string() : statement.error().text();
  };
  EXPECT_EQ(refused(";"), "unexpected \";\"");
  EXPECT_EQ(refused("a }"), "unexpected \"}\"");
  EXPECT_EQ(refused("\"a\"b;"), "unexpected \"b\"");
  EXPECT_EQ(refused("a"), "unexpected end of file, expecting \";\" or \"}\"");
  EXPECT_EQ(refused("a", TextKind::kParameter), "unexpected end of parameter, expecting \";\"");
  EXPECT_EQ(refused("a " + std::string(5000, 'b')), "too long parameter \"bbbbbbbbbb...\" started");
  EXPECT_EQ(refused("a '" + std::string(5000, 'b')),
            "too long parameter, probably missing terminating \"'\" character");
}

}  // namespace
}  // namespace tierce::config::nginx

#include "base/log_escape.h"

#include <gtest/gtest.h>

namespace tierce {
namespace {

std::string escaped(std::string line, std::size_t at) {
  escape_for_log(line, at);
  return line;
}

TEST(EscapeForLog, LeavesPrintableAsciiAlone) {
  EXPECT_EQ(escaped("GET /a?b=c&d=%20 ~'", 0), "GET /a?b=c&d=%20 ~'");
  EXPECT_EQ(escaped("", 0), "");
}

TEST(EscapeForLog, WritesEverythingElseInHex) {
  EXPECT_EQ(escaped("a\"b\\c", 0), "a\\x22b\\x5Cc");
  EXPECT_EQ(escaped(std::string("\0\n\x1b[2J\x7f", 7), 0), "\\x00\\x0A\\x1B[2J\\x7F");
  EXPECT_EQ(escaped("\xc3\xa9", 0), "\\xC3\\xA9");
}

TEST(EscapeForLog, LeavesWhatStandsBeforeAlone) {
  EXPECT_EQ(escaped("\"x\" \"y\"", 4), "\"x\" \\x22y\\x22");
  EXPECT_EQ(escaped("\"\"", 2), "\"\"");
}

}  // namespace
}  // namespace tierce

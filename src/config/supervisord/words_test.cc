#include "config/supervisord/words.h"

#include <gtest/gtest.h>

namespace tierce::config::supervisord {
namespace {

using List = std::vector<std::string>;

TEST(Words, SplitsACommandAsAPosixShellQuotes) {
  EXPECT_EQ(split_command("  a 'b c' \"d \\\"e\\\" \\n\" f\\ g ''").value(),
            (List{"a", "b c", "d \"e\" \\n", "f g", ""}));
  EXPECT_EQ(split_command("a#b # c\nd").value(), (List{"a#b", "#", "c", "d"}));
  EXPECT_EQ(split_command("").value(), List{});
  EXPECT_EQ(split_command("a 'b").error().text(), "No closing quotation");
  EXPECT_EQ(split_command("a \\").error().text(), "No escaped character");
}

TEST(Words, SeesWhatWasMeantForAShell) {
  EXPECT_EQ(shell_sign_in({"a", "&&", "b"}), "&&");
  EXPECT_EQ(shell_sign_in({"a", "$HOME/x"}), "$HOME/x");
  EXPECT_EQ(shell_sign_in({"a", "*.conf"}), "*.conf");
  EXPECT_EQ(shell_sign_in({"sh", "-c", "a && b"}), "");
  EXPECT_EQ(shell_sign_in({"a", "--x=$", "b&c"}), "");
  EXPECT_EQ(shell_sign_in({"gunicorn", "-c", "conf.py", "-b", "0.0.0.0:$PORT"}), "0.0.0.0:$PORT");
  EXPECT_EQ(shell_sign_in({"a", "x${X:-5}"}), "x${X:-5}");
  EXPECT_EQ(shell_sign_in({"/bin/bash", "-lc", "a $B"}), "");
  EXPECT_EQ(shell_sign_in({"su", "misha", "-c", "a $B"}), "");
}

TEST(Words, ReadsPairs) {
  const Pairs wanted = {{"A", "1, 2"}, {"B", "x/y:z"}, {"C", ""}};
  EXPECT_EQ(parse_pairs("A=\"1, 2\",B=x/y:z,\n C=''").value(), wanted);
  EXPECT_EQ(parse_pairs("A=1,A=2").value(), (Pairs{{"A", "2"}}));
  EXPECT_EQ(parse_pairs("A=1,").value(), (Pairs{{"A", "1"}}));
  for (const char* text : {"A", "A=", "A,B=1", "=1", "A=\"x"}) EXPECT_FALSE(parse_pairs(text)) << text;
}

}  // namespace
}  // namespace tierce::config::supervisord

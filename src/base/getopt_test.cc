#include "base/getopt.h"

#include <gtest/gtest.h>

namespace tierce {
namespace {

constexpr OptionRow kRows[] = {{'c', "configuration", true}, {'n', "nodaemon", false}, {'k', "nocleanup", false}};

TEST(Getopt, ReadsClustersAttachedValuesAndShortenedNames) {
  const auto given = read_options({"-nkcx.conf", "--conf=y", "--conf", "z", "word", "-n"}, kRows);
  ASSERT_TRUE(given);
  ASSERT_EQ(given->options.size(), 5u);
  EXPECT_EQ(given->options[0].name, "nodaemon");
  EXPECT_EQ(given->options[2].value, "x.conf");
  EXPECT_EQ(given->options[3].value, "y");
  EXPECT_EQ(given->options[4].value, "z");
  EXPECT_EQ(given->words, (std::vector<std::string>{"word", "-n"}));
}

TEST(Getopt, SaysWhatIsWrong) {
  EXPECT_EQ(read_options({"-x"}, kRows).error().text(), "option -x not recognized");
  EXPECT_EQ(read_options({"-c"}, kRows).error().text(), "option -c requires argument");
  EXPECT_EQ(read_options({"--no"}, kRows).error().text(), "option --no not a unique prefix");
  EXPECT_EQ(read_options({"--nodaemon=1"}, kRows).error().text(), "option --nodaemon must not have an argument");
}

}  // namespace
}  // namespace tierce

#include "config/supervisord/ini_text.h"

#include <gtest/gtest.h>

#include "config/line_mark.h"

namespace tierce::config::supervisord {
namespace {

std::vector<IniSection> read(std::string_view text) {
  std::vector<IniSection> sections;
  EXPECT_TRUE(read_ini(text, "x.conf", sections)) << text;
  return sections;
}

std::string value_of(std::string_view text) { return read(text).at(0).keys.at(0).value; }

TEST(IniText, TakesCommentsOnlyAtTheStartAndBehindABlank) {
  EXPECT_EQ(value_of("[a]\n;x\n#y\nk = v ; why\n"), "v");
  EXPECT_EQ(value_of("[a]\nk=v;not;one\n"), "v;not;one");
  EXPECT_EQ(value_of("[a]\nk=bash -c 'foo ; bar'\n"), "bash -c 'foo");
  EXPECT_EQ(value_of("[a]\nk=v # why\n"), "v");
  EXPECT_EQ(value_of("[a]\r\nk: v\r\n"), "v");
}

TEST(IniText, GoesOnWithIndentedLines) {
  EXPECT_EQ(value_of("[a]\nk=\n  one\n  two ; not this\n\n  three\n"), "\none\ntwo\n\nthree");
  EXPECT_EQ(read("[a]\n  k=1\n  l=2\n").at(0).keys.size(), 2u) << "no deeper than the first";
}

TEST(IniText, KeepsTheLastValueAndContinuesSections) {
  const auto sections = read("[a]\nK=1\n[b]\nx=y\n[a]\nk=2\nl=3\n");
  ASSERT_EQ(sections.size(), 2u);
  ASSERT_EQ(sections[0].keys.size(), 2u);
  EXPECT_EQ(sections[0].keys[0].value, "2");
  EXPECT_EQ(sections[0].keys[0].place.line, 6);
}

TEST(IniText, TakesMarksForThePlaceOfTheLineBehindThem) {
  const auto sections = read("[a]\n" + line_mark("y.conf", 7) + "k=1\nl=2\n" + line_mark("tierce up", 0) + "m=3\n");
  EXPECT_EQ(sections[0].place.text(), "x.conf:1");
  EXPECT_EQ(sections[0].keys[0].place.text(), "y.conf:7");
  EXPECT_EQ(sections[0].keys[1].place.text(), "y.conf:8");
  EXPECT_EQ(sections[0].keys[2].place.text(), "tierce up:0");
  EXPECT_EQ(value_of("[a]\n#\x01no mark\nk=1\n"), "1");
}

TEST(IniText, SaysWhereItIsWrong) {
  std::vector<IniSection> sections;
  EXPECT_EQ(read_ini("k=v\n", "x.conf", sections).error().text(),
            "x.conf:1: \"k=v\" stands before any [section]: put it below one");
  EXPECT_EQ(read_ini("[a]\nword\n", "x.conf", sections).error().text(),
            "x.conf:2: \"word\" is neither a [section] nor key=value");
  EXPECT_FALSE(read_ini("[a]\n=v\n", "x.conf", sections));
}

}  // namespace
}  // namespace tierce::config::supervisord

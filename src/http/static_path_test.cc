#include "http/static_path.h"

#include <gtest/gtest.h>

namespace tierce::http {
namespace {

TEST(StaticPath, WorksOutTheSteps) {
  EXPECT_EQ(path_below(""), "");
  EXPECT_EQ(path_below("/"), "");
  EXPECT_EQ(path_below("/a/b.txt"), "a/b.txt");
  EXPECT_EQ(path_below("a//b/./c"), "a/b/c");
  EXPECT_EQ(path_below("/a/b/../c"), "a/c");
  EXPECT_EQ(path_below("/a/b/.."), "a/");
  EXPECT_EQ(path_below("/a/"), "a/");
  EXPECT_EQ(path_below("/a/."), "a/");
  EXPECT_EQ(path_below("/.hidden/..a"), ".hidden/..a");
}

TEST(StaticPath, NeverLeavesTheDirectory) {
  for (const std::string_view path : {"..", "/..", "/../etc/passwd", "/a/../../b", "a/../..", "/./../x", "//../"}) {
    EXPECT_FALSE(path_below(path).has_value()) << path;
  }
  EXPECT_FALSE(path_below(std::string_view("a\0b", 3)).has_value());
}

TEST(StaticPath, TakesOtherSpellingsOfDotsForNames) {
  EXPECT_EQ(path_below("\xc0\xae\xc0\xae/x"), "\xc0\xae\xc0\xae/x");  // Overlong UTF-8.
  EXPECT_EQ(path_below("..\\..\\x"), "..\\..\\x");
}

TEST(StaticPath, WorksOutDotsAndLeavesTheRest) {
  struct Case {
    std::string_view path, want;
  };
  for (const Case& c : {Case{"", ""},
                        {"*", "*"},
                        {"/", "/"},
                        {"/a//b", "/a//b"},
                        {"/.a/..b/...", "/.a/..b/..."},
                        {"/a/./b", "/a/b"},
                        {"/a/../b", "/b"},
                        {"/../b", "/b"},
                        {"/a/..", "/"},
                        {"/a/.", "/a/"},
                        {"/..", "/"},
                        {"/a/../..//b", "//b"},
                        {"/a//../b", "/a/b"}}) {
    EXPECT_EQ(without_dot_segments(c.path), c.want) << c.path;
  }
}

}  // namespace
}  // namespace tierce::http

#include "config/nginx/normal_path.h"

#include <gtest/gtest.h>

namespace tierce::config::nginx {
namespace {

std::string normal(std::string_view target, Slashes slashes = Slashes::kMerged) {
  const auto path = normal_path(target, slashes);
  return path ? path->path : "refused";
}

TEST(NginxNormalPath, ResolvesDotsAndSlashes) {
  EXPECT_EQ(normal("/"), "/");
  EXPECT_EQ(normal("/a/./b/../c"), "/a/c");
  EXPECT_EQ(normal("/a/.."), "/");
  EXPECT_EQ(normal("/a/."), "/a/");
  EXPECT_EQ(normal("/a//b///c"), "/a/b/c");
  EXPECT_EQ(normal("/a//b", Slashes::kKept), "/a//b");
  EXPECT_EQ(normal("/a//../b", Slashes::kKept), "/a/b");
  EXPECT_EQ(normal("/.a/..b/..."), "/.a/..b/...");
  EXPECT_EQ(normal("/.."), "refused");
  EXPECT_EQ(normal("/a/../../b"), "refused");
}

TEST(NginxNormalPath, DecodesOnce) {
  EXPECT_EQ(normal("/%61%2Fb"), "/a/b");
  EXPECT_EQ(normal("/a/%2e%2E/b"), "/b") << "an escaped dot is a dot";
  EXPECT_EQ(normal("/%2561"), "/%61");
  EXPECT_EQ(normal("/a%3Fb%23c?d"), "/a?b#c");
  EXPECT_EQ(normal("/a+b"), "/a+b");
  for (const char* target : {"/%", "/%4", "/%zz", "/%00", "/a%2"}) EXPECT_EQ(normal(target), "refused") << target;
}

TEST(NginxNormalPath, KeepsTheArguments) {
  const auto path = normal_path("/a/../b?x=%20/../y#z", Slashes::kMerged);
  ASSERT_TRUE(path);
  EXPECT_EQ(path->path, "/b");
  EXPECT_EQ(path->arguments, "x=%20/../y");
}

}  // namespace
}  // namespace tierce::config::nginx

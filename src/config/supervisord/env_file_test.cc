#include "config/supervisord/env_file.h"

#include <gtest/gtest.h>

namespace tierce::config::supervisord {
namespace {

TEST(EnvFile, ReadsWhatDockerAndShellsWrite) {
  const Pairs wanted = {{"A", "1"}, {"B", "x y # z"}, {"C", "=$HOME"}, {"D", ""}};
  EXPECT_EQ(parse_env_file("# why\n\nA=1\r\nexport B=\"x y # z\"\n C = '=$HOME'\nD=", "e").value(), wanted);
}

TEST(EnvFile, NamesTheLineThatIsNone) {
  EXPECT_EQ(parse_env_file("A=1\nsource x\n", "e").error().text(), "e:2: NAME=value is expected");
  for (const char* text : {"=1", "A B=1", "A"}) EXPECT_FALSE(parse_env_file(text, "e")) << text;
}

}  // namespace
}  // namespace tierce::config::supervisord

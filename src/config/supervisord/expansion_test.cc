#include "config/supervisord/expansion.h"

#include <gtest/gtest.h>

namespace tierce::config::supervisord {
namespace {

std::string expanded(std::string_view text) {
  Expansions known;
  known.texts = {{"ENV_HOME", "/root"}, {"here", "/etc"}};
  known.numbers = {{"process_num", 7}};
  auto result = expand(text, known, "program:x.command");
  return result ? *result : "error: " + result.error().text();
}

TEST(Expansion, ExpandsAsPython) {
  EXPECT_EQ(expanded("%(ENV_HOME)s/%(process_num)02d/%(process_num)s %%d"), "/root/07/7 %d");
  EXPECT_EQ(expanded("[%(process_num)4d|%(process_num)-4d|%(process_num)+d|%(here)6s]"), "[   7|7   |+7|  /etc]");
  EXPECT_EQ(expanded("%(process_num)04s"), "   7") << "zeros are for numbers";
}

TEST(Expansion, SaysWhatIsWrong) {
  EXPECT_EQ(
      expanded("%(nosuch)s"),
      "error: Format string '%(nosuch)s' for 'program:x.command' contains names ('nosuch') which cannot be expanded. "
      "Available names: ENV_HOME, here, process_num");
  for (const char* text : {"50%", "%s", "%(here", "%(here)", "%(here)d", "%(here)q", "%(here)99999s"})
    EXPECT_NE(expanded(text).find("is badly formatted"), std::string::npos) << text;
}

}  // namespace
}  // namespace tierce::config::supervisord

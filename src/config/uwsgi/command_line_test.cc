#include "config/uwsgi/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tierce::config::uwsgi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> parsed(const std::vector<std::string>& arguments) {
  const auto line = parse_command_line(arguments);
  EXPECT_TRUE(line.has_value());
  std::vector<std::string> out;
  if (!line) return out;
  for (const auto& given : (*line).options) out.push_back(given.name + (given.value ? "=" + *given.value : ""));
  for (const auto& word : (*line).words) out.push_back("word " + word);
  return out;
}

std::string refused(const std::vector<std::string>& arguments) {
  auto line = parse_command_line(arguments);
  EXPECT_FALSE(line.has_value());
  return line ? "" : line.error().text();
}

TEST(UwsgiCommandLine, TakesAValueInEveryForm) {
  for (const std::vector<std::string>& form :
       std::vector<std::vector<std::string>>{{"-p", "4"}, {"-p4"}, {"--processes", "4"}, {"--processes=4"}}) {
    EXPECT_THAT(parsed(form), ElementsAre("processes=4"));
  }
}

TEST(UwsgiCommandLine, TakesLettersTogether) {
  EXPECT_THAT(parsed({"-MTp4", "-Lw", "app"}),
              ElementsAre("master", "enable-threads", "processes=4", "disable-logging", "module=app"));
}

TEST(UwsgiCommandLine, TakesAnOptionalValueOnlyAttached) {
  EXPECT_THAT(parsed({"-C666", "-C", "t.ini"}), ElementsAre("chmod-socket=666", "chmod-socket", "word t.ini"));
}

TEST(UwsgiCommandLine, TakesUniqueBeginnings) {
  EXPECT_THAT(parsed({"--vac", "--wsgi-fi", "x.py"}), ElementsAre("vacuum", "wsgi-file=x.py"));
  EXPECT_THAT(refused({"--max-req", "3"}), HasSubstr("ambiguous"));
}

TEST(UwsgiCommandLine, TakesWordsBetweenAndBehind) {
  EXPECT_THAT(parsed({"a.ini", "-M", "--", "-p"}), ElementsAre("master", "word a.ini", "word -p"));
}

TEST(UwsgiCommandLine, NamesTheOptionThatWasMeant) {
  EXPECT_THAT(refused({"--procesess", "4"}), HasSubstr("did you mean --processes?"));
}

TEST(UwsgiCommandLine, RefusesMissingAndUnwantedValues) {
  EXPECT_THAT(refused({"--module"}), HasSubstr("needs a value"));
  EXPECT_THAT(refused({"--master=1"}), HasSubstr("takes no value"));
  EXPECT_THAT(refused({"-~"}), HasSubstr("unknown option"));
}

}  // namespace
}  // namespace tierce::config::uwsgi

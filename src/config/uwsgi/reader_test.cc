#include "config/uwsgi/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/uwsgi/fake_surroundings.h"
#include "config/uwsgi/show_config.h"

namespace tierce::config::uwsgi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class UwsgiReader : public testing::Test {
 protected:
  FakeSurroundings around;

  // The effective options of a body of [uwsgi], "name = value" each, without the first, which loads it.
  std::vector<std::string> read(const std::string& body) {
    around.files["t.ini"] = "[uwsgi]\n" + body;
    return read_line({"--ini", "t.ini"}, 1);
  }
  std::vector<std::string> read_line(const std::vector<std::string>& arguments, std::size_t skip = 0) {
    auto got = read_configuration(arguments, around);
    EXPECT_TRUE(got.has_value()) << got.error().text();
    if (!got) return {};
    reading = std::move(*got);
    std::vector<std::string> lines;
    for (std::size_t i = skip; i < reading.assignments.size(); ++i) {
      const Assignment& line = reading.assignments[i];
      lines.push_back(line.name + " = " + line.value.value_or("true"));
    }
    return lines;
  }
  std::string refused(const std::string& body) {
    around.files["t.ini"] = "[uwsgi]\n" + body;
    const auto got = read_configuration({"--ini", "t.ini"}, around);
    EXPECT_FALSE(got.has_value());
    return got ? "" : Result<Reading>(got).error().text();
  }
  Reading reading;
};

TEST_F(UwsgiReader, TakesOnlyItsSection) {
  around.files["t.ini"] = "before = 1\n[uwsgi]\na=1\n[other]\nb=2\n[uwsgi]\nc = 3  \n";
  EXPECT_THAT(read_line({"t.ini"}), ElementsAre("a = 1", "c = 3"));
  EXPECT_THAT(read_line({"t.ini:other"}), ElementsAre("b = 2"));
}

TEST_F(UwsgiReader, ReadsPastAByteOrderMark) {
  around.files["t.ini"] = "\xef\xbb\xbf[uwsgi]\r\na = 1\r\n";
  EXPECT_THAT(read_line({"t.ini"}), ElementsAre("a = 1"));
}

TEST_F(UwsgiReader, RemembersFileAndLine) {
  read("\n# comment\nprocesses = 4\n");
  EXPECT_EQ(reading.assignments.back().source.text(), "t.ini:4");
}

TEST_F(UwsgiReader, RemembersCommandLineAndEnvironment) {
  around.variables = {{"UWSGI_MAX_REQUESTS", "5"}};
  read_line({"-p4"});
  EXPECT_EQ(reading.assignments[0].name, "max-requests");
  EXPECT_EQ(reading.assignments[0].source.text(), "environment UWSGI_MAX_REQUESTS");
  EXPECT_EQ(reading.assignments[1].source.text(), "command line");
}

TEST_F(UwsgiReader, ReplacesMagicLettersOfTheFile) {
  EXPECT_THAT(read("a = %n %s %e %d %p %c\nb = %k %h %u %U %g %G %i %t\nc = 5%% %z|\n"),
              ElementsAre("a = t t.ini ini /srv/shop/ /srv/shop/t.ini shop",
                          "b = 4 host 1000 shop 33 www 17 1700000000", "c = 5% |"));
}

TEST_F(UwsgiReader, KeepsAPercentSignAtTheEnd) { EXPECT_THAT(read("a = 100%\n"), ElementsAre("a = 100%")); }

TEST_F(UwsgiReader, ReplacesWithTheFirstValueAndInOrder) {
  EXPECT_THAT(read("a = %(b)\nb = %(c)\nb = 2\nc = 3\nd = %(nobody)\n"),
              ElementsAre("a = %(c)", "b = 3", "b = 2", "c = 3", "d = %(nobody)"));
}

TEST_F(UwsgiReader, CalculatesWithBlanksAround) {
  EXPECT_THAT(read("a = 7\nb = %(a + 1) %(a * 2) %(a / 0) %(a ++) %(a+1) %(a . 2)\n"),
              ElementsAre("a = 7", "b = 8 14 0 8 %(a+1) 72"));
}

TEST_F(UwsgiReader, SurvivesTheLargestNumbers) {
  EXPECT_THAT(read("a = -9223372036854775808\nb = %(a / -1)\nc = %(a - 1)\n"),
              ElementsAre("a = -9223372036854775808", "b = -9223372036854775808", "c = 9223372036854775807"));
}

TEST_F(UwsgiReader, BoundsAValueThatDoublesItself) {
  std::string body = "a0 = xxxxxxxxxxxxxxxx\n";
  for (int i = 1; i < 40; ++i)
    body += "a" + std::to_string(i) + " = %(a" + std::to_string(i - 1) + ")%(a" + std::to_string(i - 1) + ")\n";
  EXPECT_THAT(refused(body), HasSubstr("longer than"));
}

TEST_F(UwsgiReader, ReadsEnvironmentAndFilesIntoValues) {
  around.variables = {{"GREETING", "good day"}};
  around.files["one.txt"] = "one\n";
  EXPECT_THAT(read("a = $(GREETING)|$(NOBODY)|@(one.txt)\n"), ElementsAre("a = good day|$(NOBODY)|one"));
}

TEST_F(UwsgiReader, RefusesToRunProgramsForAValue) {
  EXPECT_THAT(refused("a = @(exec://id)\n"), HasSubstr("t.ini:2: a: @(exec://id) is not supported"));
}

TEST_F(UwsgiReader, ReadsABlockUnderItsCondition) {
  around.variables = {{"PORT", "80"}};
  EXPECT_THAT(read("if-env = PORT\na = %(_)\nendif =\nif-env = NOBODY\nb = 1\nendif =\n"),
              ElementsAre("if-env = PORT", "a = 80", "endif = ", "if-env = NOBODY", "endif = "));
}

TEST_F(UwsgiReader, TurnsAtElse) {
  EXPECT_THAT(read("if-env = NOBODY\na = 1\nelse =\nb = 2\nendif =\n"),
              ElementsAre("if-env = NOBODY", "else = ", "b = 2", "endif = "));
}

TEST_F(UwsgiReader, RepeatsEachLineOfALoop) {
  EXPECT_THAT(read("for = a b\nx = %(_)\ny = %(_)\nendfor =\n"),
              ElementsAre("for = a b", "x = a", "x = b", "y = a", "y = b", "endfor = "));
}

TEST_F(UwsgiReader, RefusesNestedBlocksAndNamesTheLine) {
  EXPECT_THAT(refused("for = a\nfor = b\nendfor =\nendfor =\n"), HasSubstr("t.ini:3: for: inside for"));
}

TEST_F(UwsgiReader, WarnsOfABlockWithoutEnd) {
  read("if-not-env = NOBODY\na = 1\n");
  ASSERT_EQ(reading.findings.size(), 1u);
  EXPECT_THAT(reading.findings[0].line(), HasSubstr("t.ini:2: if-not-env: nothing ends this block"));
}

TEST_F(UwsgiReader, LoadsFilesWhereTheyAreNamed) {
  around.files["base.ini"] = "[uwsgi]\nb = %n\n[more]\nc = 3\n";
  EXPECT_THAT(read("a = 1\nini = base.ini\nini = :more\nd = 4\n"),
              ElementsAre("a = 1", "ini = base.ini", "b = base", "ini = :more", "c = 3", "d = 4"));
}

TEST_F(UwsgiReader, RefusesAFileThatIncludesItself) {
  EXPECT_THAT(refused("ini = t.ini\n"), HasSubstr("include each other"));
}

TEST_F(UwsgiReader, RefusesOtherFormatsByName) {
  EXPECT_THAT(refused("yaml = x.yml\n"), HasSubstr("t.ini:2: yaml: x.yml: only ini files are read"));
}

TEST_F(UwsgiReader, TakesACommentBehindAValueForOne) {
  EXPECT_THAT(read("processes = 4  # workers\nmaster = false ; no\ncolor = #fff\n"),
              ElementsAre("processes = 4", "master = false", "color = #fff"));
  ASSERT_EQ(reading.findings.size(), 2u);
  EXPECT_THAT(reading.findings[0].line(), HasSubstr("t.ini:2: processes: '# workers' is taken for a comment"));
}

TEST_F(UwsgiReader, LeavesMarksInCommandsAndQuotesAlone) {
  EXPECT_THAT(read("attach-daemon = a ; b # c\nx = \"a # b\"\n"),
              ElementsAre("attach-daemon = a ; b # c", "x = \"a # b\""));
}

TEST_F(UwsgiReader, KeepsQuotesAndSaysSo) {
  EXPECT_THAT(read("module = \"app\"\n"), ElementsAre("module = \"app\""));
  ASSERT_EQ(reading.findings.size(), 1u);
  EXPECT_THAT(reading.findings[0].text, HasSubstr("the quotes are part of the value"));
}

TEST_F(UwsgiReader, SetsOptionsAndPlaceholders) {
  EXPECT_THAT(read("set = processes=3\nset-ph = a=%(b)\nb = %(processes)\n"),
              ElementsAre("set = processes=3", "processes = 3", "set-ph = a=%(b)", "a = %(b)", "b = 3"));
  EXPECT_THAT(refused("set-ph = processes=3\n"), HasSubstr("cannot be a placeholder"));
}

TEST_F(UwsgiReader, PrintsWhatPrintAndGetAskFor) {
  read("a = 1\nprint = a is %(a)\nget = a\n");
  EXPECT_THAT(reading.printed, ElementsAre("a is 1", "1"));
  EXPECT_TRUE(reading.only_get);
}

TEST_F(UwsgiReader, ShowsWhatItReads) {
  read_line({"--master", "-p", "2"});
  EXPECT_EQ(show_config(reading),
            ";uWSGI instance configuration\n[uwsgi]\nmaster = true\nprocesses = 2\n;end of configuration\n");
}

}  // namespace
}  // namespace tierce::config::uwsgi

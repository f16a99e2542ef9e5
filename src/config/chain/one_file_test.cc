#include "config/chain/one_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "config/supervisord/ini_text.h"
#include "config/uwsgi/ini_text.h"

namespace tierce::config::chain {
namespace {

constexpr const char* kFile = R"(# comment
events {}
app web {
    module app:app;
    processes 4;
    lazy-apps on;
    thunder-lock;
}
program worker {
    command "celery -A app worker";
    autorestart true;
}
http { }
)";

std::string written(const std::string& text) {
  // A name of its own: tests run beside each other.
  std::string path = testing::TempDir() + "/" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".conf";
  std::ofstream(path) << text;
  return path;
}

// "4: module = app:app", as uWSGI's reader sees it.
std::vector<std::string> lines_of(const std::string& text, const char* section) {
  std::vector<std::string> lines;
  for (const uwsgi::IniLine& line : uwsgi::read_section(text, section))
    lines.push_back(fmt::format("{}: {} = {}", line.number, line.key, line.value));
  return lines;
}

std::vector<supervisord::IniSection> sections_of(const std::string& text) {
  std::vector<supervisord::IniSection> sections;
  EXPECT_TRUE(supervisord::read_ini(text, "made", sections));
  return sections;
}

std::string twice(const std::string& text) {
  const auto made = supervisor_text(written(text));
  return made ? "" : made.error().text();
}

TEST(OneFile, IsKnownByItsFirstLine) {
  EXPECT_TRUE(is_one_file(kFile));
  EXPECT_TRUE(is_one_file("user www-data;\n"));
  EXPECT_FALSE(is_one_file("; a comment\n# another\n\n  [supervisord]\n"));
  EXPECT_FALSE(is_one_file(""));
}

TEST(OneFile, IsAnIniFileOfUwsgiLineByLine) {
  const auto text = application_text(written(kFile), kFile, "/run/x");
  ASSERT_TRUE(text);
  EXPECT_EQ(lines_of(*text, "web"),
            (std::vector<std::string>{"4: module = app:app", "5: processes = 4", "6: lazy-apps = true",
                                      "7: thunder-lock = true", "0: socket = /run/x/web.sock", "0: chmod-socket = 666",
                                      "0: master = true"}));
  EXPECT_FALSE(application_text(written("events {}"), "events {}", "/run/x"));
  EXPECT_FALSE(application_text("/nowhere", "[uwsgi]\n", "/run/x"));
}

TEST(OneFile, AnAppWithAUwsgiSocketGetsNoneOfOurs) {
  const std::string file = "app web { socket /run/web.sock; }";
  EXPECT_EQ(application_text(written(file), file, "/run/x")->find("/run/x"), std::string::npos);
}

TEST(OneFile, AnAppOfAnotherProtocolGetsASocketForWsgiPass) {
  const std::string file = "app web { http-socket :8001; }";
  EXPECT_NE(application_text(written(file), file, "/run/x")->find("socket = /run/x/web.sock"), std::string::npos);
}

TEST(OneFile, SaysWhoRunsIt) {
  const auto users = users_of(written("user www-data adm;\nsupervisord { user nobody; }\n"));
  ASSERT_TRUE(users);
  EXPECT_EQ(users->edge, (std::vector<std::string>{"www-data", "adm"}));
  EXPECT_EQ(users->supervisor, "nobody");
}

TEST(OneFile, IsASupervisordConfLineByLine) {
  const std::string path = written(kFile);
  const auto text = supervisor_text(path);
  ASSERT_TRUE(text);
  const auto sections = sections_of(*text);
  ASSERT_EQ(sections.size(), 4u);
  EXPECT_EQ(sections[0].name, "program:web");
  EXPECT_EQ(sections[0].place.text(), path + ":3");
  EXPECT_EQ(sections[0].keys[0].value, "tierce uwsgi --ini \"" + path + ":web\"");
  EXPECT_EQ(sections[0].keys[0].place.text(), "tierce up:0") << "nobody has written it";
  EXPECT_EQ(sections[1].name, "program:worker");
  EXPECT_EQ(sections[1].place.line, 9);
  EXPECT_EQ(sections[1].find("command")->value, "celery -A app worker");
  EXPECT_EQ(sections[1].find("autorestart")->place.text(), path + ":11");
  EXPECT_EQ(sections[2].name, "program:nginx");
  EXPECT_EQ(sections[2].place.line, 13);
  EXPECT_EQ(sections[3].name, "supervisord");
}

TEST(OneFile, WhatIsQuotedIsNoComment) {
  const auto text =
      supervisor_text(written("program a {\n command \"sh -c 'date ; echo a #b'\";\n environment 'A=\"x\n y\"';\n}"));
  ASSERT_TRUE(text);
  const auto sections = sections_of(*text);
  EXPECT_EQ(sections[0].find("command")->value, "sh -c 'date ; echo a #b'");
  EXPECT_EQ(sections[0].find("environment")->value, "A=\"x\ny\"");
}

TEST(OneFile, SeveralOnOneLineAreAllOfThatLine) {
  const std::string file =
      "app a { module a; processes 2; } app b { module b; }\nprogram c { command d; startsecs 0; }";
  const auto text = application_text(written(file), file, "/run/x");
  ASSERT_TRUE(text);
  EXPECT_EQ(lines_of(*text, "a")[1], "1: processes = 2");
  EXPECT_EQ(lines_of(*text, "b")[0], "1: module = b");
  EXPECT_EQ(sections_of(*supervisor_text(written(file)))[2].find("startsecs")->place.line, 2);
}

TEST(OneFile, LinesOfIncludedFilesAreTheirs) {
  const std::string part = testing::TempDir() + "/one_file_part.conf";
  std::ofstream(part) << "\napp web {\n module app;\n}\n";
  const std::string file = "events {}\ninclude " + part + ";\n";
  const auto text = application_text(written(file), file, "/run/x");
  ASSERT_TRUE(text);
  const auto lines = uwsgi::read_section(*text, "web");
  EXPECT_EQ(lines.at(0).file, part);
  EXPECT_EQ(lines.at(0).number, 3);
}

TEST(OneFile, ANameIsGivenOnce) {
  EXPECT_NE(twice("app web {}\n\napp web {}").find("ANameIsGivenOnce.conf:1) already, and of \"app web\" in "),
            std::string::npos);
  EXPECT_TRUE(twice("app web {}\n\napp web {}").ends_with("ANameIsGivenOnce.conf:3"));
  EXPECT_NE(twice("app web {}\nprogram web {}"), "");
  EXPECT_NE(twice("group web {}\ngroup web {}"), "");
  EXPECT_EQ(twice("group web {}\napp web {}"), "");
  // Wherever the edge stands.
  EXPECT_TRUE(twice("program nginx {}\nhttp {}").ends_with("ANameIsGivenOnce.conf:1"));
  EXPECT_EQ(twice("program nginx {}"), "") << "there is no edge";
}

TEST(OneFile, FailsWithThePlaceOfWhatIsWrong) {
  const auto text = supervisor_text(written("events {}\nhttp { sever {} }\n"));
  ASSERT_FALSE(text);
  EXPECT_NE(text.error().text().find("FailsWithThePlaceOfWhatIsWrong.conf:2"), std::string::npos);
}

}  // namespace
}  // namespace tierce::config::chain

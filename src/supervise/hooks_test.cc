#include "supervise/hooks.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace tierce::supervise {
namespace {

class Hooks : public testing::Test {
 protected:
  Hooks() {
    char name[] = "/tmp/hooks_testXXXXXX";
    directory_ = ::mkdtemp(name);
  }
  ~Hooks() override { std::filesystem::remove_all(directory_); }
  Result<void> run(const std::string& action, const std::string& argument) const {
    return run_hook({.phase = "as-root", .action = action, .argument = argument}, {}, log_);
  }
  std::string file(const std::string& name) const { return directory_ + "/" + name; }
  std::string content(const std::string& name) const {
    std::ifstream stream(file(name));
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
  }
  std::string directory_;
  os::ErrorLog log_ = os::ErrorLog::on_descriptor(2, os::LogLevel::kError);
};

TEST_F(Hooks, ACommandThatFailsIsNamedWithItsStatus) {
  EXPECT_TRUE(run("exec", "exit 0"));
  const auto failed = run("exec", "exit 9");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().text(), "hook as-root exec:exit 9: exited with status 9");
  EXPECT_TRUE(run("safeexec", "exit 9"));
}

TEST_F(Hooks, TextGoesIntoFiles) {
  EXPECT_TRUE(run("write", file("a") + " one two"));
  EXPECT_TRUE(run("appendn", file("a") + " three"));
  EXPECT_TRUE(run("appendn", file("a")));
  EXPECT_TRUE(run("append", file("a") + " four"));
  EXPECT_EQ(content("a"), "one twothree\n\nfour");
  EXPECT_TRUE(run("writen", file("a") + " anew"));
  EXPECT_EQ(content("a"), "anew\n");
  EXPECT_FALSE(run("write", file("a")));
  EXPECT_TRUE(run("create", file("a")));
  EXPECT_EQ(content("a"), "");
}

TEST_F(Hooks, WhatCannotBeDoneSaysWhy) {
  const auto failed = run("unlink", file("not there"));
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().text().find("No such file"), std::string::npos);
  EXPECT_FALSE(run("chmod", directory_ + " 9z"));
  EXPECT_FALSE(run("putenv", "NONAME"));
}

TEST_F(Hooks, TheFirstThatFailsIsTheLast) {
  const std::vector<config::HookSettings> hooks = {
      {.phase = "p", .action = "create", .argument = file("a")},
      {.phase = "p", .action = "exec", .argument = "false"},
      {.phase = "p", .action = "create", .argument = file("b")},
      {.phase = "other", .action = "create", .argument = file("c")},
  };
  EXPECT_EQ(hooks_of(hooks, "p").size(), 3u);
  const auto aside = run_hooks_aside(hooks, {}, log_);
  ASSERT_TRUE(aside);
  int status = 0;
  ::waitpid(*aside, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_TRUE(std::filesystem::exists(file("a")));
  EXPECT_FALSE(std::filesystem::exists(file("b")));
}

}  // namespace
}  // namespace tierce::supervise

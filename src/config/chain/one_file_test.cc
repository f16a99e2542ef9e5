#include "config/chain/one_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

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

std::string line_of(const std::string& text, int number) {
  std::size_t at = 0;
  for (int i = 1; i < number; ++i) at = text.find('\n', at) + 1;
  return text.substr(at, text.find('\n', at) - at);
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
  EXPECT_EQ(line_of(*text, 3), "[web]");
  EXPECT_EQ(line_of(*text, 4), "module = app:app");
  EXPECT_EQ(line_of(*text, 5), "processes = 4");
  EXPECT_EQ(line_of(*text, 6), "lazy-apps = true");
  EXPECT_EQ(line_of(*text, 7), "thunder-lock = true");
  EXPECT_NE(text->find("socket = /run/x/web.sock"), std::string::npos);
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
  const auto text = supervisor_text(written(kFile));
  ASSERT_TRUE(text);
  EXPECT_EQ(line_of(*text, 9), "[program:worker]");
  EXPECT_EQ(line_of(*text, 10), "command=celery -A app worker");
  EXPECT_EQ(line_of(*text, 11), "autorestart=true");
  EXPECT_NE(text->find("[program:web]\ncommand=tierce uwsgi --ini "), std::string::npos);
  EXPECT_NE(text->find("[program:nginx]\ncommand=tierce nginx -p "), std::string::npos);
  EXPECT_NE(text->find("[supervisord]\n"), std::string::npos);
}

TEST(OneFile, FailsWithThePlaceOfWhatIsWrong) {
  const auto text = supervisor_text(written("events {}\nhttp { sever {} }\n"));
  ASSERT_FALSE(text);
  EXPECT_NE(text.error().text().find("FailsWithThePlaceOfWhatIsWrong.conf:2"), std::string::npos);
}

}  // namespace
}  // namespace tierce::config::chain

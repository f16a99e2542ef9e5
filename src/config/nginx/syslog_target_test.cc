#include "config/nginx/syslog_target.h"

#include <gtest/gtest.h>

namespace tierce::config::nginx {
namespace {

std::tm at(int month, int day) {
  std::tm time{};
  time.tm_mon = month - 1;
  time.tm_mday = day;
  time.tm_hour = 1;
  time.tm_min = 42;
  time.tm_sec = 5;
  return time;
}

// As nginx 1.22 sent them.
TEST(SyslogText, MessagesAreNginxs) {
  const auto plain = parse_syslog("syslog:server=unix:/dev/log");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->server, "unix:/dev/log");
  EXPECT_EQ(syslog_head(*plain, plain->severity, at(11, 24), "vm"), "<190>Nov 24 01:42:05 vm nginx: ");
  EXPECT_EQ(syslog_head(*plain, 3, at(1, 2), "vm"), "<187>Jan  2 01:42:05 vm nginx: ");
  const auto full = parse_syslog("syslog:server=10.0.0.1:514,facility=mail,severity=crit,tag=My_1,nohostname");
  ASSERT_TRUE(full.has_value());
  EXPECT_EQ(full->server, "10.0.0.1:514");
  EXPECT_EQ(syslog_head(*full, full->severity, at(11, 24), "vm"), "<18>Nov 24 01:42:05 My_1: ");
}

TEST(SyslogText, RefusesWithNginxsWords) {
  struct Case {
    std::string word;
    std::string_view why;
  };
  const std::string server = "syslog:server=127.0.0.1,";
  for (const Case& c : {
           Case{"syslog:", "unknown syslog parameter \"\""},
           Case{"syslog:server=", "no host in syslog server \"\""},
           Case{"syslog:tag=a", "no syslog server specified"},
           Case{server + "server=a", "duplicate syslog \"server\""},
           Case{server + "facility=x", "unknown syslog facility \"x\""},
           Case{server + "severity=x", "unknown syslog severity \"x\""},
           Case{server + "severity=warn,severity=info", "duplicate syslog \"severity\""},
           Case{server + "tag=" + std::string(33, 'a'), "syslog tag length exceeds 32"},
           Case{server + "tag=a-b", "syslog \"tag\" only allows alphanumeric characters and underscore"},
           Case{server + "x", "unknown syslog parameter \"x\""},
           Case{server, "unknown syslog parameter \"\""},
           Case{server + "tag", "unknown syslog parameter \"tag\""},
       }) {
    const auto target = parse_syslog(c.word);
    ASSERT_FALSE(target.has_value()) << c.word;
    EXPECT_EQ(target.error().text(), c.why) << c.word;
  }
  EXPECT_TRUE(parse_syslog(server + "tag=").has_value());
}

}  // namespace
}  // namespace tierce::config::nginx

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/uwsgi/apply.h"
#include "config/uwsgi/fake_surroundings.h"

namespace tierce::config::uwsgi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<Applied> applied(const std::string& body) {
  FakeSurroundings around;
  around.files["t.ini"] = "[uwsgi]\n" + body + "http = :8000\nmodule = app:app\n";
  auto reading = read_configuration({"t.ini"}, around);
  if (!reading) return fail(std::move(reading).error());
  return apply(*reading);
}

AroundSettings around(const std::string& body) {
  auto got = applied(body);
  EXPECT_TRUE(got.has_value()) << got.error().text();
  return got ? got->settings.around : AroundSettings{};
}

std::string refused(const std::string& body) {
  auto got = applied(body);
  EXPECT_FALSE(got.has_value()) << body;
  return got ? "" : got.error().text();
}

TEST(UwsgiAround, ADaemonsCommandIsTakenToTheLetter) {
  const AroundSettings a = around("attach-daemon = celery -A app worker  # \"quoted\"; a, b\n");
  ASSERT_EQ(a.daemons.size(), 1u);
  EXPECT_EQ(a.daemons[0].command, "celery -A app worker  # \"quoted\"; a, b");
  EXPECT_EQ(a.daemons[0].stop_signal, SIGTERM);
  EXPECT_FALSE(a.daemons[0].essential);
}

TEST(UwsgiAround, ASmartDaemonHasItsFileInFront) {
  const AroundSettings a = around(
      "smart-attach-daemon = /tmp/m.pid,3 memcached -d -P /tmp/m.pid\nsmart-attach-daemon2 = /tmp/n.pid sleep 9\n"
      "attach-control-daemon = x\ndaemons-honour-stdin = true\n");
  ASSERT_EQ(a.daemons.size(), 3u);
  EXPECT_EQ(a.daemons[0].pid_file, "/tmp/m.pid");
  EXPECT_EQ(a.daemons[0].checks, 3u);
  EXPECT_EQ(a.daemons[0].command, "memcached -d -P /tmp/m.pid");
  EXPECT_FALSE(a.daemons[0].daemonize);
  EXPECT_TRUE(a.daemons[1].daemonize);
  EXPECT_TRUE(a.daemons[2].essential);
  EXPECT_TRUE(a.daemons[2].keeps_stdin);
}

TEST(UwsgiAround, AttachDaemon2HasKeys) {
  const AroundSettings a = around(
      "attach-daemon2 = cmd=echo a\\,b c,pidfile=/p,freq=5,control=1,daemonize=true,touch=/a;/b,stopsignal=2,"
      "reloadsignal=1,stdin=1,uid=u,gid=g,chdir=/d,max_throttle=7,notifypid=1\n");
  ASSERT_EQ(a.daemons.size(), 1u);
  const DaemonSettings& daemon = a.daemons[0];
  EXPECT_EQ(daemon.command, "echo a,b c");
  EXPECT_EQ(daemon.pid_file, "/p");
  EXPECT_EQ(daemon.checks, 5u);
  EXPECT_TRUE(daemon.essential && daemon.daemonize && daemon.keeps_stdin && daemon.notified);
  EXPECT_THAT(daemon.touch, ElementsAre("/a", "/b"));
  EXPECT_EQ(daemon.stop_signal, 2);
  EXPECT_EQ(daemon.reload_signal, 1);
  EXPECT_EQ(daemon.user + daemon.group + daemon.chdir, "ug/d");
  EXPECT_EQ(daemon.throttle_max, 7u);
}

TEST(UwsgiAround, RefusesADaemonThatCannotBeMeant) {
  EXPECT_THAT(refused("attach-daemon2 = pidfile=/p\n"), HasSubstr("expects cmd=COMMAND"));
  EXPECT_THAT(refused("attach-daemon2 = cmd=x,stopsignal=TERM\n"), HasSubstr("'TERM' is no number of a signal"));
  EXPECT_THAT(refused("attach-daemon2 = cmd=x,daemonize=1\n"), HasSubstr("daemonize needs a pidfile"));
  EXPECT_THAT(refused("attach-daemon2 = cmd=x,cwd=/\n"), HasSubstr("'cwd' is no key of it"));
  EXPECT_THAT(refused("smart-attach-daemon = alone\n"), HasSubstr("expects PIDFILE COMMAND"));
}

TEST(UwsgiAround, ACrontabIsFiveNumbersAndACommand) {
  const AroundSettings a = around("cron = 59 -2 1\t-1 7  echo 5 hello\nunique-cron = -1 -1 -1 -1 -1 true\n");
  ASSERT_EQ(a.crons.size(), 2u);
  const CronRule& rule = a.crons[0].rule;
  EXPECT_EQ(rule.minute, 59);
  EXPECT_EQ(rule.hour, -2);
  EXPECT_EQ(rule.day, 1);
  EXPECT_EQ(rule.month, -1);
  EXPECT_EQ(rule.weekday, 7);
  EXPECT_EQ(a.crons[0].command, "echo 5 hello");
  EXPECT_FALSE(a.crons[0].unique);
  EXPECT_TRUE(a.crons[1].unique);
  for (const char* wrong : {"1 2 3 4 cmd", "1 2 3 4 5", "* * * * * cmd", "1 2 3 4 5cmd x", ""})
    EXPECT_THAT(refused(std::string("cron = ") + wrong + "\n"), HasSubstr("expects")) << wrong;
}

TEST(UwsgiAround, Cron2HasKeysOrNone) {
  const AroundSettings a = around(
      "cron2 = minute=-10,week=1,harakiri=9 run a=b\ncron2 = run every minute\ncron-harakiri = 4\n"
      "cron2 = hour=2,harakiri=0 run\n");
  ASSERT_EQ(a.crons.size(), 3u);
  EXPECT_EQ(a.crons[0].rule.minute, -10);
  EXPECT_EQ(a.crons[0].rule.weekday, 1);
  EXPECT_EQ(a.crons[0].command, "run a=b");
  EXPECT_EQ(a.crons[0].harakiri, 9u);
  EXPECT_EQ(a.crons[1].command, "run every minute");
  EXPECT_EQ(a.crons[1].harakiri, 4u);
  EXPECT_EQ(a.crons[2].harakiri, 0u);
  EXPECT_THAT(refused("cron2 = minut=1 run\n"), HasSubstr("'minut' is no key of it"));
}

TEST(UwsgiAround, HooksKnowTheirPhaseAndAction) {
  const AroundSettings a = around(
      "hook-as-root = exec:echo a:b\nexec-pre-app = ls\nhook-touch = /f unlink:/g\ntouch-exec = /f ls -l\n"
      "hook-master-start = unix_signal:15 gracefully_kill_them_all\n");
  ASSERT_EQ(a.hooks.size(), 5u);
  EXPECT_EQ(a.hooks[0].phase, "as-root");
  EXPECT_EQ(a.hooks[0].action, "exec");
  EXPECT_EQ(a.hooks[0].argument, "echo a:b");
  EXPECT_EQ(a.hooks[1].phase + a.hooks[1].action + a.hooks[1].argument, "pre-appexecls");
  EXPECT_EQ(a.hooks[2].touched + a.hooks[2].action + a.hooks[2].argument, "/funlink/g");
  EXPECT_EQ(a.hooks[3].touched + a.hooks[3].action + a.hooks[3].argument, "/fexecls -l");
  EXPECT_EQ(a.hooks[4].argument, "15 gracefully_kill_them_all");
}

TEST(UwsgiAround, AHookThatIsNotThereIsSaidAndAnErrorUnderStrict) {
  const auto got = applied("hook-as-root = mount:proc none /proc\nhook-accepting = unix_signal:1 stats\n");
  ASSERT_TRUE(got.has_value());
  EXPECT_TRUE(got->settings.around.hooks.empty());
  ASSERT_EQ(got->findings.size(), 2u);
  EXPECT_EQ(got->findings[0].line(),
            "t.ini:2: hook-as-root: mount: such a hook is not supported here: it does not run");
  EXPECT_THAT(refused("strict = true\nhook-as-root = mount:proc none /proc\n"), HasSubstr("not supported here"));
  EXPECT_THAT(refused("hook-as-root = nothing\n"), HasSubstr("expects ACTION:ARGUMENT"));
}

TEST(UwsgiAround, StatisticsAndFifosHaveAddresses) {
  EXPECT_EQ(around("stats = /run/s.sock\n").stats, "unix:/run/s.sock");
  EXPECT_EQ(around("stats-server = :9191\n").stats, ":9191");
  EXPECT_TRUE(around("stats = :1\nstats-http = true\n").stats_http);
  EXPECT_THAT(refused("stats = @abstract\n"), HasSubstr("abstract sockets are not supported"));
  EXPECT_THAT(around("master-fifo = a\nmaster-fifo = b\n").fifos, ElementsAre("a", "b"));
}

TEST(UwsgiAround, DaemonsHaveTheMercyOfTheReload) {
  EXPECT_EQ(around("attach-daemon = x\n").stop_mercy, 3u);
  EXPECT_EQ(around("attach-daemon = x\nreload-mercy = 9\n").stop_mercy, 9u);
}

}  // namespace
}  // namespace tierce::config::uwsgi

#include "config/uwsgi/apply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/uwsgi/fake_surroundings.h"

namespace tierce::config::uwsgi {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

Result<Applied> applied(const std::string& body, const std::string& rest = "http = :8000\nmodule = app:app\n") {
  FakeSurroundings around;
  around.files["t.ini"] = "[uwsgi]\n" + body + rest;
  auto reading = read_configuration({"t.ini"}, around);
  if (!reading) return fail(std::move(reading).error());
  return apply(*reading);
}

RunSettings settings(const std::string& body, const std::string& rest = "http = :8000\nmodule = app:app\n") {
  auto got = applied(body, rest);
  EXPECT_TRUE(got.has_value()) << got.error().text();
  return got ? got->settings : RunSettings{};
}

std::vector<std::string> findings(const std::string& body) {
  auto got = applied(body);
  EXPECT_TRUE(got.has_value()) << got.error().text();
  std::vector<std::string> lines;
  if (got) {
    for (const Finding& finding : got->findings) lines.push_back(finding.line());
  }
  return lines;
}

std::string refused(const std::string& body, const std::string& rest = "http = :8000\nmodule = app:app\n") {
  auto got = applied(body, rest);
  EXPECT_FALSE(got.has_value());
  return got ? "" : got.error().text();
}

TEST(UwsgiApply, StartsFromUwsgisDefaults) {
  const RunSettings s = settings("");
  EXPECT_EQ(s.workers, 1u);
  EXPECT_EQ(s.backlog, 100);
  EXPECT_EQ(s.edge.request_timeout, 0ms);
  EXPECT_EQ(s.edge.queue_timeout, 0ms);
  EXPECT_EQ(s.edge.body_bytes_max, 0u);
}

TEST(UwsgiApply, RunsGreenletsUnderBothOfItsNames) {
  EXPECT_FALSE(settings("").in_greenlets);
  for (const char* text : {"gevent = 100\n", "loop = gevent\nasync = 100\n", "async = 100\nloop = gevent\n"}) {
    const RunSettings s = settings(text);
    EXPECT_TRUE(s.in_greenlets) << text;
    EXPECT_EQ(s.at_once(), 100u);
    EXPECT_FALSE(s.monkey_patch) << "only when it is asked for";
  }
  EXPECT_TRUE(settings("gevent = 5\ngevent-monkey-patch = true\n").monkey_patch);
  EXPECT_TRUE(settings("gevent = 5\ngevent-early-monkey-patch =\n").monkey_patch);
  EXPECT_THAT(findings("async = 100\n"), ElementsAre(HasSubstr("async: requests run in")));
  EXPECT_THAT(findings("loop = asyncio\nasync = 100\n"), ElementsAre(HasSubstr("async"), HasSubstr("loop")));
  EXPECT_THAT(refused("strict = true\nloop = asyncio\n"), HasSubstr("loop"));
  EXPECT_EQ(settings("gevent = 5000\n").at_once(), kGreenletsMax);
}

TEST(UwsgiApply, JoinsApplicationFromItsParts) {
  EXPECT_EQ(settings("", "http=:0\nmodule = a.b\n").app, "a.b:application");
  EXPECT_EQ(settings("", "http=:0\nmodule = a.b\ncallable = app\n").app, "a.b:app");
  EXPECT_EQ(settings("", "http=:0\nwsgi = a.b:make()\n").app, "a.b:make()");
  EXPECT_EQ(settings("", "http=:0\nwsgi-file = foo.py\n").app, "foo.py:application");
  EXPECT_EQ(settings("", "http=:0\nfile = /srv/foo.py\ncallable = app\n").app, "/srv/foo.py:app");
}

TEST(UwsgiApply, KeepsTheFileForWhenTheModuleCannotBeLoaded) {
  const Applied both = applied("", "http=:0\nwsgi-file = foo.py\nmodule = a\ncallable = app\n").value();
  EXPECT_EQ(both.settings.app, "a:app");
  EXPECT_EQ(both.settings.uwsgi->app_source, "t.ini:4");
  EXPECT_EQ(both.settings.uwsgi->second_app, "foo.py:app");
  EXPECT_EQ(both.settings.uwsgi->second_app_source, "t.ini:3");
  ASSERT_EQ(both.findings.size(), 1u);
  EXPECT_EQ(both.findings[0].line(),
            "t.ini:3: wsgi-file is used only when the application of module (t.ini:4: a:app) cannot be loaded");
}

TEST(UwsgiApply, TakesAddressesAsUwsgiWritesThem) {
  EXPECT_THAT(settings("", "module=a\nhttp = :8000\nhttp-socket = 127.0.0.1:0\nhttp11-socket = /run/a.sock\n").binds,
              ElementsAre(":8000", "127.0.0.1:0", "unix:/run/a.sock"));
  EXPECT_THAT(refused("", "module=a\nhttp-socket = @name\n"), HasSubstr("t.ini:3: http-socket: '@name'"));
}

TEST(UwsgiApply, FillsProcessesAndLimits) {
  const RunSettings s = settings(
      "workers = 4\nthreads = 2\nharakiri = 30\nmax-requests = 100\nmax-requests-delta = 5\nlisten = 64\n"
      "limit-post = 1000\nlazy-apps = True\nworker-reload-mercy = 9\npost-buffering = 4096\nhttp-timeout = 7\n");
  EXPECT_EQ(s.workers, 4u);
  EXPECT_EQ(s.threads, 2u);
  EXPECT_EQ(s.edge.request_timeout, 30s);
  EXPECT_EQ(s.max_requests, 100u);
  EXPECT_EQ(s.max_requests_jitter, 5u);
  EXPECT_EQ(s.backlog, 64);
  EXPECT_EQ(s.edge.body_bytes_max, 1000u);
  EXPECT_TRUE(s.lazy_apps);
  EXPECT_EQ(s.edge.graceful_timeout, 9s);
  EXPECT_EQ(s.edge.body_buffer_bytes, 4096u);
  EXPECT_EQ(s.edge.send_timeout, 7s);
}

TEST(UwsgiApply, FillsPythonAndIdentity) {
  const RunSettings s = settings(
      "chdir = /srv\nvenv = env\npp = /a\npythonpath = /b\nenv = A=B=C\nuid = shop\ngid = 33\numask = 027\n"
      "pidfile = /run/a.pid\npy-autoreload = 1\n");
  EXPECT_EQ(s.chdir, "/srv");
  EXPECT_EQ(s.python, "/srv/env/bin/python");
  EXPECT_THAT(s.pythonpath, ElementsAre("/a", "/b"));
  EXPECT_THAT(s.environment, ElementsAre(std::pair("A", std::optional<std::string>("B=C"))));
  EXPECT_EQ(s.user, "shop");
  EXPECT_EQ(s.group, "33");
  EXPECT_EQ(s.umask, 027);
  EXPECT_EQ(s.pid_file, "/run/a.pid");
  EXPECT_TRUE(s.reload);
}

TEST(UwsgiApply, RaisesButDoesNotLowerTheLimitsOfTheHead) {
  EXPECT_EQ(settings("buffer-size = 65535\n").edge.head_bytes_max, 65535u);
  EXPECT_EQ(settings("buffer-size = 4096\n").edge.head_bytes_max, EdgeSettings{}.head_bytes_max);
}

TEST(UwsgiApply, SendsLogsWhereTheyAreAskedFor) {
  EXPECT_EQ(settings("logto = /a.log\n").edge.error_log, "/a.log");
  EXPECT_EQ(settings("logto = /a.log\n").edge.access_log, "/a.log");
  EXPECT_EQ(settings("req-logger = file:/r.log\nlogto = /a.log\n").edge.access_log, "/r.log");
  // Open all the same: uwsgi.log_this_request() asks for single lines.
  EXPECT_EQ(settings("logto = /a.log\ndisable-logging = true\n").edge.access_log, "/a.log");
  EXPECT_FALSE(settings("disable-logging = true\n").edge.logged.all);
  EXPECT_EQ(settings("disable-logging = false\n").edge.access_log, "-");
}

TEST(UwsgiApply, ReadsNumbersUpToTheirEndAndSaysSo) {
  EXPECT_EQ(settings("processes = 4x\n").workers, 4u);
  EXPECT_THAT(findings("processes = 4x\n"), ElementsAre("t.ini:2: processes: '4x' is read as 4"));
}

TEST(UwsgiApply, NamesWhatIsNotSupported) {
  EXPECT_THAT(findings("emperor = /etc/vassals\n"), ElementsAre(HasSubstr("t.ini:2: emperor: there is no emperor")));
  EXPECT_THAT(findings("honour-stdin = true\n"), ElementsAre("t.ini:2: honour-stdin: not built yet"));
  EXPECT_THAT(findings("honour-stdin = false\n"), ElementsAre()) << "nothing was asked for";
}

TEST(UwsgiApply, IsSilentAboutWhatHasNoEffect) {
  EXPECT_THAT(findings("master = true\nthunder-lock = true\nvacuum = true\nplugins = python3\n"), ElementsAre());
}

TEST(UwsgiApply, NamesTyposButNoVariables) {
  EXPECT_THAT(findings("proceses = 4\n"), ElementsAre("t.ini:2: proceses: unknown option: did you mean processes?"));
  EXPECT_THAT(findings("base = /srv\nchdir = %(base)\n"), ElementsAre());
}

TEST(UwsgiApply, FailsUnderStrict) {
  EXPECT_THAT(refused("base = /srv\nstrict = true\n"), HasSubstr("t.ini:2: base: unknown option"));
  EXPECT_THAT(refused("emperor = /x\nstrict = true\n"), HasSubstr("t.ini:2: emperor"));
  EXPECT_THAT(findings("set-ph = base=/srv\nchdir = %(base)\nstrict = true\n"), ElementsAre());
}

TEST(UwsgiApply, NeedsAnApplicationAndAnAddress) {
  EXPECT_THAT(refused("", "http = :0\n"), HasSubstr("no application"));
  EXPECT_THAT(refused("modul = app:app\n", "http = :0\n"), AllOf(HasSubstr("no application"), HasSubstr("modul")));
  EXPECT_THAT(refused("emperor = /etc/vassals\n", ""), AllOf(HasSubstr("no application"), HasSubstr("no emperor")));
  EXPECT_THAT(refused("sokket = :0\n", "module = app:app\n"), AllOf(HasSubstr("no address"), HasSubstr("sokket")));
  EXPECT_THAT(refused("", "module = a\n"), HasSubstr("no address"));
}

TEST(UwsgiApply, KnowsWhoMayUseASocketAndWhenAWorkerHasServedEnough) {
  EXPECT_EQ(settings("").socket_mode, -1);
  EXPECT_EQ(settings("chmod-socket\n").socket_mode, 0666);
  EXPECT_EQ(settings("chmod-socket = 664\n").socket_mode, 0664);
  EXPECT_THAT(refused("chmod-socket = 668\n"), HasSubstr("octal"));
  EXPECT_EQ(settings("chown-socket = www-data:www-data\n").socket_owner, "www-data:www-data");
  const RunSettings s =
      settings("reload-on-rss = 100\nmax-worker-lifetime = 3600\ntouch-reload = /a\ntouch-reload = /b\n");
  EXPECT_EQ(s.worker_rss_max, 100u << 20);
  EXPECT_EQ(s.worker_lifetime, 3600s);
  EXPECT_THAT(s.touch_reload, ElementsAre("/a", "/b"));
}

TEST(UwsgiApply, SpeaksAtEachAddressWhatItsOptionSays) {
  const auto binds = [](const std::string& text) { return settings("", "module = a\n" + text).binds; };
  EXPECT_THAT(binds("socket = /run/a.sock\nhttp = :80\nscgi-socket = :1\nfastcgi-socket = fd://3\n"),
              ElementsAre("uwsgi://unix:/run/a.sock", ":80", "scgi://:1", "fastcgi://fd://3"));
  EXPECT_THAT(binds("socket = :1\nuwsgi-socket = :2\nprotocol = http\n"), ElementsAre(":1", "uwsgi://:2"));
  EXPECT_THAT(refused("", "module = a\nsocket = :1\nprotocol = raw\n"), HasSubstr("'raw' is not supported"));
}

TEST(UwsgiApply, GoesOnBehindErrorsWhenAsked) {
  FakeSurroundings around;
  around.files["t.ini"] = "[uwsgi]\nchmod-socket = 668\nprocesses = 4\nprotocol = raw\nsocket = :1\n";
  const auto reading = read_configuration({"t.ini"}, around);
  ASSERT_TRUE(reading);
  std::vector<Finding> errors;
  const Applied made = apply_as_far_as_possible(*reading, errors);
  std::vector<int> lines;
  for (const Finding& error : errors) lines.push_back(error.source.line);
  EXPECT_THAT(lines, ElementsAre(2, 4, 0));  // The last: no application.
  EXPECT_EQ(made.settings.workers, 4u);
}

}  // namespace
}  // namespace tierce::config::uwsgi

#include "config/gunicorn_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace tierce::config {
namespace {

using namespace std::chrono_literals;

// What the reader says when nobody has set anything, then `more`.
GunicornValues values(const std::vector<std::string>& more = {}) {
  std::string text;
  const std::vector<std::string> usual = {"=app:app",
                                          "bind=127.0.0.1:8000",
                                          "backlog=2048",
                                          "workers=1",
                                          "worker_class=sync",
                                          "threads=1",
                                          "worker_connections=1000",
                                          "timeout=30",
                                          "graceful_timeout=30",
                                          "keepalive=2",
                                          "max_requests=0",
                                          "limit_request_line=4094",
                                          "limit_request_fields=100",
                                          "limit_request_field_size=8190",
                                          "chdir=/tmp",
                                          "errorlog=-",
                                          "loglevel=info"};
  for (const std::string& item : usual) {
    const std::string name = item.substr(0, item.find('='));
    bool replaced = false;
    for (const std::string& other : more) replaced = replaced || other.starts_with(name + "=");
    if (!replaced || name.empty()) text.append(item).push_back('\0');
  }
  for (const std::string& item : more) text.append(item).push_back('\0');
  return GunicornValues::read(text);
}

GunicornRun run_of(const std::vector<std::string>& more) {
  auto run = run_settings_of(values(more));
  EXPECT_TRUE(run.has_value()) << run.error().text();
  return run ? *run : GunicornRun{};
}

std::string refused(const std::vector<std::string>& more) {
  const auto run = run_settings_of(values(more));
  EXPECT_FALSE(run.has_value());
  return run ? "" : run.error().text();
}

TEST(GunicornSettings, NamesAndFlagsAreSaidOnce) {
  std::set<std::string> seen;
  for (const GunicornSetting& row : gunicorn_settings()) {
    EXPECT_TRUE(seen.insert(std::string(row.name)).second) << row.name;
    std::string flags(row.flags);
    for (std::size_t at = 0; at < flags.size();) {
      const std::size_t end = std::min(flags.find(',', at), flags.size());
      EXPECT_TRUE(seen.insert(flags.substr(at, end - at)).second) << row.name;
      at = end + 1;
    }
  }
}

TEST(GunicornSettings, SaysWhyOfEverythingThatIsNotHonoured) {
  for (const GunicornSetting& row : gunicorn_settings()) {
    EXPECT_FALSE(row.help.empty()) << row.name;
    if (row.answer == Answer::kHonoured) continue;
    EXPECT_FALSE(row.note.empty()) << row.name;
    EXPECT_EQ(row.apply, nullptr) << row.name;
  }
}

TEST(GunicornSettings, HasNoSeparatorOfTheTableInARow) {
  for (const GunicornSetting& row : gunicorn_settings()) {
    for (const std::string_view part : {row.name, row.flags, row.kind, row.fallback}) {
      EXPECT_EQ(part.find_first_of("|\n"), std::string_view::npos) << row.name;
    }
  }
}

TEST(GunicornSettings, MeanWhatTheyMeanToGunicornByDefault) {
  const RunSettings settings = run_of({}).settings;
  EXPECT_EQ(settings.app, "app:app");
  EXPECT_EQ(settings.edge.access_log, "") << "no access log is asked for";
  EXPECT_EQ(settings.edge.error_log, "-");
  EXPECT_EQ(settings.edge.keepalive_timeout, 2s);
  EXPECT_EQ(settings.edge.request_line_bytes_max, 4094u);
  EXPECT_EQ(settings.edge.body_bytes_max, 0u) << "Gunicorn has no limit";
  EXPECT_TRUE(settings.lazy_apps) << "nothing is preloaded";
  EXPECT_EQ(settings.user, "") << "whoever starts it";
  EXPECT_EQ(settings.socket_umask, 0);
}

TEST(GunicornSettings, TurnIntoSettingsOfARun) {
  const RunSettings settings =
      run_of({"bind=:1", "bind=unix:/tmp/a", "workers=3", "threads=4", "timeout=0", "preload_app=True", "accesslog=-",
              "umask=18", "keepalive=0", "loglevel=loud", "limit_request_line=0", "header_map=dangerous"})
          .settings;
  EXPECT_EQ(settings.binds, (std::vector<std::string>{":1", "unix:/tmp/a"}));
  EXPECT_EQ(settings.workers, 3u);
  EXPECT_EQ(settings.threads, 4u);
  EXPECT_EQ(settings.edge.request_timeout, 0ms);
  EXPECT_FALSE(settings.lazy_apps);
  EXPECT_EQ(settings.edge.access_log, "-");
  EXPECT_EQ(settings.socket_umask, 022);
  EXPECT_EQ(settings.edge.keepalive_requests, 1u) << "closed after each answer";
  EXPECT_EQ(settings.edge.log_level, os::LogLevel::kInfo) << "what Gunicorn takes an unknown level for";
  EXPECT_EQ(settings.edge.request_line_bytes_max, settings.edge.head_bytes_max) << "0 is no limit";
  EXPECT_TRUE(settings.edge.underscores);
}

TEST(GunicornSettings, ReadTheHeadersThatMeanHttps) {
  using Headers = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(run_of({"secure_scheme_headers=X-FORWARDED-PROTO: https", "secure_scheme_headers=X-Tls: On"})
                .settings.edge.secure_scheme_headers,
            (Headers{{"x-forwarded-proto", "https"}, {"x-tls", "on"}}));
  EXPECT_EQ(run_of({}).settings.edge.secure_scheme_headers, Headers{}) << "an empty dictionary: none";
}

TEST(GunicornSettings, RefuseClassesByName) {
  for (const char* name : {"uvicorn.workers.UvicornWorker", "uvicorn_worker.UvicornH11Worker", "asgi",
                           "hypercorn.x.Worker", "aiohttp.GunicornWebWorker"}) {
    EXPECT_NE(refused({std::string("worker_class=") + name}).find("ASGI"), std::string::npos) << name;
  }
  for (const char* name : {"eventlet", "tornado", "gunicorn.workers.gtornado.TornadoWorker", "my.Worker"}) {
    EXPECT_NE(refused({std::string("worker_class=") + name}).find(name), std::string::npos);
  }
  for (const char* name : {"sync", "gthread", "egg:gunicorn#sync", "gunicorn.workers.gthread.ThreadWorker"}) {
    run_of({std::string("worker_class=") + name});
  }
}

TEST(GunicornSettings, RunGreenletsUnderEveryNameOfGevent) {
  for (const char* name : {"gevent", "egg:gunicorn#gevent", "gunicorn.workers.ggevent.GeventWorker", "gevent_wsgi",
                           "gevent_pywsgi", "gunicorn.workers.ggevent.GeventPyWSGIWorker"}) {
    const RunSettings run =
        run_of({std::string("worker_class=") + name, "worker_connections=500", "timeout=30"}).settings;
    EXPECT_TRUE(run.in_greenlets) << name;
    EXPECT_EQ(run.at_once(), 500u);
    EXPECT_EQ(run.hub_timeout, 30s) << "the worker's, not the request's";
    EXPECT_EQ(run.edge.request_timeout, 0s);
  }
  EXPECT_EQ(run_of({"worker_class=gevent", "worker_connections=100000"}).settings.greenlets, kGreenletsMax);
  EXPECT_EQ(run_of({"worker_class=gthread", "worker_connections=0", "threads=2"}).settings.at_once(), 2u);
  EXPECT_NE(refused({"worker_class=gevent", "worker_connections=0"}).find("0 is outside"), std::string::npos);
}

TEST(GunicornSettings, RefuseWhatMustNotBeIgnored) {
  EXPECT_NE(refused({"keyfile=/k.pem"}).find("need a certificate"), std::string::npos);
  EXPECT_NE(refused({"protocol=uwsgi", "@protocol=command line"}), "");
  EXPECT_NE(refused({"workers=0", "@workers=command line"}).find("command line: workers"), std::string::npos);
}

TEST(GunicornSettings, SpeakHttpsWithACertificate) {
  const RunSettings settings = run_of({"bind=127.0.0.1:1", "bind=unix:/s", "certfile=/c.pem", "cert_reqs=2"}).settings;
  EXPECT_THAT(settings.binds, testing::ElementsAre("https://127.0.0.1:1", "https://unix:/s"));
  ASSERT_EQ(settings.tls.size(), 1u);
  EXPECT_EQ(settings.tls.front().certificate, "/c.pem");
  EXPECT_EQ(settings.tls.front().client, ClientCertificate::kRequired);
}

TEST(GunicornSettings, SayWhatIsNotSupportedWithItsPlace) {
  const GunicornRun run =
      run_of({"syslog=True", "@syslog=c.py:3", "worker_tmp_dir=/dev/shm", "@worker_tmp_dir=c.py:4"});
  ASSERT_EQ(run.settings.warnings.size(), 1u);
  EXPECT_EQ(run.settings.warnings[0].find("c.py:3: syslog: not supported: "), 0u);
  ASSERT_EQ(run.remarks.size(), 1u);
  EXPECT_EQ(run.remarks[0].find("c.py:4: worker_tmp_dir: no effect here: "), 0u);
}

TEST(GunicornSettings, AreWhatTheReferenceSays) {
  const auto file = std::filesystem::path(__FILE__).parent_path() / "../../docs/gunicorn-settings.md";
  std::ifstream in(file);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  EXPECT_EQ(text, gunicorn_help_markdown()) << "tierce gunicorn --help-markdown > docs/gunicorn-settings.md";
}

TEST(GunicornValues, KeepWhatIsWrong) {
  using namespace std::string_view_literals;
  const auto values = GunicornValues::read("=\0!machine=a.py:2\x1fuser = 'x': nobody\0!name=a.py\x1fworkrs\0bind=:1"sv);
  ASSERT_EQ(values.wrong().size(), 2u);
  EXPECT_EQ(values.wrong()[0].kind, "machine");
  EXPECT_EQ(values.wrong()[0].place, "a.py:2");
  EXPECT_EQ(values.wrong()[0].text, "user = 'x': nobody");
  EXPECT_EQ(values.wrong()[1].text, "workrs");
  EXPECT_EQ(values.text("bind"), ":1");
}

}  // namespace
}  // namespace tierce::config

#include "edge/uwsgi_line.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "edge/access_log.h"

namespace tierce::edge {
namespace {

class Fields final : public AccessFields {
 public:
  std::string_view request(std::string_view name) const override {
    return name == "x-forwarded-for" ? "203.0.113.9, 10.0.0.1" : name == "x-id" ? "42" : "";
  }
  std::string_view response(std::string_view) const override { return {}; }
  std::string_view variable(std::string_view name) const override { return name == "MY_PARAM" ? "mine" : ""; }
};

std::string line(const config::UwsgiLine& settings, std::string_view user = {}) {
  std::string path = testing::TempDir() + "uwsgi_lineXXXXXX";
  std::fclose(::fdopen(::mkstemp(path.data()), "w"));
  auto log = AccessLog::open(path, uwsgi_format(settings));
  EXPECT_TRUE(log.has_value());
  std::vector<LineEncoder> encoders;
  for (const std::string& text : settings.encoders) encoders.push_back(std::move(LineEncoder::parse(text)).value());
  log->encode_with(std::move(encoders));
  const Fields fields;
  AccessRecord record{};
  record.remote_address = "192.0.2.1";
  record.remote_user = user;
  record.method = "GET";
  record.target = "/a%20b?c=d";
  record.path = "/a%20b";
  record.query = "c=d";
  record.protocol = "HTTP/1.1";
  record.host = "shop";
  record.status = 200;
  record.body_bytes = 5;
  record.duration_ns = 1'234'567'000;
  record.pid = 77;
  record.worker = 2;
  record.thread = 3;
  record.request_fields = 4;
  record.request_head_bytes = 99;
  record.request_body_bytes = 8;
  record.response_fields = 2;
  record.response_head_bytes = 44;
  record.fields = &fields;
  log->add(record, 0);
  log->flush();
  std::ifstream in(path);
  std::string written((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::remove(path.c_str());
  return written;
}

std::string formatted(std::string format) { return line({.used = true, .format = std::move(format)}); }

TEST(UwsgiLine, WritesTheVariables) {
  EXPECT_EQ(formatted("%(uri) %(method) %(user) %(addr) %(host) %(proto) %(uagent) %(referer)"),
            "/a%20b?c=d GET - 192.0.2.1 shop HTTP/1.1 - -\n");
  EXPECT_EQ(formatted("%(status) %(rsize) %(hsize) %(size) %(cl) %(headers) %(vars) %(pktsize)"),
            "200 5 44 49 8 2 4 99\n");
  EXPECT_EQ(formatted("%(micros) %(msecs) %(secs)"), "1234567 1234 1.234567\n");
  EXPECT_EQ(formatted("%(pid) %(wid) %(core) %(switches) %(modifier1) %(modifier2)"), "77 2 3 1 0 0\n");
  EXPECT_EQ(formatted("%(werr) %(rerr) %(ioerr)"), "0 0 0\n");
}

TEST(UwsgiLine, KnowsVariablesOfTheRequest) {
  EXPECT_EQ(formatted("%(var.HTTP_X_ID) %(var.REQUEST_METHOD) %(var.MY_PARAM) %(var.NONE)"), "42 GET mine -\n");
  EXPECT_EQ(formatted("%(metric.a.b) %(set_by_app)"), "- -\n");
}

TEST(UwsgiLine, TakesEverythingElseForText) {
  EXPECT_EQ(formatted("100% (x) %x %%(method) %() %("), "100% (x) %x %GET %() %(\n");
  EXPECT_EQ(formatted("%(method"), "%(method\n");
}

TEST(UwsgiLine, HasOneOfItsOwn) {
  const std::string own = line({.used = true}, "eve");
  EXPECT_NE(own.find("[pid: 77|app: 0|req: "), std::string::npos) << own;
  EXPECT_NE(own.find("] 192.0.2.1 (eve) {4 vars in 99 bytes} ["), std::string::npos) << own;
  EXPECT_NE(own.find("] GET /a%20b?c=d => generated 5 bytes in 1234 msecs (HTTP/1.1 200) 2 headers in 44 bytes (1 "
                     "switches on core 3)\n"),
            std::string::npos)
      << own;
  EXPECT_NE(line({.used = true, .micros = true}).find(" () {"), std::string::npos);
  EXPECT_NE(line({.used = true, .micros = true}).find(" in 1234567 micros ("), std::string::npos);
  EXPECT_EQ(line({.used = true, .memory = true}).find("{address space usage: 0 bytes/0MB} {rss usage: 0"), 0u);
}

TEST(UwsgiLine, BelievesForwardedForWhenToldTo) {
  EXPECT_EQ(line({.used = true, .format = "%(addr)", .forwarded_for = true}), "203.0.113.9, 10.0.0.1\n");
}

TEST(UwsgiLine, GoesThroughTheEncoders) {
  const auto encoded = [](std::vector<std::string> encoders) {
    return line({.used = true, .format = "say \"%(method)\"", .encoders = std::move(encoders)});
  };
  EXPECT_EQ(encoded({"prefix > "}), "> say \"GET\"\n");
  EXPECT_EQ(encoded({"suffix <"}), "say \"GET\"\n<");
  EXPECT_EQ(encoded({"format [${msg}] ${unknown}", "nl"}), "[say \"GET\"] \n");
  EXPECT_EQ(encoded({"json {\"m\":\"${msg}\"}", "nl"}), "{\"m\":\"say \\\"GET\\\"\"}\n");
  EXPECT_EQ(encoded({"json {\"m\":\"${msgnl}\"}"}), "{\"m\":\"say \\\"GET\\\"\\n\"}");
  EXPECT_FALSE(LineEncoder::parse("gzip").has_value());
}

}  // namespace
}  // namespace tierce::edge

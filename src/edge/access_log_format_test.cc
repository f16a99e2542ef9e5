#include "config/access_log_format.h"

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
  std::string_view request(std::string_view name) const override { return name == "x-id" ? "\"42\"" : ""; }
  std::string_view response(std::string_view name) const override { return name == "etag" ? "tag" : ""; }
};

// The line that a format makes of one request, without the time.
std::string line(std::string_view text) {
  auto format = AccessLogFormat::parse(text);
  EXPECT_TRUE(format.has_value()) << format.error().text();
  if (!format) return {};
  std::string path = testing::TempDir() + "access_log_testXXXXXX";
  std::fclose(::fdopen(::mkstemp(path.data()), "w"));
  auto log = AccessLog::open(path, std::move(*format));
  EXPECT_TRUE(log.has_value());
  const Fields fields;
  AccessRecord record{};
  record.remote_address = "192.0.2.1";
  record.request_line = "GET /a%20b?c=d HTTP/1.1";
  record.method = "GET";
  record.target = "/a%20b?c=d";
  record.path = "/a%20b";
  record.query = "c=d";
  record.protocol = "HTTP/1.1";
  record.status = 200;
  record.body_bytes = 5;
  record.user_agent = "tests";
  record.duration_ns = 1'234'567'000;
  record.pid = 77;
  record.fields = &fields;
  log->add(record, 0);
  log->flush();
  std::ifstream in(path);
  std::string written((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::remove(path.c_str());
  EXPECT_TRUE(written.ends_with('\n'));
  written.pop_back();
  return written;
}

TEST(AccessLogFormat, WritesGunicornsAtoms) {
  EXPECT_EQ(line("%(h)s %(l)s %(u)s %(m)s %(U)s %(q)s %(H)s"), "192.0.2.1 - - GET /a b c=d HTTP/1.1");
  EXPECT_EQ(line("%(s)s %(b)s %(B)d %(T)s %(D)s %(M)s %(L)s %(p)s"), "200 5 5 1 1234567 1234 1.234567 <77>");
  EXPECT_EQ(line("\"%(r)s\" \"%(f)s\" \"%(a)s\""), R"("GET /a%20b?c=d HTTP/1.1" "-" "tests")");
  EXPECT_EQ(line("%({X-Id}i)s %({HTTP_X_ID}e)s %({ETag}o)s %({none}i)s"), R"(\x2242\x22 \x2242\x22 tag -)");
  EXPECT_EQ(line("100%% %({RAW_URI}e)s %({something}e)s %(nothing)s"), "100% /a%20b?c=d - -");
}

TEST(AccessLogFormat, RefusesFormatsThatMeanNothing) {
  for (const char* text : {"%", "%h", "%(h", "%(h)", "%(h)x", "ab %(h"}) {
    EXPECT_FALSE(AccessLogFormat::parse(text).has_value()) << text;
  }
  EXPECT_EQ(AccessLogFormat::parse("ab %(h").error().text().find("character 4: "), 0u);
}

}  // namespace
}  // namespace tierce::edge

#include "nginx/expires.h"

#include <gtest/gtest.h>
#include <stdlib.h>

namespace tierce::nginx {
namespace {

constexpr std::time_t kNow = 1'795'484'697;       // Tue, 24 Nov 2026 01:44:57 GMT
constexpr std::time_t kModified = 1'700'000'000;  // Tue, 14 Nov 2023 22:13:20 GMT

std::string fields_of(std::string_view text, std::optional<std::time_t> modified = kModified,
                      bool from_modified = false) {
  auto expires = parse_expires(text);
  if (!expires) return "invalid";
  if (from_modified) expires->kind = config::nginx::Expires::Kind::kFromModified;
  const auto fields = expires_fields(*expires, kNow, modified);
  return fields ? fields->expires + "; " + fields->cache_control : "none";
}

// What nginx 1.22 added at that time, in a zone that is UTC.
TEST(Expires, FieldsAreNginxs) {
  struct Case {
    std::string_view text, fields;
  };
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  for (const Case& c : {
           Case{"off", "none"},
           Case{"epoch", "Thu, 01 Jan 1970 00:00:01 GMT; no-cache"},
           Case{"max", "Thu, 31 Dec 2037 23:55:55 GMT; max-age=315360000"},
           Case{"1h", "Tue, 24 Nov 2026 02:44:57 GMT; max-age=3600"},
           Case{"+10s", "Tue, 24 Nov 2026 01:45:07 GMT; max-age=10"},
           Case{"-1", "Tue, 24 Nov 2026 01:44:56 GMT; no-cache"},
           Case{"0", "Tue, 24 Nov 2026 01:44:57 GMT; max-age=0"},
           Case{"-1h", "Tue, 24 Nov 2026 00:44:57 GMT; no-cache"},
           Case{"@15h30m", "Tue, 24 Nov 2026 15:30:00 GMT; max-age=49503"},
           Case{"@0", "Wed, 25 Nov 2026 00:00:00 GMT; max-age=80103"},
           Case{"@1s", "Wed, 25 Nov 2026 00:00:01 GMT; max-age=80104"},
           Case{"@24h", "Wed, 25 Nov 2026 00:00:00 GMT; max-age=80103"},
           Case{"100y", "Thu, 31 Oct 2126 01:44:57 GMT; max-age=3153600000"},
           Case{"-100y", "Thu, 01 Jan 1970 00:00:00 GMT; no-cache"},
       }) {
    EXPECT_EQ(fields_of(c.text), c.fields) << c.text;
  }
}

TEST(Expires, MayCountFromTheLastChange) {
  EXPECT_EQ(fields_of("1h", kModified, true), "Tue, 14 Nov 2023 23:13:20 GMT; no-cache");
  EXPECT_EQ(fields_of("-1h", kModified, true), "Tue, 14 Nov 2023 21:13:20 GMT; no-cache");
  EXPECT_EQ(fields_of("0", kModified, true), "Tue, 24 Nov 2026 01:44:57 GMT; max-age=0");
  EXPECT_EQ(fields_of("1h", kNow - 600, true), "Tue, 24 Nov 2026 02:34:57 GMT; max-age=3000");
  EXPECT_EQ(fields_of("1h", std::nullopt, true), "Tue, 24 Nov 2026 02:44:57 GMT; max-age=3600");
}

TEST(Expires, VariablesMaySayNonsense) {
  for (const char* text : {"", "bad", "modified 1h", "@25h", "1h1h", "--1", "@"})
    EXPECT_EQ(fields_of(text), "invalid") << text;
}

TEST(Expires, ErrorsGetNoAddedFields) {
  for (const int status : {200, 201, 204, 206, 301, 302, 303, 304, 307, 308}) EXPECT_TRUE(takes_added_fields(status));
  for (const int status : {202, 205, 300, 400, 404, 416, 500, 503}) EXPECT_FALSE(takes_added_fields(status));
}

}  // namespace
}  // namespace tierce::nginx

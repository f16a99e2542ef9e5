#include "config/nginx/values.h"

#include <gtest/gtest.h>

namespace tierce::config::nginx {
namespace {

TEST(NginxValues, Sizes) {
  EXPECT_EQ(parse_size("0", false), 0);
  EXPECT_EQ(parse_size("8k", false), 8192);
  EXPECT_EQ(parse_size("1M", false), 1 << 20);
  EXPECT_EQ(parse_size("2g", true), std::int64_t{2} << 30);
  for (const char* text : {"", "k", "1g", "-1", "1kk", "1 k", "1.5m", "9999999999999999999"})
    EXPECT_FALSE(parse_size(text, false)) << text;
  EXPECT_FALSE(parse_size("9999999999g", true)) << "beyond 64 bits";
}

TEST(NginxValues, Times) {
  EXPECT_EQ(parse_time("30", true), 30'000);
  EXPECT_EQ(parse_time("30", false), 30);
  EXPECT_EQ(parse_time("1h30m", false), 5400);
  EXPECT_EQ(parse_time("1m30", false), 90);
  EXPECT_EQ(parse_time("1d 12h", true), 129'600'000);
  EXPECT_EQ(parse_time("1s500ms", true), 1500);
  EXPECT_EQ(parse_time("1y1M", false), 31'536'000 + 2'592'000);
  for (const char* text : {"", "s", "1x", "30s1m", "1h1h", "-1", "1ms1s", "1y", "99999999999999999s"})
    EXPECT_FALSE(parse_time(text, true)) << text;
  EXPECT_FALSE(parse_time("500ms", false));
}

TEST(NginxValues, Complaints) {
  EXPECT_TRUE(check_value(Value::kFlag, "sendfile", "On"));
  EXPECT_EQ(check_value(Value::kFlag, "sendfile", "yes").error().text(),
            "invalid value \"yes\" in \"sendfile\" directive, it must be \"on\" or \"off\"");
  EXPECT_EQ(check_value(Value::kNumber, "n", "x").error().text(), "\"n\" directive invalid number");
  EXPECT_EQ(check_value(Value::kSize, "n", "x").error().text(), "\"n\" directive invalid value");
}

}  // namespace
}  // namespace tierce::config::nginx

#include "supervisord/line_format.h"

#include <gtest/gtest.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): setenv

#include <nlohmann/json.hpp>

namespace tierce::supervisord {
namespace {

using config::supervisord::LogFormat;

LineFormat format(LogFormat kind) {
  ::setenv("TZ", "UTC-1", 1);
  return {kind, "group:web", "stderr", [] { return 1'700'000'000'123'456u; }};
}

TEST(LineFormat, TextSaysWhenAndWho) {
  LineFormat text = format(LogFormat::kText);
  EXPECT_EQ(text.feed("one\r\ntwo\nthr"),
            "2023-11-14 23:13:20,123 group:web stderr: one\n2023-11-14 23:13:20,123 group:web stderr: two\n");
  EXPECT_EQ(text.feed("ee\n"), "2023-11-14 23:13:20,123 group:web stderr: three\n");
  EXPECT_EQ(text.feed("no end"), "");
  EXPECT_EQ(text.end(), "2023-11-14 23:13:20,123 group:web stderr: no end\n");
  EXPECT_EQ(text.end(), "");
}

TEST(LineFormat, JsonStaysJsonWhateverIsSaid) {
  LineFormat json = format(LogFormat::kJson);
  json.set_pid(12);
  const auto line = nlohmann::json::parse(json.feed("a \"quote\" \\ \x1b \xff\n"));
  EXPECT_EQ(line["line"], "a \"quote\" \\ \x1b \xef\xbf\xbd");
  EXPECT_EQ(line["time"], "2023-11-14T23:13:20.123+01:00");
  EXPECT_EQ(line["program"], "group:web");
  EXPECT_EQ(line["stream"], "stderr");
  EXPECT_EQ(line["pid"], 12);
}

TEST(LineFormat, AnySlicingComesToTheSame) {
  const std::string whole = "first\nsecond line\n\nlast";
  LineFormat at_once = format(LogFormat::kText);
  std::string want(at_once.feed(whole));
  want += at_once.end();
  LineFormat sliced = format(LogFormat::kText);
  std::string got;
  for (const char c : whole) got += sliced.feed({&c, 1});
  got += sliced.end();
  EXPECT_EQ(got, want);
}

TEST(LineFormat, ALineThatNeverEndsIsCut) {
  LineFormat text = format(LogFormat::kText);
  EXPECT_EQ(text.feed(std::string(60000, 'x')), "");
  EXPECT_GT(text.feed(std::string(60000, 'x')).size(), 120000u);
  EXPECT_EQ(text.end(), "");
}

}  // namespace
}  // namespace tierce::supervisord

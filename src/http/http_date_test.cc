#include "http/http_date.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace tierce::http {
namespace {

std::string date(std::time_t time) {
  std::string out(kHttpDateBytes, '!');
  format_http_date(time, out.data());
  return out;
}

}  // namespace

TEST(HttpDate, IsTheRfcsExample) { EXPECT_EQ(date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT"); }

TEST(HttpDate, AgreesWithStrftimeAcrossLeapYears) {
  // A prime step of about 11 days and odd seconds meets every month, weekday and leap rule by 2500.
  for (std::time_t time = 0; time < 16725225600; time += 950009) {
    char want[64];
    std::tm parts{};
    gmtime_r(&time, &parts);
    std::strftime(want, sizeof want, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    ASSERT_EQ(date(time), want);
  }
}

TEST(HttpDate, KeepsFourDigitYears) {
  EXPECT_EQ(date(-1), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date(std::numeric_limits<std::time_t>::min()), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date(std::numeric_limits<std::time_t>::max()), "Fri, 31 Dec 9999 23:59:59 GMT");
}

TEST(HttpDate, ReadsTheThreeFormats) {
  for (const char* text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    EXPECT_EQ(parse_http_date(text), 784111777) << text;
  }
  EXPECT_EQ(parse_http_date("Tue, 29 Feb 2000 23:59:59 GMT"), 951868799);
}

TEST(HttpDate, ReadsNothingElse) {
  for (const char* text : {"", "Sun", "Sun,", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 31 Feb 1994 08:49:37 GMT",
                           "Sun, 06 ovD 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "784111777"}) {
    EXPECT_FALSE(parse_http_date(text).has_value()) << text;
  }
}

}  // namespace tierce::http

#include "http/response_head.h"

#include <gtest/gtest.h>

#include "http/request_parser.h"

namespace tierce::http {

TEST(ReasonPhrase, IsEmptyForWhatIsNotRegistered) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(431), "Request Header Fields Too Large");
  for (const int status : {-1, 0, 99, 306, 499, 599, 1000}) EXPECT_EQ(reason_phrase(status), "") << status;
}

TEST(ReasonPhrase, EveryStatusTheParserAnswersHasOne) {
  for (int i = 0; i <= static_cast<int>(HeadError::kBadEscape); ++i) {
    EXPECT_NE(reason_phrase(status_of(static_cast<HeadError>(i))), "") << i;
  }
}

TEST(ResponseField, NothingSplitsTheResponse) {
  using Cause = ResponseFieldError::Cause;
  struct Case {
    std::string_view name, value;
    Cause want;
  };
  const Case cases[] = {{"", "x", Cause::kBadName},
                        {"A:", "x", Cause::kBadName},
                        {"A B", "x", Cause::kBadName},
                        {"A\r\nB", "x", Cause::kBadName},
                        {"A\xc3\xa9", "x", Cause::kBadName},
                        {"A", "x\r\nSet-Cookie: a=1", Cause::kBadValue},
                        {"A", "x\n y", Cause::kBadValue},
                        {"A", "x\r", Cause::kBadValue},
                        {"A", std::string_view("x\0", 2), Cause::kBadValue},
                        {"A", "\x7f", Cause::kBadValue},
                        {"connection", "close", Cause::kHopByHop},
                        {"Transfer-Encoding", "chunked", Cause::kHopByHop}};
  for (const Case& c : cases) {
    auto got = check_response_field(c.name, c.value);
    ASSERT_FALSE(got.has_value()) << c.name;
    EXPECT_EQ(got.error().cause, c.want) << c.name;
  }
  EXPECT_TRUE(check_response_field("Set-Cookie", "a=\"b c\"; Path=/\t\xff").has_value());
  EXPECT_TRUE(check_response_field("X", "").has_value());
}

}  // namespace tierce::http

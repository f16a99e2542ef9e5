#include "http/content_length.h"

#include <gtest/gtest.h>

namespace tierce::http {

TEST(ContentLength, ReadsPlainDigitsUpToTheLargestBody) {
  EXPECT_EQ(parse_content_length("0").value(), 0u);
  EXPECT_EQ(parse_content_length("0042").value(), 42u);
  EXPECT_EQ(parse_content_length("4294967301").value(), 4294967301u);  // uWSGI once read 5.
  EXPECT_EQ(parse_content_length("9223372036854775807").value(), 9223372036854775807u);
  EXPECT_EQ(parse_content_length("0000000000000000005").value(), 5u);
}

TEST(ContentLength, RefusesWhatAnotherServerMightReadDifferently) {
  struct Case {
    std::string_view text;
    LengthError want;
  };
  const Case cases[] = {
      {"", LengthError::kEmpty},
      {"+10", LengthError::kNotADigit},
      {"-1", LengthError::kNotADigit},
      {"5, 5", LengthError::kNotADigit},
      {"5,", LengthError::kNotADigit},
      {"0x10", LengthError::kNotADigit},
      {"1_0", LengthError::kNotADigit},
      {"1e1", LengthError::kNotADigit},
      {"1.0", LengthError::kNotADigit},
      {" 5", LengthError::kNotADigit},
      {"5\t", LengthError::kNotADigit},
      {"1 0", LengthError::kNotADigit},
      {std::string_view("5\0", 2), LengthError::kNotADigit},
      {"\xd9\xa5", LengthError::kNotADigit},  // ARABIC-INDIC DIGIT FIVE: int() in Python takes it.
      {"9223372036854775808", LengthError::kTooLarge},
      {"9999999999999999999", LengthError::kTooLarge},
      {"18446744073709551621", LengthError::kTooLarge},
      {"00000000000000000005", LengthError::kTooLarge},
      {"99999999999999999999x", LengthError::kNotADigit},
  };
  for (const Case& c : cases) {
    const auto got = parse_content_length(c.text);
    ASSERT_FALSE(got.has_value()) << c.text;
    EXPECT_EQ(got.error(), c.want) << c.text;
  }
}

}  // namespace tierce::http

#include "http/content_length.h"

#include <limits>

namespace tierce::http {

Result<std::uint64_t, LengthError> parse_content_length(std::string_view text) {
  if (text.empty()) return fail(LengthError::kEmpty);
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return fail(LengthError::kNotADigit);
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  constexpr std::size_t kDigitsMax = 19;
  if (text.size() > kDigitsMax) return fail(LengthError::kTooLarge);
  std::uint64_t value = 0;  // 19 digits fit 64 bits: no overflow on the way.
  for (const char c : text) value = value * 10 + static_cast<std::uint64_t>(c - '0');
  if (value > kMax) return fail(LengthError::kTooLarge);
  return value;
}

}  // namespace tierce::http

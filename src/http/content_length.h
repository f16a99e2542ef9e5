// Content-Length, read in the one way that every server reads the same.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace tierce::http {

enum class LengthError : std::uint8_t { kEmpty, kNotADigit, kTooLarge };

// Reads a Content-Length value: ASCII digits and nothing else. Stricter than the
// RFC on purpose: if a proxy and we read "5, 5" or "+5" differently, we disagree
// about where the body ends, and that gap is how requests are smuggled.
// At most 2^63-1, and at most 19 digits, so that no reader's integer overflows.
Result<std::uint64_t, LengthError> parse_content_length(std::string_view text);

}  // namespace tierce::http

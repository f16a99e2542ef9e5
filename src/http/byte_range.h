// The Range field (RFC 9110 14.2), read as nginx reads it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace tierce::http {

struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  // One past the last byte.
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

// nginx's max_ranges is without a limit; the sum of the ranges may not be larger than the whole, so this many of
// one byte each are the most that cost more than they bring.
inline constexpr std::size_t kRangesMax = 1024;

struct RangeRequest {
  enum class Kind : std::uint8_t {
    kWhole,          // No range, another unit, or more than is good: 200.
    kParts,          // 206
    kUnsatisfiable,  // 416
  };
  Kind kind = Kind::kWhole;
  std::vector<ByteRange> parts;  // Within the size, none empty.
};

RangeRequest parse_range(std::string_view value, std::uint64_t size);

}  // namespace tierce::http

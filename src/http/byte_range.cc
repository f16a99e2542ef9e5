#include "http/byte_range.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "http/field_rules.h"

namespace tierce::http {
namespace {

using Kind = RangeRequest::Kind;

// The digits at the start of `text`, taken off it. None: no digit, or a number that no file reaches.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  std::uint64_t value = 0;
  std::size_t used = 0;
  for (; used < text.size() && text[used] >= '0' && text[used] <= '9'; ++used) {
    const auto digit = static_cast<std::uint64_t>(text[used] - '0');
    if (value > (kMax - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  if (used == 0) return std::nullopt;
  text.remove_prefix(used);
  return value;
}

// One "5-10", "5-" or "-10". None: it is no range at all; one past the end comes back empty.
std::optional<ByteRange> one_range(std::string_view item, std::uint64_t size) {
  if (item.starts_with('-')) {
    item.remove_prefix(1);
    const auto last = take_number(item);
    if (!last || !trim_blanks(item).empty()) return std::nullopt;
    return ByteRange{size - std::min(*last, size), size};
  }
  const auto first = take_number(item);
  item = trim_blanks(item);
  if (!first || !item.starts_with('-')) return std::nullopt;
  item = trim_blanks(item.substr(1));
  if (item.empty()) return ByteRange{*first, size};
  const auto last = take_number(item);
  if (!last || !item.empty()) return std::nullopt;
  return ByteRange{*first, std::min(*last + 1, size)};
}

}  // namespace

RangeRequest parse_range(std::string_view value, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (value.size() < kUnit.size() || !equals_ignoring_case(value.substr(0, kUnit.size()), kUnit)) return {};
  value.remove_prefix(kUnit.size());
  RangeRequest wanted;
  std::uint64_t sum = 0;
  while (true) {
    const std::size_t comma = std::min(value.find(','), value.size());
    const auto range = one_range(trim_blanks(value.substr(0, comma)), size);
    if (!range) return {Kind::kUnsatisfiable, {}};
    if (range->begin < range->end) {
      if (wanted.parts.size() == kRangesMax) return {};
      wanted.parts.push_back(*range);
      if (sum <= size) sum += range->end - range->begin;
    }
    if (comma == value.size()) break;
    value.remove_prefix(comma + 1);
  }
  if (wanted.parts.empty()) return {Kind::kUnsatisfiable, {}};
  if (sum > size) return {};  // CVE-2011-3192: overlapping parts cost more than the whole.
  wanted.kind = Kind::kParts;
  return wanted;
}

}  // namespace tierce::http

#include "nginx/split_table.h"

#include <cstring>
#include <limits>

namespace tierce::nginx {

std::uint32_t murmur_hash(std::string_view text) {
  constexpr std::uint32_t kFactor = 0x5bd1e995;
  constexpr int kShift = 24;
  auto hash = static_cast<std::uint32_t>(text.size());
  for (; text.size() >= 4; text.remove_prefix(4)) {
    std::uint32_t word = 0;
    for (std::size_t i = 4; i-- > 0;) word = word << 8 | static_cast<unsigned char>(text[i]);
    word *= kFactor;
    word ^= word >> kShift;
    word *= kFactor;
    hash = hash * kFactor ^ word;
  }
  if (!text.empty()) {
    for (std::size_t i = text.size(); i-- > 0;)
      hash ^= static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])) << 8 * i;
    hash *= kFactor;
  }
  hash ^= hash >> 13;
  hash *= kFactor;
  return hash ^ hash >> 15;
}

SplitTable::SplitTable(const config::nginx::SplitBlock& block) {
  constexpr std::uint64_t kWhole = 10'000;  // In hundredths of a percent.
  std::uint32_t last = 0;
  for (const auto& [hundredths, value] : block.parts) {
    const auto share = static_cast<std::uint64_t>(hundredths) * std::numeric_limits<std::uint32_t>::max() / kWhole;
    last += static_cast<std::uint32_t>(share);
    parts_.push_back({hundredths == 0 ? 0 : last, &value});
  }
}

const config::nginx::TextValue* SplitTable::find(std::string_view source) const {
  const std::uint32_t hash = murmur_hash(source);
  for (const Part& part : parts_) {
    if (part.below == 0 || hash < part.below) return part.value;
  }
  return nullptr;
}

}  // namespace tierce::nginx

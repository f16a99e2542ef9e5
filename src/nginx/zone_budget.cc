#include "nginx/zone_budget.h"

#include <algorithm>
#include <bit>

namespace tierce::nginx {
namespace {

// What the head of the zone and the description of each page take.
constexpr std::int64_t kHeadBytes = 712, kPageHeadBytes = 24;
constexpr std::size_t kLeastChunk = 8, kMostChunk = 2048;

std::size_t pages_in(std::int64_t zone_bytes, std::size_t page) {
  const std::int64_t pages = (zone_bytes - kHeadBytes) / (static_cast<std::int64_t>(page) + kPageHeadBytes);
  // One holds the zone's name for the log.
  return static_cast<std::size_t>(std::max<std::int64_t>(pages - 1, 1));
}

}  // namespace

ZoneBudget::ZoneBudget(std::int64_t zone_bytes, std::size_t own_bytes) : pages_left_(pages_in(zone_bytes, kPage)) {
  take(own_bytes);
}

ZoneBudget::Place ZoneBudget::place_of(std::size_t bytes) {
  if (bytes > kMostChunk) return {kClasses - 1, (bytes + kPage - 1) / kPage, 1};
  const std::size_t chunk = std::max(std::bit_ceil(bytes), kLeastChunk);
  return {static_cast<std::size_t>(std::countr_zero(chunk) - std::countr_zero(kLeastChunk)), 1, kPage / chunk};
}

std::size_t ZoneBudget::pages_of(std::size_t kind, std::size_t in_page) const {
  return (chunks_[kind] + in_page - 1) / in_page;
}

bool ZoneBudget::take(std::size_t bytes) {
  const Place place = place_of(bytes);
  const std::size_t before = pages_of(place.kind, place.in_page);
  chunks_[place.kind] += place.chunks;
  const std::size_t more = pages_of(place.kind, place.in_page) - before;
  if (more > pages_left_) {
    chunks_[place.kind] -= place.chunks;
    return false;
  }
  pages_left_ -= more;
  return true;
}

void ZoneBudget::give_back(std::size_t bytes) {
  const Place place = place_of(bytes);
  const std::size_t before = pages_of(place.kind, place.in_page);
  chunks_[place.kind] -= place.chunks;
  pages_left_ += before - pages_of(place.kind, place.in_page);
}

}  // namespace tierce::nginx

#include "nginx/connection_zone.h"

namespace tierce::nginx {
namespace {

constexpr std::size_t kStateBytes = 36, kOwnBytes = 64;  // nginx's, beside the key.

}  // namespace

ConnectionZone::ConnectionZone(std::int64_t bytes) : budget_(bytes, kOwnBytes) {}

std::optional<ConnectionZone::Slot> ConnectionZone::enter(std::string_view key, std::int64_t most) {
  const std::lock_guard lock(mutex_);
  auto found = under_way_.find(key);
  if (found == under_way_.end()) {
    if (!budget_.take(kStateBytes + key.size())) return std::nullopt;
    found = under_way_.emplace(std::string(key), 0).first;
  } else if (found->second >= most) {
    return std::nullopt;
  }
  ++found->second;
  return Slot(this, &found->first);
}

void ConnectionZone::leave(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = under_way_.find(key);
  if (--found->second > 0) return;
  budget_.give_back(kStateBytes + key.size());
  under_way_.erase(found);
}

}  // namespace tierce::nginx

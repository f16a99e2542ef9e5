// limit_conn: how many requests each key may have under way at once. Shared by the threads of a process.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "nginx/zone_budget.h"

namespace tierce::nginx {

class ConnectionZone {
 public:
  explicit ConnectionZone(std::int64_t bytes);

  // One request under way; it ends where this ends. The zone outlives it.
  class Slot {
   public:
    Slot(Slot&& other) noexcept : zone_(std::exchange(other.zone_, nullptr)), key_(other.key_) {}
    Slot& operator=(Slot&& other) noexcept {
      Slot incoming(std::move(other));
      std::swap(zone_, incoming.zone_);
      std::swap(key_, incoming.key_);
      return *this;
    }
    ~Slot() {
      if (zone_ != nullptr) zone_->leave(*key_);
    }

   private:
    friend ConnectionZone;
    Slot(ConnectionZone* zone, const std::string* key) : zone_(zone), key_(key) {}
    ConnectionZone* zone_;
    const std::string* key_;  // The zone's.
  };

  // nullopt: there are `most` already, or the zone is full. A key that is empty or longer than 255 bytes is not
  // limited: it is not asked about.
  std::optional<Slot> enter(std::string_view key, std::int64_t most);
  static bool is_limited(std::string_view key) { return !key.empty() && key.size() <= 255; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };
  void leave(const std::string& key);

  std::mutex mutex_;
  ZoneBudget budget_;
  std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>> under_way_;
};

}  // namespace tierce::nginx

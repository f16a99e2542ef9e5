#include "nginx/connection_zone.h"

#include <gtest/gtest.h>

#include <vector>

namespace tierce::nginx {
namespace {

TEST(ConnectionZone, SlotsAreGivenBack) {
  ConnectionZone zone(1 << 20);
  {
    std::vector<ConnectionZone::Slot> slots;
    for (int i = 0; i < 2; ++i) {
      auto slot = zone.enter("a", 2);
      ASSERT_TRUE(slot.has_value());
      slots.push_back(std::move(*slot));
    }
    EXPECT_FALSE(zone.enter("a", 2).has_value());
    EXPECT_TRUE(zone.enter("b", 2).has_value());
    slots.pop_back();
    EXPECT_TRUE(zone.enter("a", 2).has_value());
  }
  EXPECT_TRUE(zone.enter("a", 1).has_value());
}

TEST(ConnectionZone, AFullZoneRefusesNewKeys) {
  ConnectionZone zone(32 << 10);
  std::vector<ConnectionZone::Slot> slots;
  for (int i = 0; i < 383; ++i) {  // 64 in each of 6 pages, one of which is the zone's own.
    auto slot = zone.enter(std::to_string(i), 1);
    ASSERT_TRUE(slot.has_value()) << i;
    slots.push_back(std::move(*slot));
  }
  EXPECT_FALSE(zone.enter("new", 1).has_value());
  slots.clear();
  EXPECT_TRUE(zone.enter("new", 1).has_value());
}

TEST(ConnectionZone, EmptyAndHugeKeysAreNotLimited) {
  EXPECT_FALSE(ConnectionZone::is_limited(""));
  EXPECT_TRUE(ConnectionZone::is_limited(std::string(255, 'x')));
  EXPECT_FALSE(ConnectionZone::is_limited(std::string(256, 'x')));
}

}  // namespace
}  // namespace tierce::nginx

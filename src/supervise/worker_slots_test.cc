#include "supervise/worker_slots.h"

#include <gtest/gtest.h>

namespace tierce::supervise {
namespace {

bool nobody(std::uint32_t) { return false; }

TEST(WorkerSlots, FillsPlacesFromTheFirst) {
  WorkerSlots slots;
  for (std::uint32_t id = 1; id <= 3; ++id) slots.add(id, 3, 100 + id, nobody);
  for (std::uint32_t id = 1; id <= 3; ++id) EXPECT_EQ(slots.place_of(id), id);
  EXPECT_EQ(slots.places()[2].last_spawn, 103);
  EXPECT_EQ(slots.place_of(4), 0u);
}

TEST(WorkerSlots, AReplacementTakesThePlaceOfTheOneThatLeaves) {
  WorkerSlots slots;
  for (std::uint32_t id = 1; id <= 3; ++id) slots.add(id, 3, 0, nobody);
  slots.add(4, 3, 0, [](std::uint32_t id) { return id == 2; });
  EXPECT_EQ(slots.place_of(4), 2u);
  slots.remove(2);
  EXPECT_EQ(slots.places()[1].workers, std::vector<std::uint32_t>{4});
  EXPECT_EQ(slots.places()[1].spawned, 2u);
}

TEST(WorkerSlots, AReloadSpreadsOverAllPlaces) {
  WorkerSlots slots;
  for (std::uint32_t id = 1; id <= 8; ++id) slots.add(id, 4, 0, nobody);
  for (std::uint32_t id = 1; id <= 4; ++id) EXPECT_EQ(slots.place_of(id + 4), id);
}

TEST(WorkerSlots, TimeoutsStayWithThePlace) {
  WorkerSlots slots;
  slots.add(1, 1, 0, nobody);
  slots.count_timeout(1);
  slots.remove(1);
  slots.count_timeout(1);
  slots.add(2, 1, 0, nobody);
  slots.count_timeout(2);
  EXPECT_EQ(slots.places()[0].timed_out, 2u);
}

}  // namespace
}  // namespace tierce::supervise

#include "supervisord/memory_watch.h"

#include <gtest/gtest.h>

namespace tierce::supervisord {
namespace {

TEST(MemoryWatch, ReadsALineOfTheKernelWhateverTheName) {
  const std::string line =
      "812 (a) b (c) S 7 812 812 0 -1 4194560 105 0 0 0 1 2 3 4 20 0 1 0 5555 2703360 320 18446744073709551615 1 1\n";
  const ProcessMemory process = read_stat(line, 4096);
  EXPECT_EQ(process.pid, 812);
  EXPECT_EQ(process.parent, 7);
  EXPECT_EQ(process.group, 812);
  EXPECT_EQ(process.resident_bytes, 320u * 4096);
  EXPECT_EQ(read_stat("", 4096).pid, 0);
  EXPECT_EQ(read_stat("1 (x) S 1", 4096).pid, 0);
}

TEST(MemoryWatch, ChildrenCountAlsoInGroupsOfTheirOwn) {
  const std::vector<ProcessMemory> all = {{1, 0, 1, 1000}, {10, 1, 10, 1},  {11, 10, 10, 2},  {12, 11, 12, 4},
                                          {13, 1, 10, 8},  {20, 1, 20, 16}, {30, 31, 30, 32}, {31, 30, 31, 64}};
  const auto sums = memory_of_programs(all, {10, 20, 99});
  EXPECT_EQ(sums.at(10), 15u);
  EXPECT_EQ(sums.at(20), 16u);
  EXPECT_FALSE(sums.contains(99));
}

}  // namespace
}  // namespace tierce::supervisord

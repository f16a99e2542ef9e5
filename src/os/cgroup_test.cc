#include "os/cgroup.h"

#include <gtest/gtest.h>

namespace tierce::os {
namespace {

constexpr const char* kMounts =
    "22 1 0:20 / /proc rw - proc proc rw\n"
    "30 22 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "31 22 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";

TEST(Cgroup, HomeIsTheGroupWeAreIn) {
  EXPECT_EQ(cgroup_home_in(kMounts, "4:memory:/x\n0::/system.slice/app.service\n"),
            "/sys/fs/cgroup/system.slice/app.service");
  EXPECT_EQ(cgroup_home_in(kMounts, "0::/\n"), "/sys/fs/cgroup");
}

TEST(Cgroup, TheMountMayBeOfAPartOfTheTree) {
  EXPECT_EQ(
      cgroup_home_in("31 22 0:27 /docker/1234 /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/docker/1234/inner\n"),
      "/sys/fs/cgroup/inner");
}

TEST(Cgroup, WithoutVersionTwoThereIsNoHome) {
  EXPECT_EQ(cgroup_home_in("30 22 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n", "0::/\n"), "");
  EXPECT_EQ(cgroup_home_in(kMounts, "4:memory:/x\n"), "");
  EXPECT_EQ(cgroup_home_in("", ""), "");
}

TEST(Cgroup, NamesAreFileNames) { EXPECT_EQ(cgroup_name(12, "group:a/b"), "tierce-12-group:a_b"); }

}  // namespace
}  // namespace tierce::os

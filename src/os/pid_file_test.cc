#include "os/pid_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace tierce::os {
namespace {

std::string fresh_directory() {
  std::string path = testing::TempDir() + "pid_file_testXXXXXX";
  return ::mkdtemp(path.data());
}

TEST(PidFile, HoldsOurNumberAndGoesWithItsOwner) {
  const std::string path = fresh_directory() + "/pid";
  {
    const auto file = PidFile::write(path);
    ASSERT_TRUE(file) << file.error().text();
    int pid = 0;
    std::ifstream(path) >> pid;
    EXPECT_EQ(pid, ::getpid());
  }
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

// Root could: `pidfile = /dev/null` would take the machine's.
TEST(PidFile, NeitherReplacesNorRemovesADevice) {
  const std::string path = fresh_directory() + "/null";
  ASSERT_EQ(::symlink("/dev/null", path.c_str()), 0);
  { ASSERT_TRUE(PidFile::write(path)); }
  char target[32] = {};
  ASSERT_GT(::readlink(path.c_str(), target, sizeof target - 1), 0) << "the link is still there";
  EXPECT_STREQ(target, "/dev/null");
}

}  // namespace
}  // namespace tierce::os

#include "os/build_id.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace tierce::os {
namespace {

namespace fs = std::filesystem;

std::string place(const char* name) { return testing::TempDir() + "/" + name; }

TEST(BuildId, IsThatOfACopyToo) {
  const std::string copy = place("build_id_copy");
  fs::copy_file("/proc/self/exe", copy, fs::copy_options::overwrite_existing);
  EXPECT_FALSE(build_id_of(copy).empty());
  EXPECT_EQ(build_id_of(copy), build_id_of("/proc/self/exe"));
  EXPECT_TRUE(is_this_program(copy));
  fs::remove(copy);
}

TEST(BuildId, IsAnotherOneOfAnotherProgram) {
  EXPECT_TRUE(is_this_program("/proc/self/exe"));
  EXPECT_FALSE(is_this_program("/bin/sh"));
}

TEST(BuildId, IsNothingOfWhatIsNoProgram) {
  const std::string path = place("build_id_text");
  for (const std::string text : {"", "#!/bin/sh\n",
                                 "\x7f"
                                 "ELF",
                                 "\x7f"
                                 "ELF\x02"}) {
    std::ofstream(path) << text;
    EXPECT_EQ(build_id_of(path), "");
    EXPECT_FALSE(is_this_program(path));
  }
  // Cut short in the middle of what its head promises.
  std::ifstream self("/proc/self/exe", std::ios::binary);
  std::string head(80, '\0');
  self.read(head.data(), static_cast<std::streamsize>(head.size()));
  std::ofstream(path) << head;
  EXPECT_EQ(build_id_of(path), "");
  EXPECT_EQ(build_id_of("/nowhere"), "");
  fs::remove(path);
}

}  // namespace
}  // namespace tierce::os

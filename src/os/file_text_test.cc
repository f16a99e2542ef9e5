#include "os/file_text.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace tierce::os {
namespace {

TEST(FileText, ReadsWhatDoesNotSayHowLongItIs) {
  const auto text = read_file("/proc/self/status");
  ASSERT_TRUE(text.has_value());
  EXPECT_NE(text->find("Name:"), std::string::npos);
}

TEST(FileText, SaysWhatIsInTheWay) {
  EXPECT_EQ(read_file("/proc").error(), EISDIR);
  EXPECT_EQ(read_file("/proc/nothing_like_this").error(), ENOENT);
}

}  // namespace
}  // namespace tierce::os

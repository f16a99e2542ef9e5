#include "os/user_identity.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tierce::os {
namespace {

constexpr uid_t kSomebody = 65534;

class GiveFileTest : public testing::Test {
 protected:
  GiveFileTest() {
    char name[] = "/tmp/tierce-give-XXXXXX";
    directory_ = ::mkdtemp(name);
  }
  ~GiveFileTest() override { std::filesystem::remove_all(directory_); }
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  }
  static uid_t owner(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_uid : 0;
  }

  std::string directory_;
  Identity somebody_{.change = true, .uid = kSomebody, .gid = kSomebody};
};

TEST_F(GiveFileTest, MakesTheLogAndGivesItToTheUser) {
  ASSERT_TRUE(give_file(directory_ + "/log", somebody_).has_value());
  EXPECT_EQ(owner(directory_ + "/log"), kSomebody);
}

TEST_F(GiveFileTest, KeepsWhatStandsInIt) {
  std::ofstream(directory_ + "/log") << "a line";
  ASSERT_TRUE(give_file(directory_ + "/log", somebody_).has_value());
  EXPECT_EQ(std::filesystem::file_size(directory_ + "/log"), 6u);
}

// A user who owns the directory could otherwise be given any file of the machine.
TEST_F(GiveFileTest, FollowsNeitherLinksNorSecondNames) {
  std::ofstream(directory_ + "/secret") << "root's";
  std::filesystem::create_symlink(directory_ + "/secret", directory_ + "/soft");
  std::filesystem::create_hard_link(directory_ + "/secret", directory_ + "/hard");
  static_cast<void>(give_file(directory_ + "/soft", somebody_));
  static_cast<void>(give_file(directory_ + "/hard", somebody_));
  EXPECT_EQ(owner(directory_ + "/secret"), 0u);
}

TEST_F(GiveFileTest, DoesNothingWithoutAChangeOfTheUser) {
  ASSERT_TRUE(give_file(directory_ + "/log", Identity{}).has_value());
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/log"));
}

TEST(FindIdentity, NamesTheUserThatDoesNotExist) {
  const auto found = find_identity("no-such-user", "");
  ASSERT_FALSE(found.has_value());
  EXPECT_NE(found.error().text().find("no-such-user"), std::string::npos);
}

}  // namespace
}  // namespace tierce::os

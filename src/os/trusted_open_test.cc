#include "os/trusted_open.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tierce::os {
namespace {

constexpr uid_t kSomebody = 65534;

class TrustedOpenTest : public testing::Test {
 protected:
  TrustedOpenTest() {
    char name[] = "/tmp/tierce-open-XXXXXX";
    directory_ = ::mkdtemp(name);
    std::ofstream(at("target")) << "text";
  }
  ~TrustedOpenTest() override { std::filesystem::remove_all(directory_); }
  std::string at(const std::string& name) const { return directory_ + "/" + name; }
  std::string link(const std::string& target, const std::string& name, uid_t owner = ::geteuid()) const {
    EXPECT_EQ(::symlink(target.c_str(), at(name).c_str()), 0);
    EXPECT_EQ(::lchown(at(name).c_str(), owner, owner), 0);
    return at(name);
  }
  static ino_t inode(int fd) {
    struct stat info {};
    return ::fstat(fd, &info) == 0 ? info.st_ino : 0;
  }
  ino_t inode(const std::string& name) const {
    struct stat info {};
    return ::stat(at(name).c_str(), &info) == 0 ? info.st_ino : 0;
  }

  std::string directory_;
};

TEST_F(TrustedOpenTest, MakesTheLogAndAppendsToIt) {
  for (int i = 0; i < 2; ++i) {
    const auto file = open_log_file(at("log"));
    ASSERT_TRUE(file) << file.error().text();
    ASSERT_EQ(::write(file->get(), "line", 4), 4);
  }
  EXPECT_EQ(std::filesystem::file_size(at("log")), 8u);
}

TEST_F(TrustedOpenTest, FollowsLinksOfOurOwn) {
  link("target", "relative");
  for (const std::string& path : {link(at("target"), "one"), link("relative", "two"), link("./one", "three")}) {
    const auto file = open_log_file(path);
    ASSERT_TRUE(file) << file.error().text();
    EXPECT_EQ(inode(file->get()), inode("target")) << path;
  }
}

TEST_F(TrustedOpenTest, MakesWhatALinkOfOurOwnNames) {
  ASSERT_TRUE(open_log_file(link("fresh", "log")));
  EXPECT_TRUE(std::filesystem::is_regular_file(at("fresh")));
}

// /var/log/nginx/access.log -> /dev/stdout, as images have it: the last step has no name in any folder.
TEST_F(TrustedOpenTest, FollowsTheLinkToOurOwnOutput) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]), writer(ends[1]);
  const auto file = open_log_file(link("/proc/self/fd/" + std::to_string(writer.get()), "log"));
  ASSERT_TRUE(file) << file.error().text();
  EXPECT_EQ(inode(file->get()), inode(writer.get()));
}

TEST_F(TrustedOpenTest, RootDoesNotFollowLinksOfOthersAndNamesThem) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives links away";
  for (const std::string& path : {link(at("target"), "log", kSomebody), link("log", "by-root")}) {
    const auto file = open_log_file(path);
    ASSERT_FALSE(file) << path;
    EXPECT_NE(file.error().text().find(path), std::string::npos) << file.error().text();
    EXPECT_NE(file.error().text().find("65534"), std::string::npos) << file.error().text();
    EXPECT_FALSE(open_own_file(path));
  }
  ASSERT_FALSE(open_log_file(link(at("fresh"), "dangling", kSomebody)));
  EXPECT_FALSE(std::filesystem::exists(at("fresh")));
}

TEST_F(TrustedOpenTest, GivesUpLinksThatGoInCircles) { EXPECT_FALSE(open_log_file(link("log", "log"))); }

TEST_F(TrustedOpenTest, OwnFilesAreRegularAndHaveOneName) {
  EXPECT_TRUE(open_own_file(at("target")).value());
  EXPECT_FALSE(open_own_file(at("missing")).value());
  EXPECT_FALSE(open_own_file("/dev/null").value());
  std::filesystem::create_hard_link(at("target"), at("second"));
  EXPECT_FALSE(open_own_file(at("target")).value());
}

}  // namespace
}  // namespace tierce::os

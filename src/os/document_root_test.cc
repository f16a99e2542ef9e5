#include "os/document_root.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tierce::os {
namespace {

namespace fs = std::filesystem;

class DocumentRootTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "document_rootXXXXXX";
    base_ = ::mkdtemp(name.data());
    fs::create_directories(base_ / "root/sub");
    fs::create_directories(base_ / "root2");
    fs::create_directories(base_ / "shared");
    write("root/a.txt", "inside");
    write("root2/secret", "outside");
    write("shared/b.txt", "shared");
    write("secret", "outside");
    fs::create_symlink("a.txt", base_ / "root/inside");
    fs::create_symlink(base_ / "root/a.txt", base_ / "root/absolute");
    fs::create_symlink("../secret", base_ / "root/up");
    fs::create_symlink(base_ / "root2", base_ / "root/sibling");
    fs::create_symlink(base_ / "shared", base_ / "root/shared");
  }
  void TearDown() override { fs::remove_all(base_); }

  void write(const std::string& path, const std::string& text) { std::ofstream(base_ / path) << text; }
  std::string read(DocumentRoot& root, const std::string& path, std::uint64_t now_ns = 1) {
    const auto file = root.open(path, now_ns);
    if (!file) return "none";
    if (file->is_directory) return "directory";
    std::string text(file->bytes, '\0');
    EXPECT_EQ(::read(file->fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    return text;
  }

  fs::path base_;
};

TEST_F(DocumentRootTest, OpensWhatLiesBelow) {
  DocumentRoot root(base_ / "root", {});
  EXPECT_EQ(read(root, "a.txt"), "inside");
  EXPECT_EQ(read(root, "inside"), "inside");
  EXPECT_EQ(read(root, "absolute"), "inside");
  EXPECT_EQ(read(root, ""), "directory");
  EXPECT_EQ(read(root, "sub/"), "directory");
  EXPECT_EQ(read(root, "a.txt/"), "none");
  EXPECT_EQ(read(root, "nothing"), "none");
}

TEST_F(DocumentRootTest, FollowsNoLinkOutside) {
  DocumentRoot root(base_ / "root", {});
  EXPECT_EQ(read(root, "up"), "none");
  EXPECT_EQ(read(root, "sibling/secret"), "none");
  EXPECT_EQ(read(root, "shared/b.txt"), "none");
}

TEST_F(DocumentRootTest, FollowsLinksToWhatIsSafe) {
  DocumentRoot root(base_ / "root", {base_ / "shared/"});
  EXPECT_EQ(read(root, "shared/b.txt"), "shared");
  EXPECT_EQ(read(root, "up"), "none");
}

TEST_F(DocumentRootTest, ServesNoPipe) {
  ASSERT_EQ(::mkfifo((base_ / "root/pipe").c_str(), 0666), 0);
  DocumentRoot root(base_ / "root", {});
  EXPECT_EQ(read(root, "pipe"), "none");
}

TEST_F(DocumentRootTest, FindsARootThatComesLaterOrIsReplaced) {
  DocumentRoot root(base_ / "later", {});
  EXPECT_EQ(read(root, "x", 1), "none");
  fs::create_directory(base_ / "later");
  write("later/x", "new");
  EXPECT_EQ(read(root, "x", 3'000'000'000), "new");
  fs::rename(base_ / "later", base_ / "old");
  fs::create_directory(base_ / "later");
  write("later/y", "newer");
  EXPECT_EQ(read(root, "y", 3'000'000'001), "none");
  EXPECT_EQ(read(root, "y", 5'000'000'000), "newer");
}

TEST_F(DocumentRootTest, AFileIsThereForEveryPath) {
  DocumentRoot root(base_ / "shared/b.txt", {});
  EXPECT_EQ(read(root, ""), "shared");
  EXPECT_EQ(read(root, "anything"), "shared");
  EXPECT_TRUE(root.is_file());
}

TEST(LiesBelow, KnowsASiblingWithALongerName) {
  EXPECT_TRUE(lies_below("/srv/a/x", "/srv/a"));
  EXPECT_TRUE(lies_below("/srv/a", "/srv/a/"));
  EXPECT_FALSE(lies_below("/srv/ab", "/srv/a"));
  EXPECT_TRUE(lies_below("/x", "/"));
  EXPECT_FALSE(lies_below("/x", ""));
}

}  // namespace
}  // namespace tierce::os

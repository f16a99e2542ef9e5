#include "nginx/small_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "os/unique_fd.h"

namespace tierce::nginx {
namespace {

class SmallFilesTest : public testing::Test {
 protected:
  SmallFilesTest() {
    char name[] = "/tmp/tierce-small-XXXXXX";
    folder_ = ::mkdtemp(name);
    path_ = folder_ + "/page.html";
  }
  ~SmallFilesTest() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& text) const { std::ofstream(path_) << text; }
  // As a request does it that has to open the file. The clock stands `later` seconds after the file's last change.
  void ask(int later = 60) {
    const os::UniqueFd file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    ASSERT_EQ(::fstat(file.get(), &info), 0);
    files_.learn(path_, file.get(), info, info.st_ctim.tv_sec + later);
  }
  std::string found() {
    const auto file = files_.find(path_);
    return file == nullptr ? "(to be opened)" : file->bytes;
  }

  SmallFiles files_;
  std::string folder_, path_;
};

TEST_F(SmallFilesTest, KeepsWhatIsAskedForTwice) {
  write("one");
  ask();
  EXPECT_EQ(found(), "(to be opened)");
  ask();
  EXPECT_EQ(found(), "one");
}

TEST_F(SmallFilesTest, KeepsNothingThatHasJustChanged) {
  write("one");
  ask(0);
  ask(1);
  ask(1);
  EXPECT_EQ(found(), "(to be opened)");
}

TEST_F(SmallFilesTest, SeesAChangeOfTheSameSize) {
  write("one");
  ask();
  ask();
  // Times as exact as the file system's tell it apart, whatever the clock said before.
  write("two");
  const timespec times[2] = {{.tv_sec = 5, .tv_nsec = 0}, {.tv_sec = 5, .tv_nsec = 1}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path_.c_str(), times, 0), 0);
  EXPECT_EQ(found(), "(to be opened)");
}

TEST_F(SmallFilesTest, SeesAnotherFileInItsPlaceAndNoneAtAll) {
  write("one");
  ask();
  ask();
  std::ofstream(path_ + ".new") << "two";
  std::filesystem::rename(path_ + ".new", path_);
  EXPECT_EQ(found(), "(to be opened)");
  ask();
  ask();
  EXPECT_EQ(found(), "two");
  std::filesystem::remove(path_);
  EXPECT_EQ(found(), "(to be opened)");
  EXPECT_EQ(files_.bytes(), 0u);
}

TEST_F(SmallFilesTest, SeesThatItMayNotBeReadAnyMore) {
  write("one");
  ask();
  ask();
  ASSERT_EQ(::chmod(path_.c_str(), 0), 0);
  EXPECT_EQ(found(), "(to be opened)");
}

TEST_F(SmallFilesTest, KeepsWhatWasPackedAsLongAsTheFileStays) {
  write("one");
  ask();
  ask();
  const auto file = files_.find(path_);
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(SmallFiles::packed(*file, "gzip", 1), nullptr);
  files_.keep_packed(*file, "gzip", 1, "packed");
  ASSERT_NE(SmallFiles::packed(*file, "gzip", 1), nullptr);
  EXPECT_EQ(*SmallFiles::packed(*file, "gzip", 1), "packed");
  EXPECT_EQ(SmallFiles::packed(*file, "gzip", 2), nullptr);
  EXPECT_EQ(SmallFiles::packed(*file, "br", 1), nullptr);
  EXPECT_EQ(files_.bytes(), 9u);
  std::filesystem::remove(path_);
  EXPECT_EQ(files_.find(path_), nullptr);
  files_.keep_packed(*file, "br", 1, "late");  // It is only being sent.
  EXPECT_EQ(files_.bytes(), 0u);
}

TEST_F(SmallFilesTest, LeavesLargeOnesAlone) {
  write(std::string(SmallFiles::kFileBytesMax + 1, 'x'));
  ask();
  ask();
  EXPECT_EQ(found(), "(to be opened)");
  EXPECT_EQ(files_.bytes(), 0u);
}

}  // namespace
}  // namespace tierce::nginx

#include "nginx/log_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "nginx/body_coder.h"

namespace tierce::nginx {
namespace {

class LogFileTest : public testing::Test {
 protected:
  LogFileTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "log_file_XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~LogFileTest() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name = "access.log") const { return (folder_ / name).string(); }
  std::string text(const std::string& name = "access.log") const {
    std::ifstream in(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(LogFileTest, WithoutABufferLinesAreThereAtOnce) {
  std::ofstream(path()) << "before\n";
  auto log = LogFile::open(path(), {});
  ASSERT_TRUE(log.has_value());
  log->add("one\n", 0);
  EXPECT_EQ(text(), "before\none\n");
  EXPECT_EQ(log->flush_at_ms(), std::nullopt);
}

TEST_F(LogFileTest, ABufferIsWrittenWhenTheNextLineDoesNotFit) {
  auto log = LogFile::open(path(), {.buffer_bytes = 10});
  log->add("1234\n", 0);
  log->add("5678\n", 0);
  EXPECT_EQ(text(), "");
  log->add("9\n", 0);
  EXPECT_EQ(text(), "1234\n5678\n");
  log->add("longer than the buffer\n", 0);
  EXPECT_EQ(text(), "1234\n5678\n9\nlonger than the buffer\n");
}

TEST_F(LogFileTest, ALineWaitsNoLongerThanItMay) {
  auto log = LogFile::open(path(), {.buffer_bytes = 100, .flush_ms = 5000});
  log->add("one\n", 1000);
  log->add("two\n", 3000);
  EXPECT_EQ(log->flush_at_ms(), 6000);
  log->flush();
  EXPECT_EQ(log->flush_at_ms(), std::nullopt);
  EXPECT_EQ(text(), "one\ntwo\n");
}

TEST_F(LogFileTest, WhatWaitsIsWrittenInTheEnd) {
  {
    auto log = LogFile::open(path(), {.buffer_bytes = 100});
    log->add("one\n", 0);
    LogFile moved = std::move(*log);
    moved.add("two\n", 0);
  }
  EXPECT_EQ(text(), "one\ntwo\n");
}

TEST_F(LogFileTest, PackedLinesCanBeReadAsOneFile) {
  {
    auto log = LogFile::open(path(), {.buffer_bytes = 20, .gzip_level = 3});
    for (const char* line : {"first line\n", "second line\n", "a line that is longer than the buffer\n", "last\n"})
      log->add(line, 0);
  }
  std::string lines;
  EXPECT_TRUE(make_gunzip_decoder()->add(text(), Flush::kFinish, lines));
  EXPECT_EQ(lines, "first line\nsecond line\na line that is longer than the buffer\nlast\n");
}

TEST_F(LogFileTest, ReopeningLeavesTheOldFileWhole) {
  auto log = LogFile::open(path(), {.buffer_bytes = 100});
  log->add("old\n", 0);
  std::filesystem::rename(path(), path("access.log.1"));
  EXPECT_TRUE(log->reopen().has_value());
  log->add("new\n", 0);
  log->flush();
  EXPECT_EQ(text("access.log.1"), "old\n");
  EXPECT_EQ(text(), "new\n");
}

TEST_F(LogFileTest, AFullDiskCostsLinesOnly) {
  auto log = LogFile::open("/dev/full", {});
  ASSERT_TRUE(log.has_value());
  log->add("one\n", 0);
  log->add("two\n", 0);
  EXPECT_EQ(log->take_lost(), 2U);
  EXPECT_EQ(log->take_lost(), 0U);
  EXPECT_FALSE(LogFile::open(path("no/such/folder"), {}).has_value());
}

}  // namespace
}  // namespace tierce::nginx

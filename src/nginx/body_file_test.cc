#include "nginx/body_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "os/socket_io.h"

namespace tierce::nginx {
namespace {

namespace fs = std::filesystem;

class BodyFileTest : public testing::Test {
 protected:
  BodyFileTest() { fs::remove_all(folder_); }
  ~BodyFileTest() override { fs::remove_all(folder_); }
  std::string folder_ = testing::TempDir() + "/body_file_test." + std::to_string(::getpid());
};

TEST_F(BodyFileTest, IsThereUntilTheRequestIsOver) {
  BodyFile file;
  {
    const os::UniqueFd made = file.make(folder_, {}, conf::InFile::kClean);
    ASSERT_TRUE(made);
    ASSERT_TRUE(os::write_all(made.get(), "body", 4));
  }
  std::string text;
  std::ifstream(file.path()) >> text;
  EXPECT_EQ(text, "body");
  const std::string path = file.path();
  file.forget();
  EXPECT_FALSE(fs::exists(path));
  EXPECT_EQ(file.path(), "");
}

TEST_F(BodyFileTest, StaysWhereThatIsAskedFor) {
  std::string path;
  {
    BodyFile file;
    ASSERT_TRUE(file.make(folder_, {}, conf::InFile::kOn));
    path = file.path();
  }
  EXPECT_TRUE(fs::exists(path));
}

TEST_F(BodyFileTest, LiesInFoldersByItsNumber) {
  BodyFile file;
  ASSERT_TRUE(file.make(folder_, {"1", "2"}, conf::InFile::kOn));
  const std::string name = file.path().substr(file.path().size() - 10);
  EXPECT_EQ(file.path(), folder_ + "/" + name.substr(9) + "/" + name.substr(7, 2) + "/" + name);
}

TEST_F(BodyFileTest, TakesAnotherNameWhereOneIsTaken) {
  BodyFile first, second;
  ASSERT_TRUE(first.make(folder_, {}, conf::InFile::kOn));
  const std::string next = folder_ + "/" + [&] {
    char text[11];
    std::snprintf(text, sizeof text, "%010u",
                  static_cast<unsigned>(std::stoul(first.path().substr(folder_.size() + 1)) + 1));
    return std::string(text);
  }();
  std::ofstream(next) << "old";
  ASSERT_TRUE(second.make(folder_, {}, conf::InFile::kOn));
  EXPECT_NE(second.path(), next);
}

}  // namespace
}  // namespace tierce::nginx

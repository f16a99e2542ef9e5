#include "config/files_beside.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace tierce::config {
namespace {

std::string folder_with(const std::vector<const char*>& names) {
  const std::string folder =
      testing::TempDir() + "/beside_" + testing::UnitTest::GetInstance()->current_test_info()->name();
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  for (const char* name : names) std::ofstream(folder + "/" + name) << "x";
  return folder + "/";
}

TEST(FilesBeside, SaysTheNearestName) {
  EXPECT_EQ(what_lies_beside(folder_with({"supervisor.ini", "uwsgi.ini"}) + "supervisord.ini"),
            "; supervisor.ini lies beside it");
}

TEST(FilesBeside, SaysOtherConfigurationsWhenNoNameIsNear) {
  EXPECT_EQ(what_lies_beside(folder_with({"app.py", "all.conf", "web.ini"}) + "supervisord.conf"),
            "; all.conf, web.ini lie beside it");
}

TEST(FilesBeside, SaysNothingWhereThereIsNothingOrMuch) {
  EXPECT_EQ(what_lies_beside("/nowhere/at/all.ini"), "");
  EXPECT_EQ(what_lies_beside(folder_with({"app.py"}) + "supervisord.conf"), "");
  EXPECT_EQ(what_lies_beside(folder_with({"a.ini", "b.ini", "c.ini", "d.ini"}) + "supervisord.conf"), "");
}

}  // namespace
}  // namespace tierce::config

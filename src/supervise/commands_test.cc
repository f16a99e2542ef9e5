#include "supervise/commands.h"

#include <gtest/gtest.h>

namespace tierce::supervise {
namespace {

TEST(Commands, ALetterAndAFunctionMeanTheSame) {
  EXPECT_EQ(command_of_letter('r'), Command::kReload);
  EXPECT_EQ(command_of_function("grace_them_all"), Command::kReload);
  EXPECT_EQ(command_of_letter('q'), Command::kStop);
  EXPECT_EQ(command_of_function("gracefully_kill_them_all"), Command::kStop);
}

TEST(Commands, WhatIsMissingIsToldFromWhatIsNoCommand) {
  EXPECT_EQ(command_of_letter('f'), Command::kNotThere);
  EXPECT_EQ(command_of_letter('z'), std::nullopt);
  EXPECT_EQ(command_of_letter('\0'), std::nullopt);
  EXPECT_EQ(command_of_function(""), std::nullopt);
}

}  // namespace
}  // namespace tierce::supervise

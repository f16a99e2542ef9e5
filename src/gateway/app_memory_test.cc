#include "gateway/app_memory.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tierce::gateway {
namespace {

class AppMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fd_ = *AppMemory::create(3);
    memory_ = *AppMemory::map(fd_.get());
  }
  void TearDown() override {
    for (const pid_t pid : children_) end(pid);
  }
  // A process that exists and does nothing.
  pid_t child() {
    const pid_t pid = ::fork();
    if (pid == 0) {
      for (;;) ::pause();
    }
    children_.push_back(pid);
    return pid;
  }
  static void end(pid_t pid) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  void handle(std::uint32_t worker, std::uint32_t number) {
    memory_.card(worker).handles[number / 64].fetch_or(std::uint64_t{1} << (number % 64));
  }
  os::UniqueFd fd_;
  AppMemory memory_;
  std::vector<pid_t> children_;
};

TEST_F(AppMemoryTest, AReplacementGetsThePlaceOfTheOneThatLeaves) {
  EXPECT_EQ(memory_.take_place(child(), 1, 2, 1), 1u);
  EXPECT_EQ(memory_.take_place(child(), 1, 2, 1), 2u);
  memory_.card(2).leaving.store(1);
  EXPECT_EQ(memory_.take_place(child(), 1, 2, 1), 2u);
  EXPECT_EQ(memory_.card(2).respawns.load(), 1u);
  // One more than there were to be.
  EXPECT_EQ(memory_.take_place(child(), 1, 2, 1), 3u);
}

TEST_F(AppMemoryTest, AReloadGivesThePlacesOfTheOldGenerationInTheirOrder) {
  memory_.take_place(child(), 1, 2, 1);
  memory_.take_place(child(), 1, 2, 1);
  EXPECT_EQ(memory_.take_place(child(), 2, 2, 1), 1u);
  EXPECT_EQ(memory_.take_place(child(), 2, 2, 1), 2u);
}

TEST_F(AppMemoryTest, APlaceIsFreeWhenItsProcessIsGone) {
  const pid_t first = child();
  memory_.take_place(first, 1, 2, 1);
  memory_.take_place(child(), 1, 2, 1);
  end(first);
  EXPECT_EQ(memory_.take_place(child(), 1, 2, 1), 1u);
}

TEST_F(AppMemoryTest, ASignalIsTakenOnceByTheFirstThatHandlesIt) {
  for (int i = 0; i < 3; ++i) memory_.take_place(child(), 1, 3, 1);
  handle(2, 9);
  handle(3, 9);
  memory_.raise(9);
  EXPECT_FALSE(memory_.take_signal(9, 1));
  EXPECT_FALSE(memory_.take_signal(9, 3));
  EXPECT_TRUE(memory_.take_signal(9, 2));
  EXPECT_FALSE(memory_.take_signal(9, 2));
}

TEST_F(AppMemoryTest, ATimerGoesOnWhereTheDeadWorkerLeftIt) {
  const pid_t first = child();
  memory_.take_place(first, 1, 2, 1);
  memory_.take_place(child(), 1, 2, 1);
  handle(1, 5);
  handle(2, 5);
  EXPECT_EQ(memory_.timer(5, 1, 100, 0, 1000), 100);
  EXPECT_GT(memory_.timer(5, 2, 100, 0, 1100), 100);  // Not the first.
  EXPECT_EQ(memory_.timer(5, 1, 100, 0, 1100), 0);
  end(first);
  EXPECT_EQ(memory_.timer(5, 2, 100, 0, 1150), 50);
  EXPECT_EQ(memory_.timer(5, 2, 100, 0, 1201), 0);
}

TEST_F(AppMemoryTest, ATimerFiresAsOftenAsItMay) {
  memory_.take_place(child(), 1, 1, 1);
  handle(1, 5);
  memory_.timer(5, 1, 10, 2, 0);
  EXPECT_EQ(memory_.timer(5, 1, 10, 2, 10), 0);
  EXPECT_EQ(memory_.timer(5, 1, 10, 2, 20), 0);
  EXPECT_EQ(memory_.timer(5, 1, 10, 2, 30), -1);
}

TEST_F(AppMemoryTest, ACronFiresOnceAMinute) {
  memory_.take_place(child(), 1, 1, 1);
  handle(1, 5);
  EXPECT_TRUE(memory_.cron(5, 1, 7));
  EXPECT_FALSE(memory_.cron(5, 1, 7));
  EXPECT_TRUE(memory_.cron(5, 1, 8));
}

}  // namespace
}  // namespace tierce::gateway

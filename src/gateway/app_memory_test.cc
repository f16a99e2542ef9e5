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
    fd_ = *AppMemory::create({.locks = 3, .workers = 3, .threads = 2});
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
  std::uint32_t worker(std::uint32_t place, pid_t pid) {
    const std::uint32_t life = memory_.begin_life(place, 1);
    memory_.take_card(life, pid, 1);
    return life;
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

TEST_F(AppMemoryTest, WhatWasDoneAddsUpAtAPlace) {
  const std::uint32_t first = worker(2, child());
  memory_.counts(first, 0).requests.store(3);
  memory_.counts(first, 1).requests.store(4);
  memory_.counts(first, 1).in_request.store(1);
  const std::uint32_t second = worker(2, child());
  memory_.counts(second, 0).requests.store(10);
  EXPECT_EQ(memory_.done_at(2).requests, 17u);
  EXPECT_EQ(memory_.done_at(2).in_request, 1u);
  EXPECT_EQ(memory_.done_lately_at(2).requests, 10u);
  memory_.end_life(first);
  EXPECT_EQ(memory_.done_at(2).requests, 17u);
  EXPECT_EQ(memory_.done_at(1).requests, 0u);
  memory_.end_life(second);
  memory_.end_life(second);
  EXPECT_EQ(memory_.done_at(2).requests, 17u);
  EXPECT_EQ(memory_.done_lately_at(2).requests, 0u);
  EXPECT_EQ(memory_.card(2).respawns.load(), 1u);
  EXPECT_EQ(memory_.places(), 2u);
}

TEST_F(AppMemoryTest, ALifeThatIsOverIsUsedAgainFromZero) {
  const std::uint32_t first = worker(1, child());
  memory_.counts(first, 0).requests.store(3);
  memory_.end_life(first);
  EXPECT_EQ(memory_.begin_life(2, 1), first);
  EXPECT_EQ(memory_.done_at(2).requests, 0u);
}

TEST_F(AppMemoryTest, ThePlaceIsTheNewWorkersWhenTheOldOneEnds) {
  const std::uint32_t first = worker(1, child());
  const pid_t second = child();
  worker(1, second);
  memory_.end_life(first);
  EXPECT_EQ(memory_.card(1).pid.load(), second);
}

TEST_F(AppMemoryTest, MoreWorkersThanExpectedShareTheLastLife) {
  std::uint32_t last = 0;
  for (int i = 0; i < 1000; ++i) last = memory_.begin_life(1, 1);
  EXPECT_EQ(memory_.begin_life(1, 1), last);
}

TEST_F(AppMemoryTest, ASignalIsTakenOnceByTheFirstThatHandlesIt) {
  for (std::uint32_t place = 1; place <= 3; ++place) worker(place, child());
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
  worker(1, first);
  worker(2, child());
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
  worker(1, child());
  handle(1, 5);
  memory_.timer(5, 1, 10, 2, 0);
  EXPECT_EQ(memory_.timer(5, 1, 10, 2, 10), 0);
  EXPECT_EQ(memory_.timer(5, 1, 10, 2, 20), 0);
  EXPECT_EQ(memory_.timer(5, 1, 10, 2, 30), -1);
}

TEST_F(AppMemoryTest, ACronFiresOnceAMinute) {
  worker(1, child());
  handle(1, 5);
  EXPECT_TRUE(memory_.cron(5, 1, 7));
  EXPECT_FALSE(memory_.cron(5, 1, 7));
  EXPECT_TRUE(memory_.cron(5, 1, 8));
}

}  // namespace
}  // namespace tierce::gateway

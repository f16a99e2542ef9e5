#include "os/robust_mutex.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

namespace tierce::os {
namespace {

class RobustMutexTest : public ::testing::Test {
 protected:
  void SetUp() override {
    void* page = ::mmap(nullptr, sizeof(RobustMutex), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(page, MAP_FAILED);
    mutex_ = static_cast<RobustMutex*>(page);
    mutex_->initialise();
  }
  void TearDown() override {
    mutex_->unlock();  // The C library keeps a list of what this thread holds.
    ::munmap(mutex_, sizeof(RobustMutex));
  }
  RobustMutex* mutex_ = nullptr;
};

TEST_F(RobustMutexTest, IsFreeAgainWhenTheProcessThatHeldItIsKilled) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    mutex_->lock();
    ::raise(SIGKILL);
  }
  ::waitpid(pid, nullptr, 0);
  EXPECT_EQ(mutex_->lock(), RobustMutex::Taken::kAfterDeath);
  EXPECT_TRUE(mutex_->unlock());
  EXPECT_EQ(mutex_->lock(), RobustMutex::Taken::kYes);
}

TEST_F(RobustMutexTest, IsFreeAgainWhenTheThreadThatHeldItEnds) {
  std::thread([this] { mutex_->lock(); }).join();
  EXPECT_EQ(mutex_->try_lock(), RobustMutex::Taken::kAfterDeath);
}

TEST_F(RobustMutexTest, SaysThatTheCallerWouldWaitForItself) {
  ASSERT_EQ(mutex_->lock(), RobustMutex::Taken::kYes);
  EXPECT_EQ(mutex_->lock(), RobustMutex::Taken::kMineAlready);
  EXPECT_EQ(mutex_->try_lock(), RobustMutex::Taken::kNo);
}

TEST_F(RobustMutexTest, IsNotReleasedByAnotherThread) {
  ASSERT_EQ(mutex_->lock(), RobustMutex::Taken::kYes);
  std::thread([this] { EXPECT_FALSE(mutex_->unlock()); }).join();
  EXPECT_EQ(mutex_->try_lock(), RobustMutex::Taken::kNo);
}

}  // namespace
}  // namespace tierce::os

#include "os/process_handle.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tierce::os {
namespace {

class ProcessHandleTest : public testing::Test {
 protected:
  ProcessHandleTest() {
    child_ = ::fork();
    if (child_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) ::pause();
  }
  ~ProcessHandleTest() override { end(); }
  int end() {
    int status = 0;
    if (child_ <= 0) return status;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, &status, 0);
    child_ = 0;
    return status;
  }

  pid_t child_ = 0;
};

TEST_F(ProcessHandleTest, KnowsTheParentAndTheUser) {
  const auto handle = ProcessHandle::open(child_);
  ASSERT_TRUE(handle);
  const auto facts = handle.facts();
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->parent, ::getpid());
  EXPECT_EQ(facts->user, ::getuid());
}

TEST_F(ProcessHandleTest, ReachesItsProcess) {
  ProcessHandle::open(child_).signal(SIGTERM);
  int status = 0;
  ASSERT_EQ(::waitpid(child_, &status, 0), child_);
  child_ = 0;
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

TEST_F(ProcessHandleTest, IsThereUntilItIsReaped) {
  const auto handle = ProcessHandle::open(child_);
  EXPECT_TRUE(handle.there());
  const pid_t was = child_;
  end();
  EXPECT_FALSE(handle.there());
  EXPECT_FALSE(handle.facts());
  EXPECT_FALSE(ProcessHandle::open(was));
}

TEST_F(ProcessHandleTest, DoesNotReachWhomTheUserCouldNot) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root sends as others";
  auto handle = ProcessHandle::open(child_);
  handle.reach_only_as({.change = true, .uid = 65534, .gid = 65534});
  handle.signal(SIGTERM);
  EXPECT_EQ(WTERMSIG(end()), SIGKILL) << "that of the test";
}

TEST(ProcessHandle, GroupsAndEverybodyAreNoProcess) {
  for (const pid_t pid : {0, -1, -::getpgrp()}) EXPECT_FALSE(ProcessHandle::open(pid)) << pid;
  EXPECT_FALSE(ProcessHandle().there());
}

}  // namespace
}  // namespace tierce::os

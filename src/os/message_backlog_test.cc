#include "os/message_backlog.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace tierce::os {
namespace {

TEST(MessageBacklog, LosesNothingAndKeepsTheOrderWhenThePeerStalls) {
  auto pair = MessageChannel::pair(true);
  ASSERT_TRUE(pair);
  auto& [ours, theirs] = *pair;
  MessageBacklog backlog;
  constexpr int kMessages = 2000;
  for (int i = 0; i < kMessages; ++i) backlog.send(ours, i);
  ASSERT_FALSE(backlog.empty()) << "more than the socket holds";
  int expected = 0;
  while (expected < kMessages) {
    int got = -1;
    while (theirs.receive(&got) == MessageChannel::Received::kMessage) ASSERT_EQ(got, expected++);
    backlog.flush(ours);
  }
  EXPECT_TRUE(backlog.empty());
}

TEST(MessageBacklog, KeepsDescriptorsThatTheirOwnerHasClosedMeanwhile) {
  auto pair = MessageChannel::pair(true);
  ASSERT_TRUE(pair);
  auto& [ours, theirs] = *pair;
  MessageBacklog backlog;
  int filler = 0;
  while (backlog.empty()) backlog.send(ours, filler);
  {
    const UniqueFd counter(::eventfd(7, EFD_NONBLOCK));
    const int fd = counter.get();
    backlog.send(ours, 1, std::span(&fd, 1));
  }
  std::vector<UniqueFd> descriptors;
  while (descriptors.empty()) {
    int got = 0;
    if (theirs.receive(&got, &descriptors) != MessageChannel::Received::kMessage) backlog.flush(ours);
  }
  std::uint64_t count = 0;
  ASSERT_EQ(::read(descriptors[0].get(), &count, sizeof count), 8);
  EXPECT_EQ(count, 7u);
}

}  // namespace
}  // namespace tierce::os

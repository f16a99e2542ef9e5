#include "gateway/fd_inbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

namespace tierce::gateway {
namespace {

std::size_t open_descriptors() {
  DIR* listing = ::opendir("/proc/self/fd");
  std::size_t count = 0;
  while (::readdir(listing) != nullptr) ++count;
  ::closedir(listing);
  return count;
}

// The worker's end is a bare channel: it can say what an honest FdInbox would not.
class FdInboxTest : public testing::Test {
 protected:
  FdInboxTest() {
    auto ends = os::MessageChannel::pair(true);
    other_ = std::move(ends->second);
    inbox_.emplace(std::move(ends->first), region_.mailbox(0));
    before_ = open_descriptors();
  }

  std::uint32_t generation(std::uint32_t slot) const {
    return generation_of(region_.mailbox(0).slot(slot).word.load());
  }
  // Sends a file of `bytes` bytes, by which it is known again.
  void send(std::uint32_t slot, std::uint32_t of_generation, off_t bytes) {
    const os::UniqueFd file(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    ASSERT_EQ(::ftruncate(file.get(), bytes), 0);
    const int fd = file.get();
    ASSERT_TRUE(other_.send(FdMessage{slot, of_generation}, std::span(&fd, 1)));
  }
  static off_t bytes_of(const os::UniqueFd& fd) {
    struct stat info {};
    return ::fstat(fd.get(), &info) == 0 ? info.st_size : -1;
  }
  std::size_t held() const { return open_descriptors() - before_; }

  Region region_ = *Region::create(1, {.slots = 4, .request_bytes = 4096, .response_bytes = 4096});
  os::MessageChannel other_;
  std::optional<FdInbox> inbox_;
  std::size_t before_ = 0;
};

TEST_F(FdInboxTest, GivesTheDescriptorThatCameFirst) {
  send(1, 0, 11);
  send(2, 0, 22);
  EXPECT_EQ(bytes_of(inbox_->receive(1)), 11);
}

TEST_F(FdInboxTest, GivesTheDescriptorThatCameLastAndKeepsTheOthers) {
  send(1, 0, 11);
  send(2, 0, 22);
  send(3, 0, 33);
  EXPECT_EQ(bytes_of(inbox_->receive(3)), 33);
  EXPECT_EQ(bytes_of(inbox_->receive(1)), 11);
  EXPECT_EQ(bytes_of(inbox_->receive(2)), 22);
  EXPECT_EQ(held(), 0u);
}

TEST_F(FdInboxTest, GivesADescriptorOnce) {
  send(1, 0, 11);
  EXPECT_TRUE(inbox_->receive(1));
  EXPECT_FALSE(inbox_->receive(1));
}

TEST_F(FdInboxTest, HasNoneForASlotNobodySentOneFor) {
  EXPECT_FALSE(inbox_->receive(0));
  send(1, 0, 11);
  EXPECT_FALSE(inbox_->receive(0));
}

TEST_F(FdInboxTest, ClosesTheDescriptorOfAnExchangeThatIsOver) {
  send(1, 0, 11);
  region_.mailbox(0).release(1);
  send(1, generation(1), 12);
  EXPECT_EQ(bytes_of(inbox_->receive(1)), 12);
  EXPECT_EQ(held(), 0u);
}

TEST_F(FdInboxTest, ClosesWhatItKeptForAnExchangeThatEndedSince) {
  send(1, 0, 11);
  EXPECT_FALSE(inbox_->receive(2));
  EXPECT_EQ(held(), 1u);
  region_.mailbox(0).release(1);
  EXPECT_FALSE(inbox_->receive(1));
  send(2, 0, 22);
  send(3, 0, 33);
  EXPECT_EQ(bytes_of(inbox_->receive(3)), 33);
  EXPECT_EQ(held(), 1u) << "that of slot 2";
}

TEST_F(FdInboxTest, DropsSlotsThatDoNotExist) {
  for (const std::uint32_t slot : {4u, 5u, 4096u, 0x7fffffffu, 0xffffffffu}) send(slot, 0, 66);
  send(1, 0, 11);
  EXPECT_EQ(bytes_of(inbox_->receive(1)), 11);
  EXPECT_EQ(held(), 0u);
}

TEST_F(FdInboxTest, KeepsNoMoreThanOneDescriptorForASlot) {
  for (off_t i = 0; i < 50; ++i) send(2, 0, 100 + i);
  EXPECT_FALSE(inbox_->receive(1));
  EXPECT_EQ(held(), 1u);
}

TEST_F(FdInboxTest, ClosesDescriptorsThatNoMessageMayCarry) {
  const int many[] = {0, 1, 2};
  ASSERT_TRUE(other_.send(FdMessage{1, 0}, many));
  EXPECT_TRUE(inbox_->receive(1));
  ASSERT_TRUE(other_.send(std::uint64_t{1} << 40, many));  // Of the right size, for slot 0 and another generation.
  ASSERT_TRUE(other_.send(char{'x'}, many));
  EXPECT_FALSE(inbox_->receive(0));
  EXPECT_FALSE(inbox_->receive(0));
  EXPECT_EQ(held(), 0u);
}

TEST_F(FdInboxTest, PassesOverMessagesWithoutADescriptor) {
  ASSERT_TRUE(other_.send(FdMessage{1, 0}));
  send(1, 0, 11);
  EXPECT_EQ(bytes_of(inbox_->receive(1)), 11);
}

TEST_F(FdInboxTest, DrainsNudgesAndKeepsDescriptors) {
  FdInbox edge(std::move(other_), region_.mailbox(0));
  edge.nudge();
  const os::UniqueFd file(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  ASSERT_TRUE(edge.send(1, file.get()));
  edge.nudge();
  EXPECT_TRUE(inbox_->drain());
  pollfd readable{inbox_->fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&readable, 1, 0), 0);
  EXPECT_TRUE(inbox_->receive(1));
}

TEST_F(FdInboxTest, HandsOnTheNudgeThatItMeetsOnTheWay) {
  const os::UniqueFd hub(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  inbox_->hand_nudges_to(hub.get());
  FdInbox edge(std::move(other_), region_.mailbox(0));
  edge.nudge();
  EXPECT_FALSE(inbox_->receive(1));
  std::uint64_t rung = 0;
  EXPECT_EQ(::read(hub.get(), &rung, sizeof rung), static_cast<ssize_t>(sizeof rung));
}

TEST_F(FdInboxTest, SaysWhenTheOtherSideIsGone) {
  EXPECT_TRUE(inbox_->drain());
  other_.close();
  EXPECT_FALSE(inbox_->drain());
}

TEST_F(FdInboxTest, NudgesAFullChannelWithoutWaiting) {
  FdInbox edge(std::move(other_), region_.mailbox(0));
  for (int i = 0; i < 100'000; ++i) edge.nudge();
  EXPECT_TRUE(inbox_->drain());
}

TEST_F(FdInboxTest, ClosesAllItKeptWhenItEnds) {
  send(1, 0, 11);
  send(2, 0, 22);
  EXPECT_FALSE(inbox_->receive(3));
  inbox_.reset();
  other_.close();
  EXPECT_EQ(open_descriptors() + 2, before_) << "both ends of the channel are closed as well";
}

TEST_F(FdInboxTest, LeavesTheDescriptorToTheCallerWhenTheOtherSideIsFull) {
  const os::UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  int sent = 0;
  while (sent < 100'000 && inbox_->send(0, file.get())) ++sent;
  EXPECT_LT(sent, 100'000);
  EXPECT_NE(::fcntl(file.get(), F_GETFD), -1);
}

}  // namespace
}  // namespace tierce::gateway

#include "gateway/fd_inbox.h"

#include "os/socket_io.h"

namespace tierce::gateway {
namespace {
// Far more than a socket buffer holds: the other side cannot keep us reading by writing on.
constexpr int kMessagesAtOnce = 4096;
// The slot of a message that brings nothing.
constexpr std::uint32_t kNobody = UINT32_MAX;
}  // namespace

os::UniqueFd FdInbox::receive(std::uint32_t slot) {
  const std::lock_guard lock(mutex_);
  const std::uint32_t wanted_generation = generation(slot);
  const auto wanted = [&](const FdMessage& of) { return of.slot == slot && of.generation == wanted_generation; };
  for (auto item = stashed_.begin(); item != stashed_.end(); ++item) {
    if (!wanted(item->of)) continue;
    os::UniqueFd fd = std::move(item->fd);
    stashed_.erase(item);
    return fd;
  }
  for (int i = 0; i < kMessagesAtOnce; ++i) {
    FdMessage of;
    std::vector<os::UniqueFd> fds;
    if (channel_.receive(&of, &fds) != os::MessageChannel::Received::kMessage) return {};
    if (of.slot == kNobody && nudged_ >= 0) os::ring_eventfd(nudged_);
    if (fds.empty() || of.slot >= mailbox_.shape().slots) continue;
    if (wanted(of)) return std::move(fds.front());
    stash(of, std::move(fds.front()));
  }
  return {};
}

void FdInbox::nudge() { static_cast<void>(channel_.send(FdMessage{.slot = kNobody, .generation = 0})); }

bool FdInbox::drain() {
  const std::lock_guard lock(mutex_);
  for (int i = 0; i < kMessagesAtOnce; ++i) {
    FdMessage of;
    std::vector<os::UniqueFd> fds;
    switch (channel_.receive(&of, &fds)) {
      case os::MessageChannel::Received::kNothing:
        return true;
      case os::MessageChannel::Received::kClosed:
        return false;
      case os::MessageChannel::Received::kMessage:
        if (!fds.empty() && of.slot < mailbox_.shape().slots) stash(of, std::move(fds.front()));
    }
  }
  return true;
}

// For a slot that is looked at later. Those of exchanges that are over are closed; a slot has one at most,
// so that the other side cannot fill our table of descriptors.
void FdInbox::stash(const FdMessage& of, os::UniqueFd fd) {
  std::erase_if(stashed_,
                [&](const Stashed& s) { return s.of.slot == of.slot || generation(s.of.slot) != s.of.generation; });
  if (generation(of.slot) == of.generation) stashed_.push_back({of, std::move(fd)});
}

bool FdInbox::send(std::uint32_t slot, int fd) {
  const std::lock_guard lock(mutex_);
  const FdMessage message{slot, generation(slot)};
  return static_cast<bool>(channel_.send(message, std::span(&fd, 1)));
}

}  // namespace tierce::gateway

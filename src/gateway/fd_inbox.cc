#include "gateway/fd_inbox.h"

namespace tierce::gateway {

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
  for (;;) {
    FdMessage of;
    std::vector<os::UniqueFd> fds;
    if (channel_.receive(&of, &fds) != os::MessageChannel::Received::kMessage) return {};
    if (fds.empty()) continue;
    if (wanted(of)) return std::move(fds.front());
    // For a slot that is looked at later, or for an exchange that is over: those are closed.
    std::erase_if(stashed_, [&](const Stashed& s) { return generation(s.of.slot) != s.of.generation; });
    if (of.slot < mailbox_.shape().slots) stashed_.push_back({of, std::move(fds.front())});
  }
}

bool FdInbox::send(std::uint32_t slot, int fd) {
  const std::lock_guard lock(mutex_);
  const FdMessage message{slot, generation(slot)};
  return static_cast<bool>(channel_.send(message, std::span(&fd, 1)));
}

}  // namespace tierce::gateway

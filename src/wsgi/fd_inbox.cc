#include "wsgi/fd_inbox.h"

#include <poll.h>

namespace tierce::wsgi {

os::UniqueFd FdInbox::receive(std::uint32_t slot, std::uint32_t generation) {
  const std::lock_guard lock(mutex_);
  const auto wanted = [&](const gateway::FdMessage& of) { return of.slot == slot && of.generation == generation; };
  for (auto item = stashed_.begin(); item != stashed_.end(); ++item) {
    if (!wanted(item->of)) continue;
    os::UniqueFd fd = std::move(item->fd);
    stashed_.erase(item);
    return fd;
  }
  for (;;) {
    gateway::FdMessage of;
    std::vector<os::UniqueFd> fds;
    if (channel_.receive(&of, &fds) != os::MessageChannel::Received::kMessage) return {};
    if (fds.empty()) continue;
    if (wanted(of)) return std::move(fds.front());
    // For a slot another thread runs or will run, or for one the edge has taken back meanwhile.
    std::erase_if(stashed_, [&](const Stashed& s) {
      return gateway::generation_of(mailbox_.slot(s.of.slot).word.load(std::memory_order_acquire)) != s.of.generation;
    });
    if (of.slot < mailbox_.shape().slots) stashed_.push_back({of, std::move(fds.front())});
  }
}

bool FdInbox::send(std::uint32_t slot, std::uint32_t generation, int fd) {
  const std::lock_guard lock(mutex_);
  const gateway::FdMessage message{slot, generation};
  for (int tries = 0; tries < 100; ++tries) {
    if (channel_.send(message, std::span(&fd, 1))) return true;
    pollfd room{channel_.fd(), POLLOUT, 0};
    ::poll(&room, 1, 50);
  }
  return false;
}

}  // namespace tierce::wsgi

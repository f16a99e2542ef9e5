// epoll(7). Sockets of clients are registered once, edge-triggered, for everything, so that a request on
// a kept connection needs no epoll_ctl; listeners and wake-up descriptors are level-triggered.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <span>

#include "base/result.h"
#include "os/unique_fd.h"

namespace tierce::os {

class Poller {
 public:
  static Result<Poller> create();
  Poller() = default;
  // `tag` comes back in the event. Edge-triggered readable, writable and hang-up.
  Result<void> add_stream(int fd, void* tag);
  // Level-triggered readable. `shared`: wake only one of the threads that wait for it.
  Result<void> add_source(int fd, void* tag, bool shared = false);
  void remove(int fd);
  // Waits at most timeout_ms (-1: for ever, 0: not at all); a signal counts as no event.
  std::span<const epoll_event> wait(int timeout_ms);

 private:
  static constexpr int kEvents = 256;
  UniqueFd fd_;
  epoll_event events_[kEvents] = {};
};

}  // namespace tierce::os

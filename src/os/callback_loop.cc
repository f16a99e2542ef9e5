#include "os/callback_loop.h"

#include <sys/epoll.h>

namespace tierce::os {
namespace {

constexpr int kEventsMax = 128;

std::uint32_t mask_of(Interest interest) {
  return (interest.readable ? EPOLLIN : 0u) | (interest.writable ? EPOLLOUT : 0u);
}

epoll_event event_of(int fd, std::uint32_t generation, Interest interest) {
  epoll_event event{};
  event.events = mask_of(interest);
  event.data.u64 = (std::uint64_t{generation} << 32) | static_cast<std::uint32_t>(fd);
  return event;
}

}  // namespace

Result<CallbackLoop> CallbackLoop::create() {
  CallbackLoop loop;
  loop.epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  if (!loop.epoll_) return fail(errno_error("epoll_create1"));
  return loop;
}

void CallbackLoop::watch(int fd, Interest interest, std::function<void()> ready) {
  Entry& entry = entries_[fd];
  entry.generation = ++generation_;
  entry.ready = std::make_shared<std::function<void()>>(std::move(ready));
  epoll_event event = event_of(fd, entry.generation, interest);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void CallbackLoop::change(int fd, Interest interest) {
  const auto found = entries_.find(fd);
  if (found == entries_.end()) return;
  epoll_event event = event_of(fd, found->second.generation, interest);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void CallbackLoop::forget(int fd) {
  if (entries_.erase(fd) > 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void CallbackLoop::turn(int timeout_ms) {
  epoll_event events[kEventsMax];
  const int count = ::epoll_wait(epoll_.get(), events, kEventsMax, timeout_ms);
  for (int i = 0; i < count; ++i) {
    const auto found = entries_.find(static_cast<int>(events[i].data.u64 & 0xffffffffu));
    if (found == entries_.end() || found->second.generation != events[i].data.u64 >> 32) continue;
    const auto ready = found->second.ready;  // It may forget itself.
    (*ready)();
  }
}

}  // namespace tierce::os

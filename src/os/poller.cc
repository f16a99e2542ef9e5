#include "os/poller.h"

#include <algorithm>

namespace tierce::os {

Result<Poller> Poller::create() {
  Poller poller;
  poller.fd_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  if (!poller.fd_) return fail(errno_error("epoll_create1"));
  return poller;
}

Result<void> Poller::add_stream(int fd, void* tag) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = tag;
  if (::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail(errno_error("epoll_ctl"));
  return {};
}

Result<void> Poller::add_source(int fd, void* tag, bool shared) {
  epoll_event event{};
  event.events = EPOLLIN | (shared ? EPOLLEXCLUSIVE : 0u);
  event.data.ptr = tag;
  if (::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail(errno_error("epoll_ctl"));
  return {};
}

void Poller::remove(int fd) { ::epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, nullptr); }

std::span<const epoll_event> Poller::wait(int timeout_ms) {
  const int count = ::epoll_wait(fd_.get(), events_, kEvents, timeout_ms);
  return {events_, static_cast<std::size_t>(std::max(count, 0))};
}

}  // namespace tierce::os

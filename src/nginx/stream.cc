#include "nginx/stream.h"

#include <sys/epoll.h>

namespace tierce::nginx {

void Stream::on_poll(std::uint32_t epoll_events) {
  std::uint32_t events = 0;
  if ((epoll_events & EPOLLIN) != 0) events |= kReadable;
  if ((epoll_events & EPOLLOUT) != 0) {
    events |= kWritable;
    // A coroutine that does not wait for it still wants its last bytes to go.
    if (io_.is_tls()) static_cast<void>(io_.flush());
  }
  if ((epoll_events & EPOLLRDHUP) != 0) {
    peer_ended_ = true;
    events |= kReadable;
  }
  if ((epoll_events & (EPOLLHUP | EPOLLERR)) != 0) events |= kGone | kReadable | kWritable;
  raise(events);
}

Result<void> Stream::watch() {
  if (io_.pair() == nullptr) return loop_.poller().add_stream(io_.fd(), static_cast<Watcher*>(this));
  io_.pair()->watch([](void* self, std::uint32_t events) { static_cast<Stream*>(self)->on_poll(events); }, this);
  return {};
}

void Stream::arm(std::chrono::milliseconds after) {
  clear(kLate);
  if (after.count() <= 0) return timer_.cancel();
  loop_.timers().arm(timer_, loop_.now_ns() + static_cast<std::uint64_t>(after.count()) * 1'000'000, this,
                     [](void* self) { static_cast<Stream*>(self)->raise(kLate); });
}

// Its end takes it out of the poller.
void bury(Loop& loop, std::unique_ptr<Stream> stream) {
  if (stream == nullptr) return;
  stream->detach();
  if (stream->fd() < 0) return;  // No event names it.
  loop.bury(std::move(stream));
}

}  // namespace tierce::nginx

// One connected socket, a client's or that of a server requests are passed to, with TLS on it or without. Its events
// go to the signal it is attached to.
#pragma once

#include <chrono>

#include "base/timer_wheel.h"
#include "edge/client_stream.h"
#include "edge/task.h"
#include "nginx/loop.h"
#include "nginx/signal.h"

namespace tierce::nginx {

class Stream final : public Watcher, public edge::FromFreeList {
 public:
  Stream(Loop& loop, os::UniqueFd fd) : loop_(loop), io_(std::move(fd)) {}
  // An end of a connection inside this thread, with an application behind it (local_apps.h).
  Stream(Loop& loop, std::unique_ptr<edge::PairEnd> end) : loop_(loop), io_(std::move(end)) {}
  // Without bytes: the events and the time of a call to such an application.
  explicit Stream(Loop& loop) : loop_(loop), io_(os::UniqueFd()) {}

  Result<void> watch();
  void attach(Signal* signal, unsigned shift) {
    signal_ = signal;
    shift_ = static_cast<std::uint8_t>(shift);
    signal->clear((kReadable | kWritable | kGone | kLate) << shift);
    // What was there before is news to this signal; nobody waits for it yet.
    if (ready_ != 0) signal->raise(ready_ << shift);
  }
  void detach() {
    timer_.cancel();
    ready_ &= ~std::uint32_t{kLate};
    signal_ = nullptr;
  }

  void on_poll(std::uint32_t epoll_events) override;

  edge::ClientStream& io() { return io_; }
  int fd() const { return io_.fd(); }
  bool has(std::uint32_t events) const { return (ready_ & events) != 0; }
  void clear(std::uint32_t events) {
    ready_ &= ~events;
    if (signal_ != nullptr) signal_->clear(events << shift_);
  }
  // The other side will send no more.
  bool peer_ended() const { return peer_ended_; }
  void note_end() { peer_ended_ = true; }

  // Raises kLate; 0 or less: never.
  void arm(std::chrono::milliseconds after);
  void disarm() { timer_.cancel(); }
  bool armed() const { return timer_.armed(); }

 private:
  void raise(std::uint32_t events) {
    ready_ |= events;
    if (signal_ != nullptr) signal_->raise(events << shift_);
  }

  Loop& loop_;
  edge::ClientStream io_;
  Signal* signal_ = nullptr;
  std::uint32_t ready_ = 0;
  std::uint8_t shift_ = 0;
  bool peer_ended_ = false;
  Timer timer_;
};

// Closes it now and frees it when that is safe.
void bury(Loop& loop, std::unique_ptr<Stream> stream);

}  // namespace tierce::nginx

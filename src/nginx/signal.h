// What the coroutine of one request waits for: events of its client, of the server it is passed to, of timers, as
// bits of one word. Whoever has news raises a bit; the coroutine goes on when one of those it waits for is there.
#pragma once

#include <coroutine>
#include <cstdint>
#include <utility>

namespace tierce::nginx {

enum Event : std::uint32_t {
  // Of a stream, shifted by where it is attached.
  kReadable = 1,
  kWritable = 2,
  kGone = 4,
  kLate = 8,
  // Of the stream to the server that a request is passed to.
  kUpstreamShift = 4,
  kUpstreamReadable = kReadable << kUpstreamShift,
  kUpstreamWritable = kWritable << kUpstreamShift,
  kUpstreamGone = kGone << kUpstreamShift,
  kUpstreamLate = kLate << kUpstreamShift,
  kPause = 256,      // A delay is over.
  kProgress = 512,   // The application has gone on.
  kStopping = 1024,  // The server stops.
  kResolved = 2048,  // A name has been looked up.
  kSubDone = 4096,   // A subrequest has its answer.
};

class Signal {
 public:
  void raise(std::uint32_t events) {
    ready_ |= events;
    // The coroutine may end and take this with it: nothing may follow.
    if (waiter_ && (ready_ & wanted_) != 0) std::exchange(waiter_, nullptr).resume();
  }
  bool has(std::uint32_t events) const { return (ready_ & events) != 0; }
  void clear(std::uint32_t events) { ready_ &= ~events; }

  struct Wait {
    Signal& signal;
    std::uint32_t events;
    bool await_ready() const noexcept { return signal.has(events); }
    void await_suspend(std::coroutine_handle<> handle) noexcept {
      signal.waiter_ = handle;
      signal.wanted_ = events;
    }
    void await_resume() const noexcept {}
  };
  // Until one of them is there; who uses it clears it.
  Wait until(std::uint32_t events) { return {*this, events}; }

 private:
  std::coroutine_handle<> waiter_;
  std::uint32_t wanted_ = 0;
  std::uint32_t ready_ = 0;
};

}  // namespace tierce::nginx

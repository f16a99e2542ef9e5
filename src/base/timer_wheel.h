// Deadlines for many objects: arming and cancelling cost a few pointer writes, expiry is at most one
// tick (16 ms) late. A timer is embedded in its owner and cancels itself when the owner dies.
#pragma once

#include <array>
#include <cstdint>

namespace tierce {

class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { cancel(); }

  bool armed() const { return next_ != nullptr; }
  void cancel() {
    if (next_ == nullptr) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = nullptr;
  }

 private:
  friend class TimerWheel;
  Timer* next_ = nullptr;
  Timer* previous_ = nullptr;
  std::uint64_t deadline_tick_ = 0;
  void* owner_ = nullptr;
  void (*fire_)(void* owner) = nullptr;
};

class TimerWheel {
 public:
  static constexpr std::uint64_t kTickNs = 16'000'000;

  TimerWheel() {
    for (Timer& head : slots_) head.next_ = head.previous_ = &head;
  }
  ~TimerWheel() {
    for (Timer& head : slots_) {
      while (head.next_ != &head) head.next_->cancel();
      head.next_ = head.previous_ = nullptr;
    }
  }
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Calls fire(owner) once, after deadline_ns has passed. A timer already armed is moved.
  void arm(Timer& timer, std::uint64_t deadline_ns, void* owner, void (*fire)(void* owner)) {
    timer.cancel();
    timer.deadline_tick_ = deadline_ns / kTickNs + 1;
    if (timer.deadline_tick_ <= tick_) timer.deadline_tick_ = tick_ + 1;
    timer.owner_ = owner;
    timer.fire_ = fire;
    const std::size_t slot = timer.deadline_tick_ % kSlots;
    Timer& head = slots_[slot];
    timer.next_ = &head;
    timer.previous_ = head.previous_;
    head.previous_->next_ = &timer;
    head.previous_ = &timer;
    occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
  }

  // Fires what is due. Timers may be armed and cancelled from within.
  void advance(std::uint64_t now_ns);
  // The time of the latest advance(): now, for those that are fired.
  std::uint64_t now_ns() const { return now_ns_; }
  // Milliseconds until something may be due, for a poll: -1 when nothing is armed. May be early when
  // the deadline is more than a turn of the wheel away.
  int wait_ms(std::uint64_t now_ns);

 private:
  // 4,096 x 16 ms: a turn of 65 s holds the usual timeouts; longer ones are passed over once a turn.
  static constexpr std::size_t kSlots = 4096;
  std::array<Timer, kSlots> slots_;
  std::array<std::uint64_t, kSlots / 64> occupied_{};  // May say yes for an empty slot, never no for a full one.
  std::uint64_t tick_ = 0;
  std::uint64_t now_ns_ = 0;
};

}  // namespace tierce

#include "base/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace tierce {

void TimerWheel::advance(std::uint64_t now_ns) {
  now_ns_ = now_ns;
  const std::uint64_t now = now_ns / kTickNs;
  if (now <= tick_) return;
  // After a long pause every slot is visited once, not once for each lost turn.
  std::uint64_t from = std::max(tick_ + 1, now >= kSlots ? now - kSlots + 1 : 1);
  tick_ = now;
  for (; from <= now; ++from) {
    const std::size_t slot = from % kSlots;
    if ((occupied_[slot / 64] >> (slot % 64) & 1) == 0) continue;
    Timer& head = slots_[slot];
    // What is due moves to a list of its own: firing may arm into this same slot.
    Timer due;
    due.next_ = due.previous_ = &due;
    for (Timer* timer = head.next_; timer != &head;) {
      Timer* following = timer->next_;
      if (timer->deadline_tick_ <= now) {
        timer->cancel();
        timer->next_ = &due;
        timer->previous_ = due.previous_;
        due.previous_->next_ = timer;
        due.previous_ = timer;
      }
      timer = following;
    }
    if (head.next_ == &head) occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
    while (due.next_ != &due) {
      Timer* timer = due.next_;
      timer->cancel();
      timer->fire_(timer->owner_);
    }
    due.next_ = due.previous_ = nullptr;
  }
}

int TimerWheel::wait_ms(std::uint64_t now_ns) {
  for (std::size_t step = 1; step <= kSlots;) {
    const std::size_t slot = (tick_ + step) % kSlots;
    const std::uint64_t word = occupied_[slot / 64] >> (slot % 64);
    if (word == 0) {
      step += 64 - slot % 64;
      continue;
    }
    step += static_cast<std::size_t>(std::countr_zero(word));
    const std::size_t found = (tick_ + step) % kSlots;
    if (step > kSlots) break;
    if (slots_[found].next_ == &slots_[found]) {  // All of its timers were cancelled.
      occupied_[found / 64] &= ~(std::uint64_t{1} << (found % 64));
      continue;
    }
    const std::uint64_t due_ns = (tick_ + step) * kTickNs;
    return due_ns <= now_ns ? 0 : static_cast<int>((due_ns - now_ns) / 1'000'000 + 1);
  }
  return -1;
}

}  // namespace tierce

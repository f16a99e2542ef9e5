// The event loop of one thread: descriptors, timers, and work that other threads hand it.
#pragma once

#include <ctime>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/timer_wheel.h"
#include "edge/memory_pair.h"
#include "os/poller.h"

namespace tierce::nginx {

// Who is told of a descriptor's events.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void on_poll(std::uint32_t epoll_events) = 0;
};

// Who shares memory with other processes and takes a part in every turn: the gateway of local applications.
class LoopGuest {
 public:
  // Takes what the others have answered, before the turn's wait.
  virtual void collect() = 0;
  // Hands out what has come up since, wakes those it is for, and shortens the wait where it must look again.
  virtual void hand_out(int& longest_ms) = 0;
  // An answer is so near that sleeping does not pay: true when it is there.
  virtual bool spin() = 0;
  // From now on the others wake the loop. False: there is something already.
  virtual bool prepare_sleep() = 0;
  virtual void cancel_sleep() = 0;
  // After the wait and its events.
  virtual void tick() = 0;

 protected:
  ~LoopGuest() = default;
};

class Loop {
 public:
  Loop() = default;
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  Result<void> open();

  // Waits and works once; at most `longest_ms` without an event.
  void turn(int longest_ms);
  // From any thread: runs f on this loop's.
  void post(std::function<void()> f);
  // From a signal handler's pipe or another thread: ends the wait.
  void wake() const;

  os::Poller& poller() { return poller_; }
  edge::PairQueue& pairs() { return pairs_; }
  // One at most; nullptr: none any more.
  void set_guest(LoopGuest* guest) { guest_ = guest; }
  TimerWheel& timers() { return timers_; }
  std::uint64_t now_ns() const { return now_ns_; }
  std::uint64_t now_ms() const { return now_ns_ / 1'000'000; }
  std::time_t wall() const { return wall_; }
  // Milliseconds of the wall clock, and IMF-fixdate of now.
  std::uint64_t wall_ms() const { return wall_ms_; }
  std::string_view http_date();

  // Runs f at the end of this turn, when nothing else is under way.
  void soon(std::function<void()> f) { soon_.push_back(std::move(f)); }
  // Frees it when the events at hand have been worked off: one of them may still name it.
  void bury(std::unique_ptr<Watcher> dead) { buried_.push_back(std::move(dead)); }

 private:
  void read_clocks();
  void run_posted();
  void run_soon();
  std::span<const epoll_event> wait(int longest_ms);
  std::span<const epoll_event> wait_with_guest(int longest_ms);

  os::Poller poller_;
  TimerWheel timers_;
  edge::PairQueue pairs_;
  LoopGuest* guest_ = nullptr;
  int wakeup_ = -1;
  std::uint64_t now_ns_ = 0;
  std::uint64_t wall_ms_ = 0;
  std::time_t wall_ = 0;
  std::time_t date_of_ = 0;
  char date_[29] = {};
  std::vector<std::unique_ptr<Watcher>> buried_;
  std::vector<std::function<void()>> soon_;
  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;
};

}  // namespace tierce::nginx

// The event loop of one thread: descriptors, timers, and work that other threads hand it.
#pragma once

#include <ctime>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/timer_wheel.h"
#include "os/poller.h"

namespace tierce::nginx {

// Who is told of a descriptor's events.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void on_poll(std::uint32_t epoll_events) = 0;
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

  os::Poller poller_;
  TimerWheel timers_;
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

// Which worker runs a request, and when. One queue for all requests of an edge thread; a worker is given
// more than its threads can run only while it has been fast, and what it has not started is taken back
// when another worker is free or this one stalls. So no request waits behind a busy worker while
// another is idle, and a fast application still gets its requests in batches without a system call each.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/timer_wheel.h"
#include "config/edge_settings.h"
#include "edge/exchange.h"
#include "edge/worker_link.h"

namespace tierce::edge {

class Dispatcher {
 public:
  // What the dispatcher tells the rest of the edge.
  struct Reports {
    std::function<void(std::uint32_t worker)> drained;
    std::function<void(std::uint32_t worker, std::uint32_t thread, std::uint64_t request)> timed_out;
    std::function<void(os::LogLevel, std::string)> log;
  };
  Dispatcher(const config::EdgeSettings& settings, TimerWheel& timers, Reports reports);

  // Takes the exchange, whose request is complete. It is notified on every progress of the response and
  // when its fate is another one than an answer.
  void submit(Exchange& exchange, std::uint64_t now_ns);
  // The exchange leaves (client gone, answer sent); from here on it is not touched any more.
  void forget(Exchange& exchange);

  // Once a turn of the loop: looks at the answers, hands out what waits, wakes the workers.
  void collect();
  void hand_out(std::uint64_t now_ns);
  void wake_workers();
  // About to sleep: false when an answer came in the meantime.
  bool prepare_sleep();
  void cancel_sleep();
  // A single request is with a fast worker: its answer comes sooner than sleeping pays. True when it came.
  bool spin_for_answer() const;
  // Requests sit in workers that have not started them, or found no room: the loop must come back soon.
  bool must_watch() const;
  void check_stalls(std::uint64_t now_ns);

  void attach(std::unique_ptr<WorkerLink> link);
  void drain(std::uint32_t worker);
  // None of its requests makes progress any more: those that run are answered 504.
  void hang(std::uint32_t worker);
  void bury(std::uint32_t worker, const std::string& why);
  void set_trouble(bool trouble);

  std::uint32_t queued() const { return queued_; }

 private:
  void watch_load(WorkerLink& link);
  WorkerLink* choose();
  WorkerLink* find(std::uint32_t worker);
  void enqueue(Exchange& exchange, bool front);
  void dequeue(Exchange& exchange);
  void arm_deadline(Exchange& exchange, std::uint64_t now_ns);
  static void on_deadline(void* exchange);
  void deadline_passed(Exchange& exchange);
  void steal_for_idle(std::uint64_t now_ns);
  bool serving() const;  // Some worker takes requests.
  void refuse_in_trouble();
  void take_from_still(WorkerLink& link);
  void say_drained(WorkerLink& link);
  void sweep();

  const config::EdgeSettings& settings_;
  TimerWheel& timers_;
  Reports reports_;
  std::vector<std::unique_ptr<WorkerLink>> links_;
  Exchange* first_ = nullptr;
  Exchange* last_ = nullptr;
  std::uint32_t queued_ = 0;
  bool trouble_ = false;
  bool freed_ = false;  // A worker has answered since the last hand_out().
  bool to_sweep_ = false;
  bool refused_ = false;           // A worker had no room for what it was given in the last hand_out().
  std::uint32_t lone_streak_ = 0;  // Requests in a row that had all workers for themselves.
};

}  // namespace tierce::edge

// A worker process: its threads, which run requests, and a control thread, which never takes the GIL and
// so hears the supervisor also while the application hangs.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/control.h"
#include "gateway/fd_inbox.h"
#include "gateway/mailbox.h"
#include "os/message_channel.h"
#include "wsgi/call.h"
#include "wsgi/retirement.h"

namespace tierce::wsgi {

class Worker {
 public:
  // What ToZygote::kFork brought: [control, region, (eventfd, FdChannel) for each edge thread].
  static Result<std::unique_ptr<Worker>> create(std::vector<os::UniqueFd> descriptors);

  // Tells the supervisor; kFailed when the (lazy) import failed.
  void say(gateway::FromWorker what);
  // Starts the control thread; stacks are dumped to `stack_fd` by the signal kStackSignal.
  void start_control(int stack_fd);
  // Runs requests on the calling thread until the worker is told to exit. Holds the GIL on entry and exit.
  void run(std::uint32_t thread);

  // Instead of run(), for requests in greenlets (python/greenlets.py); on the thread that begins it, with the GIL.
  // The descriptors that wake the hub.
  std::vector<int> begin_hub();
  // One of them is readable: how many greenlets there is work and room for. -1: it will never be again.
  int turn_hub(int descriptor);
  // Runs a request, if there still is one, on the greenlet that calls; as many more may be spawned then.
  int run_greenlet();
  // Told to exit, and nothing runs any more.
  bool hub_over() const { return exiting() && hub_->begun == 0; }
  void flush_hub();
  // The hub has turned. Where a timeout is set, the control thread looks how long ago that was.
  void beat();

  static int stack_signal();

  std::uint64_t requests() const { return region_.page().requests_started.load(std::memory_order_relaxed); }
  // Told to exit without finishing what runs.
  bool interrupted() const { return interrupted_.load(); }
  // Asks the supervisor, once, for a replacement.
  void retire();
  // A request over its time is announced by SIGABRT to the main thread, which says abort_handled().
  void expect_abort() { abort_expected_.store(true); }
  void abort_handled() { abort_handled_.store(true); }

 private:
  // What greenlets need beside.
  struct Hub {
    os::UniqueFd wakeup;                // eventfd: the worker is told to exit.
    std::uint32_t begun = 0;            // Greenlets that were spawned and have not ended.
    std::vector<std::uint32_t> places;  // Numbers of the requests that may still run, the next one last.
    std::uint64_t unsignalled_since = 0;
  };

  bool take_one(std::uint32_t thread, std::uint64_t now);
  int room_for() const;
  void note_answer(const EdgeLine& line, std::uint64_t now_ns);
  int hub_left_ms() const;
  void flush_signals();
  void count_request(std::uint64_t now_ns);
  void retire(std::string_view reason);
  void control_loop();
  static int ms_until(std::uint64_t due_ns);
  int lifetime_left_ms() const;
  void say_that_it_hangs();
  std::string stack_from_hub(std::uint64_t request);
  std::string stack_of_thread(std::uint32_t thread);
  void dump_stack(std::uint32_t thread, std::uint64_t request);
  bool exiting() const { return region_.page().exiting.load(std::memory_order_relaxed) != 0; }
  void exit(bool at_once);
  void announce_abort();
  void signal_main_thread(int number) const;
  void run_signal_handlers() const;
  bool has_work() const;

  gateway::Region region_;
  os::MessageChannel control_;
  os::UniqueFd term_;  // eventfd that SIGTERM rings.
  std::vector<os::UniqueFd> wakeups_;
  std::vector<std::unique_ptr<gateway::FdInbox>> inboxes_;
  std::vector<EdgeLine> lines_;
  std::vector<std::atomic<pthread_t>> threads_;
  Retirement retirement_;
  std::atomic<bool> restart_said_{false};
  std::atomic<bool> interrupted_{false};
  std::atomic<bool> abort_expected_{false};
  std::atomic<bool> abort_handled_{false};
  int stack_fd_ = -1;
  std::unique_ptr<Hub> hub_;               // Of a worker that runs greenlets.
  std::atomic<std::uint64_t> beat_ns_{0};  // 0: not yet.
  bool hang_said_ = false;
  std::atomic<std::uint64_t> stack_wanted_{0};  // The hub is asked for the stack of this request's greenlet ...
  std::string wanted_stack_;                    // ... and has put it here when that is 0 again.
};

}  // namespace tierce::wsgi

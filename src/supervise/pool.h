// The zygote and its workers as a pure state machine: events in, actions out, time inside the event.
//
//   worker   forking --kForked--> booting --kReady--> serving --drain--> draining --drained--> exiting
//               \                    \                  \                  \                   /
//                `------------------- kExited (from any state) -----------------------------> gone
//
//   zygote   importing --kReady--> ready --(a newer one is ready)--> retired --exit--> gone
//
// A generation is one import of the application. While a newer one is imported the older answers; it is
// drained when all workers of the newer one serve; when the newer one cannot be imported, or its workers
// die at once, the older goes on. A worker that must go (max-requests, a request over
// its time, a reload) is replaced first and drained afterwards, so that no request finds nobody.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "os/error_log.h"

namespace tierce::supervise {

using TimePoint = std::chrono::nanoseconds;  // CLOCK_MONOTONIC.

struct PoolSettings {
  std::uint32_t workers = 1;
  std::chrono::milliseconds graceful_timeout{30000};
  std::chrono::milliseconds hang_grace{0};  // For a worker that hangs, before SIGKILL.
  bool reload = false;                      // --reload: a broken import does not end us, the next change may mend it.
};

struct Event {
  enum class Kind : std::uint8_t {
    kStart,         // Once, first.
    kZygoteReady,   // generation; status: workers wanted after a reload, 0: as before
    kZygoteFailed,  // generation: the import failed, the traceback is written.
    kZygoteDied,    // generation, status: the process is gone (after kZygoteFailed too).
    kForked,        // worker, pid
    kForkFailed,    // worker: could not be asked for (descriptors, memory, a full queue).
    kWorkerReady,   // worker
    kWorkerFailed,  // worker: lazy import failed, the traceback is written.
    kWorkerExited,  // worker, status (wait status)
    kWantsRestart,  // worker
    kDrained,       // worker
    kTimedOut,      // worker, thread, request: 504 was sent. request 0: none of its requests makes progress.
    kDumped,        // worker: the stack asked for has been written.
    kEdgeDied,      // status
    kEdgeFailed,    // It ended before it was ready: it cannot start.
    kReload,
    kMoreWorkers,
    kFewerWorkers,
    kNoWorkers,    // All of them finish; requests wait.
    kStop,         // finish what runs; a second one: at once
    kStopAtOnce,   // running requests are given up, workers may still run what is due at their end
    kEdgeStopped,  // The edge has ended after kStop.
    kTick,         // A deadline of next_deadline() may have passed.
  };
  Kind kind;
  TimePoint now{};
  std::uint32_t worker = 0;
  std::uint32_t generation = 0;
  std::int32_t pid = 0;
  std::int32_t status = 0;
  std::uint32_t thread = 0;
  std::uint64_t request = 0;
};

struct Action {
  enum class Kind : std::uint8_t {
    kStartZygote,   // generation
    kRetireZygote,  // generation: tell it to exit. status 1: it is the last one.
    kKillZygote,    // generation
    kForkWorker,    // worker, generation
    kAttach,        // worker: hand it to the edge.
    kDrain,         // worker: the edge gives it nothing more.
    kBury,          // worker, status, text: the edge accounts for its slots.
    kForget,        // worker: close what belonged to it.
    kTellExit,      // worker; status 1: without finishing what runs
    kDumpStack,     // worker, thread, request
    kKillWorker,    // worker: SIGKILL
    kStartEdge,
    kStopEdge,
    kKillEdge,
    kTrouble,  // status 1: no worker can start; 0: over.
    kLog,      // level, text
    kExit,     // status: the exit code. Last action.
  };
  Kind kind;
  std::uint32_t worker = 0;
  std::uint32_t generation = 0;
  std::int32_t status = 0;
  std::uint32_t thread = 0;
  std::uint64_t request = 0;
  os::LogLevel level = os::LogLevel::kInfo;
  std::string text;
};
using Actions = std::vector<Action>;

// "killed by SIGKILL (out of memory?)", "exited with status 1".
std::string describe_wait_status(int status);

class Pool {
 public:
  explicit Pool(const PoolSettings& settings) : settings_(settings), target_(settings.workers) {}

  void on(const Event& event, Actions& out);
  // When a kTick is due; TimePoint::max() when nothing is pending.
  TimePoint next_deadline() const;

  enum class WorkerState : std::uint8_t { kForking, kBooting, kServing, kDraining, kExiting };
  struct Worker {
    std::uint32_t generation = 0;
    WorkerState state = WorkerState::kForking;
    std::int32_t pid = 0;
    bool ready = false;        // It waits for requests.
    bool attached = false;     // The edge knows it.
    bool to_replace = false;   // Drained once its replacement serves.
    bool dumping = false;      // It writes the stack of a thread: not killed before that.
    bool drained = false;      // The edge has nothing of it any more.
    bool hangs = false;        // A thread of it is past its deadline: it cannot end by itself.
    TimePoint spared_until{};  // ... and is not killed before that.
    TimePoint started{};
    TimePoint deadline = TimePoint::max();  // SIGKILL then.
  };
  const std::map<std::uint32_t, Worker>& workers() const { return workers_; }
  bool reloading() const { return newest_ != generation_; }
  std::uint32_t target() const { return target_; }

 private:
  enum class ZygoteState : std::uint8_t { kImporting, kReady, kFailed, kRetired };
  struct Zygote {
    ZygoteState state = ZygoteState::kImporting;
    TimePoint deadline = TimePoint::max();
  };

  void start_zygote(std::uint32_t generation, Actions& out);
  void start_edge(TimePoint now, Actions& out);
  void fork_worker(std::uint32_t generation, TimePoint now, Actions& out);
  void fill(std::uint32_t generation, TimePoint now, Actions& out);
  void drain_replaced(std::uint32_t generation, TimePoint now, Actions& out);
  void settle(TimePoint now, Actions& out);
  void begin_drain(std::uint32_t id, Worker& worker, TimePoint now, Actions& out);
  void tell_exit(std::uint32_t id, Worker& worker, TimePoint now, Actions& out);
  void worker_ready(std::uint32_t id, TimePoint now, Actions& out);
  void worker_exited(const Event& event, Actions& out);
  void zygote_died(const Event& event, Actions& out);
  void edge_died(const Event& event, Actions& out);
  void give_reload_up(TimePoint now, Actions& out);
  void replace(std::uint32_t id, TimePoint now, Actions& out);
  void stop(TimePoint now, std::chrono::milliseconds grace, Actions& out);
  void finish_stop(TimePoint now, Actions& out);
  void tick(TimePoint now, Actions& out);
  void set_trouble(bool trouble, Actions& out);
  void log(os::LogLevel level, std::string text, Actions& out) const;
  std::uint32_t wanted(std::uint32_t generation) const;
  bool lacks_workers(std::uint32_t generation) const;
  bool anybody_serves() const;
  std::uint32_t count(std::uint32_t generation, bool serving_only, bool without_replaced) const;

  PoolSettings settings_;
  std::uint32_t target_;
  std::uint32_t target_before_ = 0;  // ... when the reload that goes on was asked for.
  std::map<std::uint32_t, Worker> workers_;
  std::map<std::uint32_t, Zygote> zygotes_;
  std::uint32_t next_worker_ = 1;
  std::uint32_t generation_ = 0;  // Of the code that answers.
  std::uint32_t newest_ = 0;      // Of the code that is being imported, or generation_.
  std::uint32_t last_generation_ = 0;
  bool ever_ready_ = false;   // An import has succeeded.
  bool ever_served_ = false;  // A worker has been ready.
  bool stopping_ = false;
  bool at_once_ = false;    // ... without finishing what runs.
  bool edge_down_ = false;  // It has died and the next one is not started yet.
  bool edge_gone_ = false;  // It has ended, and there will be no other.
  bool exited_ = false;
  bool trouble_ = false;
  std::int32_t exit_code_ = 0;
  std::uint32_t quick_deaths_ = 0;
  std::uint32_t quick_edge_deaths_ = 0;
  std::uint32_t zygote_deaths_ = 0;  // Since the last import that succeeded.
  std::uint32_t fork_failures_ = 0;
  TimePoint fork_not_before_{};
  TimePoint edge_started_{};
  TimePoint edge_not_before_ = TimePoint::max();
  TimePoint zygote_not_before_ = TimePoint::max();
  TimePoint stop_deadline_ = TimePoint::max();
};

}  // namespace tierce::supervise

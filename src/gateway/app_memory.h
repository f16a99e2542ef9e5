// What all workers of an application share beside their requests: numbered locks, a card for each place among the
// workers, what each of them has done, and uWSGI's signals with the timers and crons that raise them. Made by the
// supervisor before the first zygote starts, so it outlives workers and reloads. A worker may be killed at any point:
// locks are robust, the rest is single words.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "gateway/shared_cache.h"
#include "os/robust_mutex.h"
#include "os/unique_fd.h"

namespace tierce::gateway {

inline constexpr std::uint32_t kWorkerCards = 1024;
inline constexpr std::uint32_t kSignals = 256;

// A place among the workers, numbered from 1: supervise/worker_slots.h says who gets which. A worker that replaces
// another gets its place and, added up, what was done there.
struct alignas(64) WorkerCard {
  // The worker writes:
  std::atomic<std::int32_t> pid;  // 0: nobody's.
  std::atomic<std::uint32_t> generation;
  std::atomic<std::uint32_t> leaving;  // On its way out: its timers are the next one's.
  std::atomic<std::uint64_t> signals;
  std::atomic<std::uint64_t> handles[kSignals / 64];  // Signals it has handlers for.
  // The supervisor writes:
  std::atomic<std::uint32_t> life;                  // The newest one's, from 1.
  std::atomic<std::uint64_t> last_spawn, respawns;  // Seconds since the epoch; lives before this one.
  std::atomic<std::uint64_t> requests, exceptions, bytes_sent, running_ns;  // Of lives that are over.
};

// What one thread of a worker has done. The thread alone writes: relaxed, no read-modify-write.
struct alignas(64) ThreadCounts {
  std::atomic<std::uint64_t> requests;
  std::atomic<std::uint64_t> exceptions;  // Of the application.
  std::atomic<std::uint64_t> bytes_sent;  // Heads and bodies handed to the edge.
  std::atomic<std::uint64_t> running_ns;
  std::atomic<std::uint32_t> in_request;
};
// Further threads share the last line, whose counts may then lose some.
inline constexpr std::uint32_t kThreadsCounted = 256;

// One worker process, from its fork to its end. A place has two of them while its worker is being replaced, so
// that no counter ever has two writers.
struct alignas(64) WorkerLife {
  std::atomic<std::uint32_t> place;       // 0: not in use.
  std::atomic<std::int32_t> pid;          // The worker writes it.
  std::atomic<std::uint64_t> average_ns;  // Of the time that requests took; the latest counts half.
};

struct WorkTotals {
  std::uint64_t requests = 0;
  std::uint64_t exceptions = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t running_ns = 0;
  std::uint32_t in_request = 0;  // At this moment.
  void add(const WorkTotals& more);
};

struct SignalCard {
  std::atomic<std::uint64_t> raised;
  std::atomic<std::uint64_t> taken;  // Of those, by the one worker that handles them.
  // Its timer or cron, if it has one; the schedule outlives the worker that watches the clock.
  std::uint32_t generation;
  std::uint32_t fired;
  std::uint64_t interval_ns;
  std::uint64_t next_ns;
  std::uint64_t minute;
};

// A view of the mapped memory; cheap to copy.
class AppMemory {
 public:
  struct Shape {
    std::uint32_t locks = 1;
    std::uint32_t workers = 1;  // As many as there may be at once; there is room for their replacements too.
    std::uint32_t threads = 1;  // Of each.
  };
  // A sealed memfd, ready to be mapped.
  static Result<os::UniqueFd> create(const Shape& shape);
  static Result<AppMemory> map(int fd);

  std::uint32_t locks() const;
  os::RobustMutex& lock(std::uint32_t index) const;
  std::uint64_t started_on() const;

  // --- workers ---

  // Supervisor: a worker for this place is about to be forked. Answers its life; the last one of all, whose counts
  // are then nobody's in particular, when there are more workers than there was room made for.
  std::uint32_t begin_life(std::uint32_t place, std::uint64_t now) const;
  // Supervisor: it is gone; what it has done is its place's.
  void end_life(std::uint32_t number) const;
  // The worker itself.
  void take_card(std::uint32_t number, std::int32_t pid, std::uint32_t generation) const;

  WorkerCard& card(std::uint32_t number) const;
  std::uint32_t places() const;  // The highest number that was ever taken.
  WorkerLife& life(std::uint32_t life) const;
  ThreadCounts& counts(std::uint32_t number, std::uint32_t thread) const;
  std::uint32_t threads() const;  // Counted ones, of each life.
  WorkTotals done_in(std::uint32_t number) const;
  // With the lives that are over.
  WorkTotals done_at(std::uint32_t place) const;
  // Of the newest worker there.
  WorkTotals done_lately_at(std::uint32_t place) const;
  std::uint64_t average_ns_at(std::uint32_t place) const;

  // --- signals ---

  SignalCard& signal(std::uint32_t number) const;
  void raise(std::uint32_t number) const;
  // True when no worker of a lower number (or of a newer generation) handles it: the one that watches its clock.
  bool first_for(std::uint32_t number, std::uint32_t worker) const;
  // True when one was raised that nobody has taken, and this worker is the first that handles it.
  bool take_signal(std::uint32_t number, std::uint32_t worker) const;
  // Time for the timer to fire, or how long until it may be, in nanoseconds. 0: fire now. `times` > 0: so often at
  // most, then -1.
  std::int64_t timer(std::uint32_t number, std::uint32_t worker, std::uint64_t interval_ns, std::uint32_t times,
                     std::uint64_t now_ns) const;
  // True once a minute, in the first worker that handles it.
  bool cron(std::uint32_t number, std::uint32_t worker, std::uint64_t minute) const;
  // Sleeps until something is raised or wake() is called after `seen`; answers the count to give next time.
  std::uint32_t wait(std::uint32_t seen, std::int64_t timeout_ns) const;
  void wake() const;

 private:
  struct Page;
  const WorkerLife* newest_at(std::uint32_t place) const;
  Page* page_ = nullptr;
  // As it was made: whoever has the memory in hand later cannot lead us out of it.
  std::uint32_t lives_ = 0;
  std::uint32_t threads_ = 0;
  std::size_t lives_at_ = 0;
};

// A cache in memory of its own: a memfd, or the file `store` that outlives the server. `fresh`: what the file holds
// is thrown away.
Result<os::UniqueFd> create_cache(const CacheShape& shape, const std::string& store, bool fresh);
Result<SharedCache> map_cache(int fd);

}  // namespace tierce::gateway

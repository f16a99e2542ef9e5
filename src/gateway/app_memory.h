// What all workers of an application share beside their requests: numbered locks, a card for each worker with its
// counters, and uWSGI's signals with the timers and crons that raise them. Made by the supervisor before the
// first zygote starts, so it outlives workers and reloads. A worker may be killed at any point: locks are
// robust, the rest is single words.
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

// A place among the workers, numbered from 1. A worker that replaces another gets its place and its counters.
struct alignas(64) WorkerCard {
  std::atomic<std::int32_t> pid;  // 0: nobody's.
  std::atomic<std::uint32_t> generation;
  std::atomic<std::uint32_t> leaving;  // On its way out: its place is the next one's.
  std::atomic<std::uint32_t> running;  // Requests at this moment.
  std::atomic<std::uint64_t> requests, delta_requests, exceptions, signals;
  std::atomic<std::uint64_t> running_us, average_us, sent_bytes;
  std::atomic<std::uint64_t> last_spawn, respawns;    // Seconds since the epoch; lives before this one.
  std::atomic<std::uint64_t> handles[kSignals / 64];  // Signals it has handlers for.
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
  // A sealed memfd, ready to be mapped.
  static Result<os::UniqueFd> create(std::uint32_t locks);
  static Result<AppMemory> map(int fd);

  std::uint32_t locks() const;
  os::RobustMutex& lock(std::uint32_t index) const;
  std::uint64_t started_on() const;

  // --- workers ---

  // The place of a new worker: one that is free, else that of one that leaves, else that of an older generation.
  // Answers its number.
  std::uint32_t take_place(std::int32_t pid, std::uint32_t generation, std::uint32_t workers, std::uint64_t now) const;
  void gone(std::int32_t pid) const;  // The zygote has reaped it.
  WorkerCard& card(std::uint32_t number) const;
  std::uint32_t places() const;  // The highest number that was ever taken.

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
  Page* page_ = nullptr;
};

// A cache in memory of its own: a memfd, or the file `store` that outlives the server. `fresh`: what the file holds
// is thrown away.
Result<os::UniqueFd> create_cache(const CacheShape& shape, const std::string& store, bool fresh);
Result<SharedCache> map_cache(int fd);

}  // namespace tierce::gateway

// Places 1..N for worker processes, as uWSGI numbers them: a place outlives its worker. While a worker is being
// replaced both have the same place. The worker is told its place when it is forked; what was done there adds up
// in its card (gateway/app_memory.h).
#pragma once

#include <cstdint>
#include <ctime>
#include <functional>
#include <vector>

namespace tierce::supervise {

class WorkerSlots {
 public:
  struct Place {
    std::vector<std::uint32_t> workers;  // Oldest first.
    std::uint32_t spawned = 0;
    std::uint32_t timed_out = 0;
    std::time_t last_spawn = 0;
  };

  // Gives a new worker its place among the first `wanted`: an empty one, else one whose workers all leave, else
  // the least crowded one.
  void add(std::uint32_t worker, std::uint32_t wanted, std::time_t now,
           const std::function<bool(std::uint32_t)>& leaves);
  void remove(std::uint32_t worker);
  void count_timeout(std::uint32_t worker);
  // From 1; 0 for a worker that has none.
  std::uint32_t place_of(std::uint32_t worker) const;
  const std::vector<Place>& places() const { return places_; }

 private:
  std::vector<Place> places_;
};

}  // namespace tierce::supervise

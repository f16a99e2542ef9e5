#include "supervise/worker_slots.h"

#include <algorithm>

namespace tierce::supervise {

void WorkerSlots::add(std::uint32_t worker, std::uint32_t wanted, std::time_t now,
                      const std::function<bool(std::uint32_t)>& leaves) {
  if (places_.size() < std::max(wanted, 1u)) places_.resize(std::max(wanted, 1u));
  const auto crowd = [&](const Place& place) -> std::size_t {
    if (place.workers.empty()) return 0;
    if (std::all_of(place.workers.begin(), place.workers.end(), leaves)) return 1;
    return 1 + place.workers.size();
  };
  const auto place = std::min_element(places_.begin(), places_.begin() + std::max(wanted, 1u),
                                      [&](const Place& a, const Place& b) { return crowd(a) < crowd(b); });
  place->workers.push_back(worker);
  ++place->spawned;
  place->last_spawn = now;
}

void WorkerSlots::remove(std::uint32_t worker) {
  const std::uint32_t number = place_of(worker);
  if (number == 0) return;
  std::erase(places_[number - 1].workers, worker);
}

void WorkerSlots::count_timeout(std::uint32_t worker) {
  if (const std::uint32_t number = place_of(worker); number != 0) ++places_[number - 1].timed_out;
}

std::uint32_t WorkerSlots::place_of(std::uint32_t worker) const {
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const auto& workers = places_[i].workers;
    if (std::find(workers.begin(), workers.end(), worker) != workers.end()) return static_cast<std::uint32_t>(i + 1);
  }
  return 0;
}

}  // namespace tierce::supervise

// How many workers there are at a time: uWSGI's cheaper. The most is RunSettings::workers.
#pragma once

#include <cstdint>

namespace tierce::config {

enum class CheaperAlgorithm : std::uint8_t { kSpare, kBacklog, kBusyness, kManual };

struct CheaperSettings {
  std::uint32_t least = 0;    // 0: as many workers as there may be, all the time.
  std::uint32_t initial = 0;  // 0: `least`
  std::uint32_t step = 1;     // So many more at once.
  CheaperAlgorithm algorithm = CheaperAlgorithm::kSpare;
  std::uint32_t overload = 3;        // Looks, requests that wait, or seconds, as the algorithm has it.
  std::uint64_t rss_soft_bytes = 0;  // Of all workers together: no more workers beyond it ...
  std::uint64_t rss_hard_bytes = 0;  // ... and fewer beyond this. 0: any
  struct Busyness {
    std::uint32_t most_percent = 50;
    std::uint32_t least_percent = 25;
    std::uint32_t multiplier = 10;  // A worker goes when there has been too little to do for overload times this.
    std::uint32_t penalty = 2;      // Added to it when a worker had gone too early.
    bool verbose = false;
    std::uint32_t backlog_alert = 33;  // More waiting requests than this are an emergency.
    std::uint32_t backlog_multiplier = 3;
    std::uint32_t backlog_step = 1;
    std::uint32_t backlog_nonzero_seconds = 60;  // Requests that wait for so long are one as well.
  } busyness;
};

}  // namespace tierce::config

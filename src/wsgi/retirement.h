// When a worker has served long enough: requests, seconds, memory. It is replaced then, never cut off.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "os/unique_fd.h"

namespace tierce::wsgi {

// 0 is no limit; each worker adds up to its jitter at random, so that workers do not go together.
struct RetirementRules {
  std::uint64_t requests = 0;
  std::uint64_t requests_jitter = 0;
  std::uint64_t lifetime_seconds = 0;
  std::uint64_t lifetime_jitter_seconds = 0;
  std::uint64_t rss_bytes = 0;      // Resident memory (uWSGI: reload-on-rss).
  std::uint64_t as_bytes = 0;       // Address space (uWSGI: reload-on-as).
  std::uint64_t least_seconds = 0;  // Before that nothing is due.
};

class Retirement {
 public:
  Retirement() = default;
  Retirement(const RetirementRules& rules, std::uint64_t now_ns);

  // Asked after each of the worker's requests; says why it is due. Costs one pread() where memory is limited.
  std::optional<std::string> after_request(std::uint64_t count, std::uint64_t now_ns) const;
  // CLOCK_MONOTONIC ns at which the lifetime is over; 0 for never.
  std::uint64_t due_ns() const { return due_ns_; }

 private:
  RetirementRules rules_;
  std::uint64_t requests_ = 0;
  std::uint64_t due_ns_ = 0;
  std::uint64_t not_before_ns_ = 0;
  os::UniqueFd statm_;
};

}  // namespace tierce::wsgi

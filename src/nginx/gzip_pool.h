// Gzip encoders that have done their work and wait for another body. To set one up costs as much as to pack some KiB:
// its memory is new to the process each time. Of one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "nginx/body_coder.h"

namespace tierce::nginx {

class GzipPool {
 public:
  // An encoder and what it was made with; give it back when its body has ended, however it did.
  struct Lease {
    std::unique_ptr<BodyCoder> coder;  // nullptr: no memory.
    int level = kGzipLevel;
    int window_bits = 0;
  };
  Lease take(int level, std::optional<std::uint64_t> body_bytes) {
    const GzipMemory memory = gzip_memory_for(body_bytes);
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      if (waiting_[i].level != level || waiting_[i].window_bits != memory.window_bits) continue;
      std::swap(waiting_[i], waiting_.back());
      Lease lease = std::move(waiting_.back());
      waiting_.pop_back();
      return lease;
    }
    return {make_gzip_encoder(level, memory), level, memory.window_bits};
  }
  void give_back(Lease lease) {
    if (lease.coder && waiting_.size() < kWaitingMost && lease.coder->rewind()) waiting_.push_back(std::move(lease));
  }

 private:
  static constexpr std::size_t kWaitingMost = 8;  // 2 MiB at most.
  std::vector<Lease> waiting_;
};

}  // namespace tierce::nginx

// split_clients: which share of all a text falls into, by its hash, as nginx: a client that nginx gave variant A gets
// variant A from us.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "config/nginx/server_settings.h"

namespace tierce::nginx {

// MurmurHash2 with seed 0.
std::uint32_t murmur_hash(std::string_view text);

class SplitTable {
 public:
  // Keeps pointers into `block`, which outlives it.
  explicit SplitTable(const config::nginx::SplitBlock& block);
  // nullptr: it falls into no part, the variable is empty.
  const config::nginx::TextValue* find(std::string_view source) const;

 private:
  struct Part {
    std::uint32_t below = 0;  // 0: the rest.
    const config::nginx::TextValue* value = nullptr;
  };
  std::vector<Part> parts_;
};

}  // namespace tierce::nginx

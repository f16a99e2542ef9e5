// The lines of a map block: exact texts in any case of letters, names of hosts with a star, then expressions in their
// order.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "config/nginx/server_name.h"
#include "config/nginx/server_settings.h"

namespace tierce::nginx {

// Of one thread, as its expressions are.
class MapTable {
 public:
  // Keeps pointers into `block`, which outlives it. Fails when a name with a star is none.
  static Result<MapTable> make(const config::nginx::MapBlock& block);

  struct Choice {
    const config::nginx::TextValue* value = nullptr;  // nullptr: nothing fits and there is no default, it is "".
    const Regex* matched = nullptr;                   // Holds the captures for `value`, until it is asked again.
  };
  Choice find(std::string_view source) const;

 private:
  explicit MapTable(const config::nginx::MapBlock& block) : block_(&block) {}

  const config::nginx::MapBlock* block_;
  std::unordered_map<std::string, std::size_t> exact_;  // Indices of the block's entries, as all here.
  config::nginx::ServerNames hosts_;
  bool has_hosts_ = false;
  std::vector<std::size_t> expressions_;
};

}  // namespace tierce::nginx

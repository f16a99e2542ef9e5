// check(): what we believe, also in release builds. A worker or an edge that finds itself wrong stops at
// once and is replaced: one process is cheaper than one corrupted response.
#pragma once

#include <source_location>

namespace tierce {

[[noreturn]] void check_failed(const char* belief, const std::source_location& where);

inline void check(bool condition, const char* belief,
                  const std::source_location& where = std::source_location::current()) {
  if (!condition) [[unlikely]] check_failed(belief, where);
}

}  // namespace tierce

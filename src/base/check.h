// check(): what we believe, also in release builds. A worker or an edge that finds itself wrong stops at
// once and is replaced: one process is cheaper than one corrupted response.
#pragma once

namespace tierce {

[[noreturn]] void check_failed(const char* belief, const char* file, int line);

// The builtins instead of std::source_location, which the fuzzers' clang does not have.
inline void check(bool condition, const char* belief, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) {
  if (!condition) [[unlikely]]
    check_failed(belief, file, line);
}

}  // namespace tierce

// A cache of keys and values in memory that all workers share (uWSGI's cache2). Any worker may be killed
// between any two instructions: an item is always whole, the old one or the new one, and no lock stays held.
//
// How: an item is published by one atomic word, `life`, which is written last and says which of two versions of
// the item counts; a value is written into blocks that nobody uses, never over one that counts. All that is
// derived from the items (hash chains, order of use, free blocks) is made anew by whoever takes the lock after a
// death. shared_cache_death_test.cc kills a process at every step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tierce::gateway {

struct CacheShape {
  char name[64] = {};
  std::uint32_t items = 0;
  std::uint32_t blocks = 0;  // 0: as many as items
  std::uint32_t block_bytes = 65536;
  std::uint32_t key_bytes = 2048;  // The longest key.
  bool many_blocks = false;        // A value may take several blocks (bitmap).
  bool purge_least_used = false;   // A full cache makes room for what is new.
  bool clear_when_full = false;
  bool never_expires = false;
  std::int64_t math_initial = 0;
};

class SharedCache {
 public:
  enum class Math : std::uint8_t { kAdd, kSubtract, kMultiply, kDivide };

  SharedCache() = default;
  explicit SharedCache(void* memory);

  static std::size_t bytes_for(const CacheShape& shape);
  // Fresh memory that reads as zeros.
  static void create(void* memory, const CacheShape& shape);
  // Memory of an earlier run (a store): false when it is not a cache of this very shape. What a crash has left half
  // done is put right.
  static bool adopt(void* memory, std::size_t bytes, const CacheShape& shape);

  std::string_view name() const;
  const CacheShape& shape() const;

  // Milliseconds since the epoch; an item with expires_ms != 0 is gone from that moment on.
  std::optional<std::string> get(std::string_view key, std::uint64_t now_ms) const;
  bool exists(std::string_view key, std::uint64_t now_ms) const;
  // False: the key is there already, the cache is full, or key or value do not fit.
  bool set(std::string_view key, std::string_view value, std::uint64_t expires_ms, std::uint64_t now_ms) const;
  // As set(), also where the key is there.
  bool update(std::string_view key, std::string_view value, std::uint64_t expires_ms, std::uint64_t now_ms) const;
  bool remove(std::string_view key, std::uint64_t now_ms) const;
  void clear() const;
  bool calculate(std::string_view key, Math math, std::int64_t operand, std::uint64_t expires_ms,
                 std::uint64_t now_ms) const;
  // 0 when there is none or it is no number of cache_inc and its like.
  std::int64_t number(std::string_view key, std::uint64_t now_ms) const;
  std::vector<std::string> keys(std::uint64_t now_ms) const;

 private:
  struct Header;
  struct Item;
  class Locked;
  Header* header_ = nullptr;
};

}  // namespace tierce::gateway

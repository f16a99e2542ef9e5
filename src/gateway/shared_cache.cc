#include "gateway/shared_cache.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <new>
#include <random>

#include "base/check.h"
#include "gateway/step.h"
#include "os/robust_mutex.h"

namespace tierce::gateway {
namespace {

constexpr std::uint64_t kMagic = 0x7469636163686531;  // "ticache1"
constexpr std::uint32_t kNone = ~0u;
// Of a full cache, looking for what has expired reads all items: not at every set().
constexpr std::uint64_t kSweepEveryMs = 1000;

constexpr std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }

CacheShape completed(CacheShape shape) {
  if (shape.blocks == 0) shape.blocks = shape.items;
  return shape;
}

// One more than promised: a new value of an item of a full cache is written beside the old one.
std::uint32_t all_blocks(const CacheShape& shape) { return shape.blocks + 1; }

bool same(const CacheShape& a, const CacheShape& b) {
  return a.items == b.items && a.blocks == b.blocks && a.block_bytes == b.block_bytes && a.key_bytes == b.key_bytes &&
         a.many_blocks == b.many_blocks;
}

}  // namespace

struct SharedCache::Item {
  struct Version {
    std::uint64_t expires_ms;
    std::uint32_t block;  // The first; kNone for an empty value.
    std::uint32_t bytes;
  };
  std::atomic<std::uint32_t> life;  // 0: free; 1, 2: versions[life - 1] counts.
  std::uint32_t key_bytes;
  std::uint64_t hash;
  Version versions[2];
  // Derived.
  std::uint32_t next;          // In its hash chain, or in the list of the free.
  std::uint32_t newer, older;  // By use.
};

struct SharedCache::Header {
  std::uint64_t magic;
  CacheShape shape;
  std::uint64_t seed;  // A client that chooses keys shall not know where they end up.
  std::uint32_t buckets;
  std::size_t buckets_at, bits_at, items_at, keys_at, blocks_at, bytes;
  os::RobustMutex mutex;
  // Derived.
  std::uint32_t free_item, newest, oldest, blocks_used, next_block;
  std::uint64_t swept_ms;
};

namespace {

struct Layout {
  std::uint32_t buckets;
  std::size_t buckets_at, bits_at, items_at, keys_at, blocks_at, bytes;
};
Layout layout_of(const CacheShape& shape, std::size_t header_bytes, std::size_t item_bytes) {
  Layout at{};
  at.buckets = std::bit_ceil(std::max(shape.items, 16u));
  at.buckets_at = round_up(header_bytes, 64);
  at.bits_at = at.buckets_at + round_up(at.buckets * sizeof(std::uint32_t), 64);
  at.items_at = at.bits_at + round_up((all_blocks(shape) + 63) / 64 * sizeof(std::uint64_t), 64);
  at.keys_at = at.items_at + round_up(shape.items * item_bytes, 64);
  at.blocks_at = round_up(at.keys_at + std::size_t{shape.items} * shape.key_bytes, 4096);
  at.bytes = round_up(at.blocks_at + std::size_t{all_blocks(shape)} * shape.block_bytes, 4096);
  return at;
}

}  // namespace

// The lock and everything that is only done under it.
class SharedCache::Locked {
 public:
  explicit Locked(Header* header) : h_(*header) {
    if (h_.mutex.lock() == os::RobustMutex::Taken::kAfterDeath) rebuild();
  }
  ~Locked() { h_.mutex.unlock(); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

  Item& item(std::uint32_t index) const { return at<Item>(h_.items_at)[index]; }
  std::string_view key_of(std::uint32_t index) const {
    return {at<char>(h_.keys_at) + std::size_t{index} * h_.shape.key_bytes, item(index).key_bytes};
  }
  static const Item::Version& version(const Item& item) { return item.versions[item.life.load() - 1]; }
  std::string_view value_of(const Item& item) const {
    const Item::Version& v = version(item);
    return v.bytes == 0 ? std::string_view() : std::string_view(block(v.block), v.bytes);
  }
  bool alive(const Item& item, std::uint64_t now_ms) const {
    const std::uint64_t expires = version(item).expires_ms;
    return h_.shape.never_expires || expires == 0 || expires > now_ms;
  }

  // The item that counts; one that has expired is thrown out.
  std::uint32_t find(std::string_view key, std::uint64_t now_ms) {
    const std::uint64_t hash = hash_of(key);
    for (std::uint32_t i = bucket(hash); i != kNone; i = item(i).next) {
      if (item(i).hash != hash || key_of(i) != key) continue;
      if (!alive(item(i), now_ms)) {
        drop(i);
        return kNone;
      }
      use(i);
      return i;
    }
    return kNone;
  }

  bool fits(std::string_view key, std::string_view value) const {
    return !key.empty() && key.size() <= h_.shape.key_bytes && blocks_for(value.size()) <= h_.shape.blocks &&
           (h_.shape.many_blocks || value.size() <= h_.shape.block_bytes);
  }

  bool insert(std::string_view key, std::string_view value, std::uint64_t expires_ms, std::uint64_t now_ms) {
    if (!fits(key, value)) return false;
    const std::uint32_t blocks = blocks_for(value.size());
    if (!make_room(1, blocks, kNone, now_ms)) return false;
    const std::uint32_t index = h_.free_item;
    Item& it = item(index);
    const std::uint32_t first = put(value, blocks);
    if (first == kNone && blocks > 0) return false;
    std::memcpy(at<char>(h_.keys_at) + std::size_t{index} * h_.shape.key_bytes, key.data(), key.size());
    it.key_bytes = static_cast<std::uint32_t>(key.size());
    it.hash = hash_of(key);
    it.versions[0] = {expires_ms, first, static_cast<std::uint32_t>(value.size())};
    GATEWAY_STEP();
    it.life.store(1, std::memory_order_release);
    GATEWAY_STEP();
    h_.free_item = it.next;
    link(index);
    return true;
  }

  bool replace(std::uint32_t index, std::string_view value, std::uint64_t expires_ms, std::uint64_t now_ms) {
    Item& it = item(index);
    if (!fits(key_of(index), value)) return false;
    const std::uint32_t blocks = blocks_for(value.size());
    const Item::Version old = version(it);
    std::uint32_t first = put(value, blocks);
    if (first == kNone && blocks > 0) {
      // No room beside the old value: of several blocks there may be none left in one piece.
      const std::string key(key_of(index));
      if (!h_.shape.many_blocks) return false;
      drop(index);
      return insert(key, value, expires_ms, now_ms);
    }
    const std::uint32_t life = it.life.load();
    it.versions[2 - life] = {expires_ms, first, static_cast<std::uint32_t>(value.size())};
    GATEWAY_STEP();
    it.life.store(3 - life, std::memory_order_release);
    GATEWAY_STEP();
    give_back(old);
    return true;
  }

  void drop(std::uint32_t index) {
    Item& it = item(index);
    const Item::Version old = version(it);
    unlink(index);
    GATEWAY_STEP();
    it.life.store(0, std::memory_order_release);
    GATEWAY_STEP();
    give_back(old);
    it.next = h_.free_item;
    h_.free_item = index;
  }

  void clear() {
    for (std::uint32_t i = 0; i < h_.shape.items; ++i) {
      item(i).life.store(0, std::memory_order_release);
      GATEWAY_STEP();
    }
    rebuild();
  }

  // Makes everything derived from the items. An item that cannot be true is none.
  void rebuild() {
    auto* heads = at<std::uint32_t>(h_.buckets_at);
    std::fill_n(heads, h_.buckets, kNone);
    std::memset(at<char>(h_.bits_at), 0, h_.items_at - h_.bits_at);
    h_.free_item = h_.newest = h_.oldest = kNone;
    h_.blocks_used = h_.next_block = 0;
    for (std::uint32_t i = h_.shape.items; i-- > 0;) {
      Item& it = item(i);
      if (plausible(it)) {
        const Item::Version& v = version(it);
        mark(v.block, blocks_for(v.bytes), true);
        link(i);
      } else {
        it.life.store(0, std::memory_order_relaxed);
        it.next = h_.free_item;
        h_.free_item = i;
      }
    }
  }

 private:
  template <typename T>
  T* at(std::size_t offset) const {
    return reinterpret_cast<T*>(reinterpret_cast<char*>(&h_) + offset);
  }
  char* block(std::uint32_t index) const { return at<char>(h_.blocks_at) + std::size_t{index} * h_.shape.block_bytes; }
  std::uint32_t blocks_for(std::size_t bytes) const {
    return static_cast<std::uint32_t>((bytes + h_.shape.block_bytes - 1) / h_.shape.block_bytes);
  }
  std::uint64_t hash_of(std::string_view key) const {
    std::uint64_t hash = h_.seed ^ 0xcbf29ce484222325;
    for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return hash ^ hash >> 32;
  }
  std::uint32_t& bucket(std::uint64_t hash) const { return at<std::uint32_t>(h_.buckets_at)[hash & (h_.buckets - 1)]; }

  bool plausible(const Item& it) const {
    const std::uint32_t life = it.life.load(std::memory_order_acquire);
    if (life != 1 && life != 2) return false;
    const Item::Version& v = it.versions[life - 1];
    const std::uint32_t blocks = blocks_for(v.bytes);
    if (it.key_bytes == 0 || it.key_bytes > h_.shape.key_bytes) return false;
    if (!h_.shape.many_blocks && blocks > 1) return false;
    if (blocks == 0) return true;
    if (v.block >= all_blocks(h_.shape) || blocks > all_blocks(h_.shape) - v.block) return false;
    for (std::uint32_t i = 0; i < blocks; ++i) {
      if (taken(v.block + i)) return false;
    }
    return true;
  }

  // --- blocks ---

  bool taken(std::uint32_t index) const { return (at<std::uint64_t>(h_.bits_at)[index / 64] >> (index % 64) & 1) != 0; }
  void mark(std::uint32_t first, std::uint32_t count, bool used) {
    auto* bits = at<std::uint64_t>(h_.bits_at);
    for (std::uint32_t i = first; i < first + count; ++i) {
      const std::uint64_t bit = std::uint64_t{1} << (i % 64);
      bits[i / 64] = used ? bits[i / 64] | bit : bits[i / 64] & ~bit;
    }
    h_.blocks_used = used ? h_.blocks_used + count : h_.blocks_used - count;
  }
  void give_back(const Item::Version& old) { mark(old.block, blocks_for(old.bytes), false); }

  // `count` free blocks in one piece within [from, end).
  std::uint32_t free_run(std::uint32_t count, std::uint32_t from, std::uint32_t end) const {
    const auto* bits = at<std::uint64_t>(h_.bits_at);
    std::uint32_t run = 0;
    for (std::uint32_t i = from; i < end; ++i) {
      if (run == 0 && i % 64 == 0 && bits[i / 64] == ~std::uint64_t{0}) {
        i += 63;
        continue;
      }
      run = taken(i) ? 0 : run + 1;
      if (run == count) return i + 1 - count;
    }
    return kNone;
  }

  // Writes the value into blocks that nobody uses; kNone when there are none. They count when an item names them.
  std::uint32_t put(std::string_view value, std::uint32_t count) {
    if (count == 0) return kNone;
    const std::uint32_t end = all_blocks(h_.shape);
    std::uint32_t first = free_run(count, h_.next_block, end);
    if (first == kNone) first = free_run(count, 0, end);
    if (first == kNone) return kNone;
    std::memcpy(block(first), value.data(), value.size() / 2);
    GATEWAY_STEP();
    std::memcpy(block(first) + value.size() / 2, value.data() + value.size() / 2, value.size() - value.size() / 2);
    GATEWAY_STEP();
    mark(first, count, true);
    h_.next_block = first + count < end ? first + count : 0;
    return first;
  }

  bool has_room(std::uint32_t items, std::uint32_t blocks) const {
    if (items > 0 && h_.free_item == kNone) return false;
    if (h_.blocks_used + blocks > h_.shape.blocks) return false;
    return blocks <= 1 || free_run(blocks, 0, all_blocks(h_.shape)) != kNone;
  }

  bool make_room(std::uint32_t items, std::uint32_t blocks, std::uint32_t keep, std::uint64_t now_ms) {
    if (has_room(items, blocks)) return true;
    if (!h_.shape.never_expires && now_ms - h_.swept_ms >= kSweepEveryMs) {
      h_.swept_ms = now_ms;
      for (std::uint32_t i = 0; i < h_.shape.items; ++i) {
        if (item(i).life.load() != 0 && !alive(item(i), now_ms)) drop(i);
      }
    }
    while (h_.shape.purge_least_used && !has_room(items, blocks) && h_.oldest != kNone && h_.oldest != keep) {
      drop(h_.oldest);
    }
    if (h_.shape.clear_when_full && !has_room(items, blocks)) clear();
    return has_room(items, blocks);
  }

  // --- chains ---

  void link(std::uint32_t index) {
    Item& it = item(index);
    std::uint32_t& head = bucket(it.hash);
    it.next = head;
    head = index;
    it.older = h_.newest;
    it.newer = kNone;
    (h_.newest != kNone ? item(h_.newest).newer : h_.oldest) = index;
    h_.newest = index;
  }

  void leave_order(const Item& it) {
    (it.newer != kNone ? item(it.newer).older : h_.newest) = it.older;
    (it.older != kNone ? item(it.older).newer : h_.oldest) = it.newer;
  }

  void unlink(std::uint32_t index) {
    Item& it = item(index);
    std::uint32_t* from = &bucket(it.hash);
    while (*from != index) from = &item(*from).next;
    *from = it.next;
    leave_order(it);
  }

  void use(std::uint32_t index) {
    if (!h_.shape.purge_least_used || h_.newest == index) return;
    Item& it = item(index);
    leave_order(it);
    it.older = h_.newest;
    it.newer = kNone;
    item(h_.newest).newer = index;
    h_.newest = index;
  }

  Header& h_;
};

SharedCache::SharedCache(void* memory) : header_(static_cast<Header*>(memory)) {}

std::size_t SharedCache::bytes_for(const CacheShape& shape) {
  return layout_of(completed(shape), sizeof(Header), sizeof(Item)).bytes;
}

void SharedCache::create(void* memory, const CacheShape& shape) {
  check(shape.items > 0 && shape.block_bytes > 0 && shape.key_bytes > 1, "a cache has room for something");
  auto* header = new (memory) Header();
  header->shape = completed(shape);
  const Layout at = layout_of(header->shape, sizeof(Header), sizeof(Item));
  header->buckets = at.buckets;
  header->buckets_at = at.buckets_at;
  header->bits_at = at.bits_at;
  header->items_at = at.items_at;
  header->keys_at = at.keys_at;
  header->blocks_at = at.blocks_at;
  header->bytes = at.bytes;
  std::random_device random;
  header->seed = std::uint64_t{random()} << 32 | random();
  header->mutex.initialise();
  Locked(header).rebuild();
  header->magic = kMagic;
}

bool SharedCache::adopt(void* memory, std::size_t bytes, const CacheShape& shape) {
  auto* header = static_cast<Header*>(memory);
  const Layout at = layout_of(completed(shape), sizeof(Header), sizeof(Item));
  if (bytes != at.bytes || header->magic != kMagic || header->bytes != bytes ||
      !same(header->shape, completed(shape)) || header->buckets != at.buckets || header->buckets_at != at.buckets_at ||
      header->bits_at != at.bits_at || header->items_at != at.items_at || header->keys_at != at.keys_at ||
      header->blocks_at != at.blocks_at) {
    return false;
  }
  header->shape = completed(shape);
  header->swept_ms = 0;
  header->mutex.initialise();  // Whoever held it is of an earlier life.
  Locked(header).rebuild();
  return true;
}

std::string_view SharedCache::name() const { return header_->shape.name; }
const CacheShape& SharedCache::shape() const { return header_->shape; }

std::optional<std::string> SharedCache::get(std::string_view key, std::uint64_t now_ms) const {
  Locked cache(header_);
  const std::uint32_t index = cache.find(key, now_ms);
  if (index == kNone) return std::nullopt;
  return std::string(cache.value_of(cache.item(index)));
}

bool SharedCache::exists(std::string_view key, std::uint64_t now_ms) const {
  return Locked(header_).find(key, now_ms) != kNone;
}

bool SharedCache::set(std::string_view key, std::string_view value, std::uint64_t expires_ms,
                      std::uint64_t now_ms) const {
  Locked cache(header_);
  return cache.find(key, now_ms) == kNone && cache.insert(key, value, expires_ms, now_ms);
}

bool SharedCache::update(std::string_view key, std::string_view value, std::uint64_t expires_ms,
                         std::uint64_t now_ms) const {
  Locked cache(header_);
  const std::uint32_t index = cache.find(key, now_ms);
  return index == kNone ? cache.insert(key, value, expires_ms, now_ms)
                        : cache.replace(index, value, expires_ms, now_ms);
}

bool SharedCache::remove(std::string_view key, std::uint64_t now_ms) const {
  Locked cache(header_);
  const std::uint32_t index = cache.find(key, now_ms);
  if (index != kNone) cache.drop(index);
  return index != kNone;
}

void SharedCache::clear() const { Locked(header_).clear(); }

bool SharedCache::calculate(std::string_view key, Math math, std::int64_t operand, std::uint64_t expires_ms,
                            std::uint64_t now_ms) const {
  Locked cache(header_);
  const std::uint32_t index = cache.find(key, now_ms);
  // Unsigned: what is too large wraps around, as it does in uWSGI.
  std::uint64_t value = static_cast<std::uint64_t>(header_->shape.math_initial);
  if (index != kNone) {
    value = 0;
    const std::string_view held = cache.value_of(cache.item(index));
    std::memcpy(&value, held.data(), std::min(held.size(), sizeof value));
    expires_ms = expires_ms != 0 ? expires_ms : Locked::version(cache.item(index)).expires_ms;
  }
  const auto by = static_cast<std::uint64_t>(operand);
  switch (math) {
    case Math::kAdd:
      value += by;
      break;
    case Math::kSubtract:
      value -= by;
      break;
    case Math::kMultiply:
      value *= by;
      break;
    case Math::kDivide:
      if (operand == 0) {
        value = 0;
      } else if (operand == -1) {
        value = 0 - value;  // The quotient of the smallest number has no room.
      } else {
        value = static_cast<std::uint64_t>(static_cast<std::int64_t>(value) / operand);
      }
      break;
  }
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  const std::string_view text(bytes, sizeof bytes);
  return index == kNone ? cache.insert(key, text, expires_ms, now_ms) : cache.replace(index, text, expires_ms, now_ms);
}

std::int64_t SharedCache::number(std::string_view key, std::uint64_t now_ms) const {
  Locked cache(header_);
  const std::uint32_t index = cache.find(key, now_ms);
  if (index == kNone) return 0;
  const std::string_view held = cache.value_of(cache.item(index));
  std::int64_t value = 0;
  if (held.size() == sizeof value) std::memcpy(&value, held.data(), sizeof value);
  return value;
}

std::vector<std::string> SharedCache::keys(std::uint64_t now_ms) const {
  Locked cache(header_);
  std::vector<std::string> found;
  for (std::uint32_t i = 0; i < header_->shape.items; ++i) {
    const Item& item = cache.item(i);
    if (item.life.load() != 0 && cache.alive(item, now_ms)) found.emplace_back(cache.key_of(i));
  }
  return found;
}

}  // namespace tierce::gateway

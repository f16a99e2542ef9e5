#include "gateway/shared_cache.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <thread>

#include "gateway/app_memory.h"

namespace tierce::gateway {
namespace {

// Memory that reads as zeros, and a cache in it.
class Cache {
 public:
  explicit Cache(CacheShape shape) : bytes_(SharedCache::bytes_for(shape)), memory_(bytes_ / 8 + 1) {
    SharedCache::create(memory_.data(), shape);
  }
  SharedCache* operator->() { return &cache_; }
  void* memory() { return memory_.data(); }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_;
  std::vector<std::uint64_t> memory_;
  SharedCache cache_{memory_.data()};
};

CacheShape small(std::uint32_t items = 4, std::uint32_t block_bytes = 64) {
  CacheShape shape;
  std::strcpy(shape.name, "small");
  shape.items = items;
  shape.block_bytes = block_bytes;
  shape.key_bytes = 32;
  return shape;
}

TEST(SharedCache, GivesBackWhatWasSet) {
  Cache cache(small());
  EXPECT_TRUE(cache->set("a", "one", 0, 1));
  EXPECT_FALSE(cache->set("a", "two", 0, 1));
  EXPECT_EQ(cache->get("a", 1), "one");
  EXPECT_TRUE(cache->update("a", "two", 0, 1));
  EXPECT_EQ(cache->get("a", 1), "two");
  EXPECT_TRUE(cache->remove("a", 1));
  EXPECT_FALSE(cache->remove("a", 1));
  EXPECT_EQ(cache->get("a", 1), std::nullopt);
}

TEST(SharedCache, AnItemIsGoneWhenItsTimeHasCome) {
  Cache cache(small());
  cache->set("a", "one", 100, 50);
  EXPECT_TRUE(cache->exists("a", 99));
  EXPECT_EQ(cache->keys(100).size(), 0u);
  EXPECT_FALSE(cache->exists("a", 100));
  EXPECT_TRUE(cache->set("a", "two", 0, 101));
}

TEST(SharedCache, RefusesWhatDoesNotFit) {
  Cache cache(small());
  EXPECT_TRUE(cache->set("a", std::string(64, 'x'), 0, 1));
  EXPECT_FALSE(cache->update("a", std::string(65, 'x'), 0, 1));
  EXPECT_EQ(cache->get("a", 1), std::string(64, 'x'));
  EXPECT_FALSE(cache->set("", "x", 0, 1));
  EXPECT_TRUE(cache->set(std::string(32, 'k'), "", 0, 1));
  EXPECT_EQ(cache->get(std::string(32, 'k'), 1), "");
  EXPECT_FALSE(cache->set(std::string(33, 'k'), "", 0, 1));
}

TEST(SharedCache, AFullCacheTakesNoNewItemsAndUpdatesTheOldOnes) {
  Cache cache(small());
  for (const char* key : {"a", "b", "c", "d"}) EXPECT_TRUE(cache->set(key, "x", 0, 1));
  EXPECT_FALSE(cache->set("e", "x", 0, 1));
  EXPECT_TRUE(cache->update("b", "y", 0, 1));
  EXPECT_EQ(cache->get("b", 1), "y");
  EXPECT_TRUE(cache->remove("c", 1));
  EXPECT_TRUE(cache->set("e", "x", 0, 1));
}

TEST(SharedCache, AFullCacheThrowsOutWhatHasExpired) {
  Cache cache(small(2));
  cache->set("a", "x", 10, 1);
  cache->set("b", "x", 0, 1);
  EXPECT_TRUE(cache->set("c", "x", 0, 5000));
  EXPECT_FALSE(cache->exists("a", 5000));
}

TEST(SharedCache, PurgesTheLeastUsed) {
  CacheShape shape = small(3);
  shape.purge_least_used = true;
  Cache cache(shape);
  for (const char* key : {"a", "b", "c"}) cache->set(key, "x", 0, 1);
  cache->get("a", 1);
  EXPECT_TRUE(cache->set("d", "x", 0, 1));
  EXPECT_TRUE(cache->exists("a", 1));
  EXPECT_FALSE(cache->exists("b", 1));
}

TEST(SharedCache, AValueMayTakeSeveralBlocks) {
  CacheShape shape = small(4, 16);
  shape.many_blocks = true;
  shape.blocks = 8;
  Cache cache(shape);
  EXPECT_TRUE(cache->set("a", std::string(100, 'a'), 0, 1));
  EXPECT_FALSE(cache->set("b", std::string(100, 'b'), 0, 1));
  EXPECT_TRUE(cache->update("a", std::string(128, 'c'), 0, 1));
  EXPECT_EQ(cache->get("a", 1), std::string(128, 'c'));
  EXPECT_FALSE(cache->update("a", std::string(129, 'c'), 0, 1));
}

TEST(SharedCache, Calculates) {
  using Math = SharedCache::Math;
  Cache cache(small());
  EXPECT_TRUE(cache->calculate("n", Math::kAdd, 5, 0, 1));
  EXPECT_TRUE(cache->calculate("n", Math::kSubtract, 12, 0, 1));
  EXPECT_EQ(cache->number("n", 1), -7);
  EXPECT_TRUE(cache->calculate("n", Math::kDivide, 2, 0, 1));
  EXPECT_EQ(cache->number("n", 1), -3);
  EXPECT_TRUE(cache->calculate("n", Math::kMultiply, 4, 0, 1));
  EXPECT_EQ(cache->number("n", 1), -12);
  EXPECT_TRUE(cache->calculate("n", Math::kDivide, 0, 0, 1));
  EXPECT_EQ(cache->number("n", 1), 0);
  EXPECT_EQ(cache->number("none", 1), 0);
}

TEST(SharedCache, CalculatesWithTheSmallestNumber) {
  using Math = SharedCache::Math;
  Cache cache(small());
  cache->calculate("n", Math::kAdd, INT64_MIN, 0, 1);
  EXPECT_TRUE(cache->calculate("n", Math::kDivide, -1, 0, 1));
  EXPECT_EQ(cache->number("n", 1), INT64_MIN);
}

TEST(SharedCache, AgreesWithAMap) {
  CacheShape shape = small(16, 32);
  shape.many_blocks = true;
  shape.blocks = 200;
  Cache cache(shape);
  std::map<std::string, std::string> model;
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = "k" + std::to_string(random() % 14);
    const std::string value(random() % 300, static_cast<char>('a' + random() % 26));
    switch (random() % 4) {
      case 0:
        ASSERT_EQ(cache->set(key, value, 0, 1), model.emplace(key, value).second);
        break;
      case 1:
        ASSERT_TRUE(cache->update(key, value, 0, 1));
        model[key] = value;
        break;
      case 2:
        ASSERT_EQ(cache->remove(key, 1), model.erase(key) > 0);
        break;
      default:
        ASSERT_EQ(cache->get(key, 1), model.contains(key) ? std::optional(model[key]) : std::nullopt);
    }
    ASSERT_EQ(cache->keys(1).size(), model.size());
  }
}

TEST(SharedCache, AStoreIsTakenOverByTheNextRun) {
  const std::string path = ::testing::TempDir() + "tierce-store-" + std::to_string(::getpid());
  ::unlink(path.c_str());
  auto first = create_cache(small(), path, false);
  ASSERT_TRUE(first) << first.error().text();
  map_cache(first->get())->set("a", "kept", 0, 1);
  auto second = create_cache(small(), path, false);
  ASSERT_TRUE(second) << second.error().text();
  EXPECT_EQ(map_cache(second->get())->get("a", 1), "kept");
  EXPECT_FALSE(create_cache(small(5), path, false));
  auto fresh = create_cache(small(5), path, true);
  ASSERT_TRUE(fresh) << fresh.error().text();
  EXPECT_EQ(map_cache(fresh->get())->get("a", 1), std::nullopt);
  ::unlink(path.c_str());
}

TEST(SharedCache, AStoreWhoseItemsCannotBeTrueIsEmptiedOfThem) {
  Cache cache(small());
  cache->set("good", "value", 0, 1);
  cache->set("bad", "value", 0, 1);
  // Every byte behind the header, one after the other: what is adopted must at least be usable.
  auto* bytes = static_cast<unsigned char*>(cache.memory());
  for (std::size_t i = 512; i < 1400; ++i) {
    const unsigned char before = bytes[i];
    bytes[i] = 0xfe;
    if (SharedCache::adopt(cache.memory(), cache.bytes(), small())) {
      for (const std::string& key : cache->keys(1)) cache->get(key, 1);
      cache->update("new", "value", 0, 1);
      cache->remove("new", 1);
    }
    bytes[i] = before;
  }
}

}  // namespace
}  // namespace tierce::gateway

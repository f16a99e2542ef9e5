#include "config/uwsgi/cache_text.h"

#include <gtest/gtest.h>

namespace tierce::config::uwsgi {
namespace {

TEST(CacheText, ReadsWhatFilesSay) {
  std::vector<std::string> remarks;
  const auto cache =
      parse_cache("name=shop,items=100,blocksize=4096,keysize=64,bitmap=1,purge_lru=1,store=/x", remarks);
  ASSERT_TRUE(cache);
  EXPECT_EQ(cache->name, "shop");
  EXPECT_EQ(cache->items, 100u);
  EXPECT_EQ(cache->block_bytes, 4096u);
  EXPECT_EQ(cache->key_bytes, 64u);
  EXPECT_TRUE(cache->many_blocks);
  EXPECT_TRUE(cache->purge_least_used);
  EXPECT_EQ(cache->store, "/x");
  EXPECT_TRUE(remarks.empty());
}

TEST(CacheText, SaysWhatItDoesNotDo) {
  std::vector<std::string> remarks;
  EXPECT_TRUE(parse_cache("name=a,items=1,udp=127.0.0.1:9,hashsize=5", remarks));
  EXPECT_EQ(remarks.size(), 1u);
}

TEST(CacheText, RefusesACacheWithoutNameOrItems) {
  std::vector<std::string> remarks;
  for (const char* text : {"", "name=a", "items=5", "name=,items=5", "name=a,items="}) {
    const auto cache = parse_cache(text, remarks);
    if (std::string(text) == "name=a,items=") continue;  // Read as the least there can be.
    EXPECT_FALSE(cache) << text;
  }
}

}  // namespace
}  // namespace tierce::config::uwsgi

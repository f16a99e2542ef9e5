// Kills a process at every step of every change of a shared cache (step.h) and looks at what is left: the lock is
// free, the item is the old one or the new one, and nothing that was there before has changed.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <thread>

#include "gateway/app_memory.h"
#include "gateway/shared_cache.h"

namespace tierce::gateway {

namespace {
std::atomic<int> steps_left{-1};  // Of this process; negative: immortal.
}

void gateway_step() {
  if (steps_left.load(std::memory_order_relaxed) > 0 && steps_left.fetch_sub(1) == 1) ::kill(::getpid(), SIGKILL);
}

namespace {

using Change = std::function<void(const SharedCache&)>;
using Check = std::function<void(const SharedCache&)>;

CacheShape shape(bool many_blocks) {
  CacheShape made;
  made.items = 4;
  made.blocks = many_blocks ? 8 : 4;
  made.block_bytes = 16;
  made.key_bytes = 8;
  made.many_blocks = many_blocks;
  return made;
}

// True when the process was killed, false when it came to the end of the change.
bool dies_in(const SharedCache& cache, const Change& change, int step) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    steps_left = step;
    change(cache);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFSIGNALED(status);
}

void at_every_step(bool many_blocks, const Change& before, const Change& change, const Check& after) {
  int step = 1;
  for (bool died = true; died; ++step) {
    ASSERT_LT(step, 200);
    const auto fd = create_cache(shape(many_blocks), "", false);
    ASSERT_TRUE(fd);
    const SharedCache cache = *map_cache(fd->get());
    before(cache);
    died = dies_in(cache, change, step);
    SCOPED_TRACE("step " + std::to_string(step));
    after(cache);
    // And it is of full use.
    cache.clear();
    for (const char* key : {"p", "q", "r", "s"}) ASSERT_TRUE(cache.set(key, std::string(16, *key), 0, 1));
    for (const char* key : {"p", "q", "r", "s"}) ASSERT_EQ(cache.get(key, 1), std::string(16, *key));
  }
  EXPECT_GT(step, 2) << "no step was made";
}

void two_items(const SharedCache& cache) {
  ASSERT_TRUE(cache.set("a", "aaaaaaaaaaaaaaaa", 0, 1));
  ASSERT_TRUE(cache.set("b", "bbbbbbbbbbbbbbbb", 0, 1));
}
void others_are_untouched(const SharedCache& cache) { ASSERT_EQ(cache.get("a", 1), "aaaaaaaaaaaaaaaa"); }

TEST(SharedCacheDeath, OfASetLeavesAllOrNothing) {
  at_every_step(
      false, two_items, [](const SharedCache& cache) { cache.set("c", "cccccccccccccccc", 0, 1); },
      [](const SharedCache& cache) {
        others_are_untouched(cache);
        const auto got = cache.get("c", 1);
        ASSERT_TRUE(!got || *got == "cccccccccccccccc") << *got;
        ASSERT_EQ(cache.keys(1).size(), got ? 3u : 2u);
      });
}

TEST(SharedCacheDeath, OfAnUpdateLeavesTheOldOrTheNew) {
  for (const bool many : {false, true}) {
    at_every_step(
        many, two_items, [](const SharedCache& cache) { cache.update("b", "BBBBBBBBBBBB", 0, 1); },
        [](const SharedCache& cache) {
          others_are_untouched(cache);
          const auto got = cache.get("b", 1);
          ASSERT_TRUE(got == "bbbbbbbbbbbbbbbb" || got == "BBBBBBBBBBBB");
        });
  }
}

TEST(SharedCacheDeath, OfAnUpdateWithoutRoomBesideLosesTheItemAtMost) {
  const std::string old(96, 'o'), next(112, 'n');  // Six and seven of eight blocks.
  at_every_step(
      true,
      [&](const SharedCache& cache) {
        cache.set("a", "aaaaaaaaaaaaaaaa", 0, 1);
        ASSERT_TRUE(cache.set("b", old, 0, 1));
      },
      [&](const SharedCache& cache) { cache.update("b", next, 0, 1); },
      [&](const SharedCache& cache) {
        others_are_untouched(cache);
        const auto got = cache.get("b", 1);
        ASSERT_TRUE(!got || *got == old || *got == next);
      });
}

TEST(SharedCacheDeath, OfARemovalLeavesAllOrNothing) {
  at_every_step(
      false, two_items, [](const SharedCache& cache) { cache.remove("b", 1); },
      [](const SharedCache& cache) {
        others_are_untouched(cache);
        const auto got = cache.get("b", 1);
        ASSERT_TRUE(!got || *got == "bbbbbbbbbbbbbbbb");
      });
}

TEST(SharedCacheDeath, OfAClearLeavesWholeItems) {
  at_every_step(
      false, two_items, [](const SharedCache& cache) { cache.clear(); },
      [](const SharedCache& cache) {
        for (const std::string& key : cache.keys(1)) ASSERT_EQ(cache.get(key, 1), std::string(16, key[0]));
      });
}

TEST(SharedCacheDeath, OfAnIncrementCountsOnceOrNot) {
  at_every_step(
      false, [](const SharedCache& cache) { cache.calculate("n", SharedCache::Math::kAdd, 41, 0, 1); },
      [](const SharedCache& cache) { cache.calculate("n", SharedCache::Math::kAdd, 1, 0, 1); },
      [](const SharedCache& cache) {
        const std::int64_t got = cache.number("n", 1);
        ASSERT_TRUE(got == 41 || got == 42) << got;
      });
}

// Several processes change the same few keys; one after the other is killed at a moment nobody chose.
TEST(SharedCacheDeath, AtRandomMomentsAmongOthersLeavesWholeItems) {
  const auto fd = create_cache(shape(true), "", false);
  const SharedCache cache = *map_cache(fd->get());
  const auto start = [&](unsigned seed) {
    const pid_t pid = ::fork();
    if (pid > 0) return pid;
    std::mt19937 random(seed);
    for (;;) {
      const std::string key(1, static_cast<char>('a' + random() % 4));
      switch (random() % 4) {
        case 0:
          cache.remove(key, 1);
          break;
        case 1:
          cache.set(key, std::string(1 + random() % 40, key[0]), 0, 1);
          break;
        default:
          cache.update(key, std::string(1 + random() % 40, key[0]), 0, 1);
      }
    }
  };
  std::mt19937 random(11);
  std::vector<pid_t> writers;
  for (unsigned i = 0; i < 3; ++i) writers.push_back(start(i));
  for (unsigned kills = 0; kills < 300; ++kills) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
    pid_t& victim = writers[kills % writers.size()];
    ::kill(victim, SIGKILL);
    ::waitpid(victim, nullptr, 0);
    for (const char key : {'a', 'b', 'c', 'd'}) {
      const auto got = cache.get(std::string(1, key), 1);
      ASSERT_TRUE(!got || *got == std::string(got->size(), key)) << *got;
    }
    victim = start(100 + kills);
  }
  for (const pid_t writer : writers) {
    ::kill(writer, SIGKILL);
    ::waitpid(writer, nullptr, 0);
  }
}

}  // namespace
}  // namespace tierce::gateway

#include "gateway/mailbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "os/futex.h"

namespace tierce::gateway {
namespace {

struct Pair {
  Region edge, worker;
};
Pair make_pair(const MailboxShape& shape = {.slots = 4, .request_bytes = 4096, .response_bytes = 4096}) {
  auto edge = Region::create(1, shape);
  auto worker = Region::map(os::UniqueFd(::dup(edge->fd())));
  return {std::move(*edge), std::move(*worker)};
}

TEST(Mailbox, HandsRequestsOverInOrder) {
  Pair pair = make_pair();
  Mailbox edge = pair.edge.mailbox(0), worker = pair.worker.mailbox(0);
  EXPECT_FALSE(worker.take(0, 1).has_value());
  ASSERT_TRUE(edge.submit(2, 10));
  ASSERT_TRUE(edge.submit(0, 11));
  EXPECT_TRUE(worker.has_queued());
  EXPECT_EQ(worker.take(3, 20), 2u);
  EXPECT_EQ(worker.take(1, 21), 0u);
  EXPECT_FALSE(worker.has_queued());
  EXPECT_EQ(edge.slot(2).thread, 3u);
  EXPECT_EQ(edge.slot(2).started_ns.load(), 20u);
  EXPECT_EQ(state_of(edge.slot(0).word.load()), State::kRunning);
}

TEST(Mailbox, RecalledSlotIsNeverRunAndCanBeUsedAtOnce) {
  Pair pair = make_pair();
  Mailbox edge = pair.edge.mailbox(0), worker = pair.worker.mailbox(0);
  ASSERT_TRUE(edge.submit(1, 10));
  EXPECT_TRUE(edge.recall(1));
  ASSERT_TRUE(edge.submit(1, 11));  // The stale entry is still in the ring.
  EXPECT_EQ(worker.take(0, 20), 1u);
  EXPECT_FALSE(worker.take(0, 21).has_value());
}

TEST(Mailbox, RecallLosesAgainstAWorkerThatHasStarted) {
  Pair pair = make_pair();
  Mailbox edge = pair.edge.mailbox(0), worker = pair.worker.mailbox(0);
  ASSERT_TRUE(edge.submit(1, 10));
  ASSERT_TRUE(worker.take(0, 20).has_value());
  EXPECT_FALSE(edge.recall(1));
}

TEST(Mailbox, RefusesWhenTheRingIsFullOfStaleEntries) {
  Pair pair = make_pair();
  Mailbox edge = pair.edge.mailbox(0);
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(edge.submit(0, 1));
    ASSERT_TRUE(edge.recall(0));
  }
  EXPECT_FALSE(edge.submit(0, 1));
  EXPECT_EQ(state_of(edge.slot(0).word.load()), State::kFree);
  EXPECT_FALSE(pair.worker.mailbox(0).take(0, 2).has_value());
  EXPECT_TRUE(edge.submit(0, 1));  // The worker has skipped them.
}

TEST(Mailbox, AttentionIsTakenOncePerSignal) {
  Pair pair = make_pair({.slots = 128, .request_bytes = 4096, .response_bytes = 4096});
  Mailbox edge = pair.edge.mailbox(0), worker = pair.worker.mailbox(0);
  worker.signal_quietly(3);
  worker.signal_quietly(127);
  worker.signal_quietly(3);
  std::vector<std::uint32_t> seen;
  edge.take_attention([&](std::uint32_t i) { seen.push_back(i); });
  EXPECT_EQ(seen, (std::vector<std::uint32_t>{3, 127}));
  edge.take_attention([&](std::uint32_t) { FAIL() << "taken twice"; });
}

TEST(Mailbox, OnlyASleepingEdgeIsWokenAndOnlyOnce) {
  Pair pair = make_pair();
  Mailbox edge = pair.edge.mailbox(0), worker = pair.worker.mailbox(0);
  EXPECT_FALSE(worker.signal(0));
  EXPECT_FALSE(edge.prepare_sleep()) << "attention is waiting";
  edge.take_attention([](std::uint32_t) {});
  EXPECT_TRUE(edge.prepare_sleep());
  EXPECT_TRUE(worker.signal(0));
  EXPECT_FALSE(worker.signal(1));
}

TEST(Mailbox, BodyRingKeepsEveryByteAcrossManyTurns) {
  Pair pair = make_pair();
  Mailbox edge = pair.edge.mailbox(0), worker = pair.worker.mailbox(0);
  ASSERT_TRUE(edge.submit(0, 1));
  ASSERT_TRUE(worker.take(0, 2));
  worker.slot(0).ring_at = 192;  // 3904 bytes: not a power of two.
  constexpr std::size_t kTotal = 1'000'000;
  std::thread producer([&] {
    std::size_t sent = 0;
    while (sent < kTotal) {
      char piece[777];
      const std::size_t want = std::min(sizeof piece, kTotal - sent);
      for (std::size_t i = 0; i < want; ++i) piece[i] = static_cast<char>((sent + i) * 31 >> 3);
      std::size_t done = 0;
      while (done < want) {
        done += worker.ring_write(0, piece + done, want - done);
        if (done < want) {
          ASSERT_TRUE(worker.ring_wait(0));
        }
      }
      sent += want;
    }
  });
  std::size_t got = 0;
  while (got < kTotal) {
    const auto runs = edge.ring_unread(0);
    if (runs.bytes() == 0) {
      std::this_thread::yield();
      continue;
    }
    for (std::string_view run : {runs.first, runs.second}) {
      for (char c : run) {
        ASSERT_EQ(c, static_cast<char>(got * 31 >> 3)) << got;
        ++got;
      }
    }
    edge.consume(0, runs.bytes());
  }
  producer.join();
}

TEST(Mailbox, AbandonWakesAProducerThatWaits) {
  Pair pair = make_pair();
  Mailbox edge = pair.edge.mailbox(0), worker = pair.worker.mailbox(0);
  ASSERT_TRUE(edge.submit(0, 1));
  ASSERT_TRUE(worker.take(0, 2));
  worker.slot(0).ring_at = 64;
  std::string filler(4096, 'x');
  worker.ring_write(0, filler.data(), filler.size());
  std::thread producer([&] { EXPECT_FALSE(worker.ring_wait(0)); });
  while (edge.slot(0).producer_waits.load() == 0) std::this_thread::yield();
  edge.abandon(0);
  producer.join();
}

TEST(Mailbox, AGreenletIsNotWokenButToBeNudged) {
  Pair pair = make_pair();
  Mailbox edge = pair.edge.mailbox(0), worker = pair.worker.mailbox(0);
  ASSERT_TRUE(edge.submit(0, 1));
  ASSERT_TRUE(worker.take(0, 2));
  worker.slot(0).ring_at = 64;
  EXPECT_FALSE(worker.ring_park(0)) << "there is room";
  const std::string filler(4096, 'x');
  worker.ring_write(0, filler.data(), filler.size());
  EXPECT_TRUE(worker.ring_park(0));
  EXPECT_FALSE(edge.consume(0, 1)) << "too little to go on for";
  EXPECT_FALSE(worker.ring_unparked(0));
  EXPECT_TRUE(edge.consume(0, 4000));
  EXPECT_TRUE(worker.ring_unparked(0));
  EXPECT_FALSE(edge.consume(0, 8)) << "once";
  worker.ring_write(0, filler.data(), filler.size());
  EXPECT_TRUE(worker.ring_park(0));
  EXPECT_TRUE(edge.abandon(0));
  EXPECT_TRUE(worker.ring_unparked(0));
  EXPECT_FALSE(worker.ring_park(0)) << "nobody will read";
}

TEST(Bell, OneOfAllNudgesTheHub) {
  Pair pair = make_pair();
  Bell edge(pair.edge.page()), hub(pair.worker.page());
  EXPECT_FALSE(edge.take_hub()) << "it has not looked yet";
  hub.announce_hub();
  EXPECT_TRUE(edge.take_hub());
  EXPECT_FALSE(edge.take_hub()) << "one message is for all";
  hub.announce_hub();
  EXPECT_TRUE(edge.take_hub());
}

// --- what a worker that has been taken over may write ---

constexpr MailboxShape kSmall = {.slots = 4, .request_bytes = 4096, .response_bytes = 4096};

bool within_response_area(const Mailbox& mailbox, std::uint32_t index, std::string_view run) {
  const char* area = mailbox.response_area(index);
  return run.empty() || (run.data() >= area && run.data() + run.size() <= area + mailbox.shape().response_bytes);
}

TEST(HostileWorker, CannotMakeTheEdgeReadBeyondTheResponseArea) {
  Pair pair = make_pair(kSmall);
  Mailbox edge = pair.edge.mailbox(0), worker = pair.worker.mailbox(0);
  constexpr std::uint64_t kCounters[] = {0,          1,          63,         4095,         4096, 4097,
                                         1ull << 31, 1ull << 32, 1ull << 63, ~0ull - 4096, ~0ull};
  constexpr std::uint32_t kRingAts[] = {0, 1, 64, 4032, 4095, 4096, 4097, 65536, 0x7fffffff, 0x80000000, 0xffffffff};
  for (const std::uint32_t ring_at : kRingAts) {
    for (const std::uint64_t produced : kCounters) {
      for (const std::uint64_t consumed : kCounters) {
        worker.slot(1).ring_at = ring_at;
        worker.slot(1).produced.store(produced);
        worker.slot(1).consumed.store(consumed);
        const auto runs = edge.ring_unread(1);
        EXPECT_TRUE(within_response_area(edge, 1, runs.first)) << ring_at << ' ' << produced << ' ' << consumed;
        EXPECT_TRUE(within_response_area(edge, 1, runs.second)) << ring_at << ' ' << produced << ' ' << consumed;
        const bool possible = ring_at < 4096 && produced - consumed <= 4096 - ring_at;
        EXPECT_EQ(runs.nonsense, !possible) << ring_at << ' ' << produced << ' ' << consumed;
        EXPECT_EQ(runs.bytes(), possible ? produced - consumed : 0);
        edge.consume(1, runs.bytes());
      }
    }
  }
}

TEST(HostileWorker, CannotPointTheEdgeAtSlotsThatDoNotExist) {
  Pair pair = make_pair(kSmall);
  for (std::uint32_t index = 4; index < kSlotsMax; ++index) pair.worker.mailbox(0).signal_quietly(index);
  pair.worker.mailbox(0).signal_quietly(3);
  std::vector<std::uint32_t> seen;
  pair.edge.mailbox(0).take_attention([&](std::uint32_t index) { seen.push_back(index); });
  EXPECT_EQ(seen, (std::vector<std::uint32_t>{3}));
}

TEST(HostileWorker, CannotMoveTheEdgesSlots) {
  Pair pair = make_pair(kSmall);
  Mailbox edge = pair.edge.mailbox(0);
  const Slot* slot = &edge.slot(3);
  const char* area = edge.response_area(3);
  // Everything before the slots: the region's header with the shape, the mailbox's header with its ring.
  char* base = reinterpret_cast<char*>(&pair.worker.mailbox(0).slot(0));
  const auto page = reinterpret_cast<std::uintptr_t>(&pair.worker.page()) & ~std::uintptr_t{4095};
  std::memset(reinterpret_cast<char*>(page), 0xff, static_cast<std::size_t>(base - reinterpret_cast<char*>(page)));
  EXPECT_EQ(&edge.slot(3), slot);
  EXPECT_EQ(edge.response_area(3), area);
  EXPECT_EQ(&pair.edge.mailbox(0).slot(3), slot);
  static_cast<void>(edge.submit(3, 1));
  static_cast<void>(edge.recall(3));
  edge.take_attention([](std::uint32_t index) { EXPECT_LT(index, 4u); });
  Bell(pair.edge.page()).ring(1);
}

TEST(HostileWorker, CannotTellTheEdgeAnotherShape) {
  Pair pair = make_pair(kSmall);
  const auto page = reinterpret_cast<std::uintptr_t>(&pair.worker.page()) & ~std::uintptr_t{4095};
  std::memset(reinterpret_cast<char*>(page), 0x11, 64);
  const auto mapped = Region::map(os::UniqueFd(::dup(pair.worker.fd())), 1, kSmall);
  ASSERT_TRUE(mapped);
  EXPECT_EQ(mapped->shape().slots, 4u);
  EXPECT_EQ(mapped->mailboxes(), 1u);
}

TEST(Region, RefusesMemoryThatIsNotOfTheSizeAgreed) {
  auto region = Region::create(2, kSmall);
  EXPECT_TRUE(Region::map(os::UniqueFd(::dup(region->fd())), 2, kSmall));
  EXPECT_FALSE(Region::map(os::UniqueFd(::dup(region->fd())), 1, kSmall));
  EXPECT_FALSE(Region::map(os::UniqueFd(::dup(region->fd())), 2, MailboxShape{}));
  EXPECT_FALSE(Region::map(os::UniqueFd(::open("/dev/null", 0)), 2, kSmall));
}

TEST(Region, RefusesMemoryThatIsNotOurs) {
  auto region = Region::create(2, {.slots = 4, .request_bytes = 4096, .response_bytes = 4096});
  ASSERT_TRUE(region);
  EXPECT_TRUE(Region::map(os::UniqueFd(::dup(region->fd()))));
  EXPECT_FALSE(Region::map(os::UniqueFd(::open("/dev/null", 0))));
}

TEST(Bell, LosesNoWakeUpWhateverTheTiming) {
  WorkerPage page{};
  std::atomic<int> queued{0}, done{0};
  constexpr int kThreads = 3, kItems = 20000;
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      Bell bell(page);
      while (!stop) {
        int have = queued.load();
        bool took = false;
        while (have > 0 && !(took = queued.compare_exchange_weak(have, have - 1))) {
        }
        if (took) {
          done.fetch_add(1);
        } else {
          bell.wait([&] { return queued.load() > 0 || stop.load(); });
        }
      }
    });
  }
  Bell bell(page);
  for (int i = 0; i < kItems; ++i) {
    queued.fetch_add(1);
    bell.ring(1);
    if (i % 7 == 0) {
      while (done.load() < i) std::this_thread::yield();
    }
  }
  while (done.load() < kItems) std::this_thread::yield();
  stop = true;
  bell.ring(kThreads);
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(page.sleepers.load(), 0u);
  EXPECT_EQ(page.tokens.load(), 0u);
}

}  // namespace
}  // namespace tierce::gateway

#include "nginx/rate_zone.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace tierce::nginx {
namespace {

using Kind = RateVerdict::Kind;
constexpr std::int64_t kStart = 1'000'000;
constexpr std::int64_t kTenAMinute = 10'000 / 60, kTwoASecond = 2000, kOneAMinute = 1000 / 60;

RateVerdict check(RateLimit limit, std::string_view key, std::int64_t now_ms) {
  return check_rates({&limit, 1}, {&key, 1}, now_ms);
}

TEST(RateZone, WithoutABurstRequestsKeepTheirDistance) {
  RateZone zone(kTwoASecond, 1 << 20);
  const RateLimit limit{&zone};
  EXPECT_EQ(check(limit, "a", kStart).kind, Kind::kPass);
  const RateVerdict soon = check(limit, "a", kStart + 100);
  EXPECT_EQ(soon.kind, Kind::kReject);
  EXPECT_EQ(soon.excess, 800);
  EXPECT_EQ(check(limit, "b", kStart + 100).kind, Kind::kPass);
  EXPECT_EQ(check(limit, "a", kStart + 499).kind, Kind::kReject);
  EXPECT_EQ(check(limit, "a", kStart + 500).kind, Kind::kPass);  // What was refused did not count.
  EXPECT_EQ(check(limit, "", kStart + 501).kind, Kind::kPass);
  EXPECT_EQ(check(limit, "", kStart + 501).kind, Kind::kPass);
}

TEST(RateZone, ABurstWaitsForItsTurn) {
  RateZone zone(kTwoASecond, 1 << 20);
  const RateLimit limit{&zone, 3};
  EXPECT_EQ(check(limit, "a", kStart).kind, Kind::kPass);
  for (const std::int64_t wait : {500, 1000, 1500}) {
    const RateVerdict verdict = check(limit, "a", kStart);
    EXPECT_EQ(verdict.kind, Kind::kDelay);
    EXPECT_EQ(verdict.delay_ms, wait);
  }
  EXPECT_EQ(check(limit, "a", kStart).kind, Kind::kReject);
  EXPECT_EQ(check(limit, "a", kStart + 499).kind, Kind::kReject);
  EXPECT_EQ(check(limit, "a", kStart + 500).delay_ms, 1500);
}

TEST(RateZone, SomeOfABurstNeedNotWait) {
  RateZone zone(kTwoASecond, 1 << 20);
  const RateLimit limit{&zone, 4, 2};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(check(limit, "a", kStart).kind, Kind::kPass);
  EXPECT_EQ(check(limit, "a", kStart).delay_ms, 500);
  EXPECT_EQ(check(limit, "a", kStart).delay_ms, 1000);
  EXPECT_EQ(check(limit, "a", kStart).kind, Kind::kReject);
  RateLimit at_once{&zone, 4, 0, true};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(check(at_once, "b", kStart).kind, Kind::kPass);
  EXPECT_EQ(check(at_once, "b", kStart).kind, Kind::kReject);
}

TEST(RateZone, ASlowRateDrainsSlowly) {
  RateZone zone(kOneAMinute, 1 << 20);
  const RateLimit limit{&zone, 2, 0, true};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(check(limit, "a", kStart).kind, Kind::kPass);
  EXPECT_EQ(check(limit, "a", kStart + 70'000).excess, 0);  // 2000 - 16 a second * 70 + 1000 = 1880: it passes,
  EXPECT_EQ(check(limit, "a", kStart + 70'000).kind, Kind::kReject);  // and the next would be 2880.
  EXPECT_EQ(check(limit, "a", kStart + 10'000'000).kind, Kind::kPass);
}

TEST(RateZone, ARequestThatOneLimitRefusesCountsInNone) {
  RateZone wide(kTwoASecond, 1 << 20), narrow(kTenAMinute, 1 << 20);
  const RateLimit limits[] = {{&wide, 1, 0, true}, {&narrow}};
  const std::string_view keys[] = {"server", "client"};
  EXPECT_EQ(check_rates(limits, keys, kStart).kind, Kind::kPass);
  for (int i = 0; i < 5; ++i) {
    const RateVerdict verdict = check_rates(limits, keys, kStart);
    EXPECT_EQ(verdict.kind, Kind::kReject);
    EXPECT_EQ(verdict.limit, 1U);
  }
  const std::string_view other[] = {"server", "other client"};
  EXPECT_EQ(check_rates(limits, other, kStart).kind, Kind::kPass);  // One of its burst is left.
  const std::string_view third[] = {"server", "third client"};
  EXPECT_EQ(check_rates(limits, third, kStart).limit, 0U);
}

TEST(RateZone, TheLongestDelayCounts) {
  RateZone one(kTwoASecond, 1 << 20), other(500, 1 << 20);
  const RateLimit limits[] = {{&other, 5}, {&one, 5}};
  const std::string_view keys[] = {"a", "a"};
  EXPECT_EQ(check_rates(limits, keys, kStart).kind, Kind::kPass);
  const RateVerdict verdict = check_rates(limits, keys, kStart);
  EXPECT_EQ(verdict.delay_ms, 2000);
  EXPECT_EQ(verdict.limit, 0U);
  const std::string_view last_is_empty[] = {"b", ""};
  EXPECT_EQ(check_rates(limits, last_is_empty, kStart).kind, Kind::kPass);
  EXPECT_EQ(check_rates(limits, last_is_empty, kStart).delay_ms, 2000);
}

// nginx 1.22 remembered as many.
TEST(RateZone, AFullZoneForgetsTheKeyThatWasLeftAloneLongest) {
  struct Case {
    std::int64_t bytes;
    int key_bytes, states;
  };
  for (const Case& c :
       {Case{32 << 10, 4, 191}, Case{32 << 10, 60, 80}, Case{64 << 10, 16, 447}, Case{1 << 20, 4, 8095}}) {
    RateZone zone(kOneAMinute, c.bytes);
    const auto kind_of = [&](int number) {
      std::string key = std::to_string(number);
      key.insert(0, static_cast<std::size_t>(c.key_bytes) - key.size(), '0');
      return check({&zone}, key, kStart).kind;
    };
    for (int i = 0; i < 9000; ++i) ASSERT_EQ(kind_of(i), Kind::kPass);
    int kept = 0;
    while (kind_of(8999 - kept) == Kind::kReject) ++kept;
    EXPECT_EQ(kept, c.states);
  }
}

TEST(RateZone, DrainedKeysMakeRoomByThemselves) {
  RateZone zone(kTwoASecond, 32 << 10);
  for (int i = 0; i < 191; ++i) EXPECT_EQ(check({&zone}, std::to_string(i), kStart).kind, Kind::kPass);
  // A minute later two go for each that comes.
  for (int i = 1000; i < 1100; ++i) EXPECT_EQ(check({&zone}, std::to_string(i), kStart + 61'000).kind, Kind::kPass);
  for (int i = 1000; i < 1100; ++i) EXPECT_EQ(check({&zone}, std::to_string(i), kStart + 61'000).kind, Kind::kReject);
}

TEST(RateZone, ThreadsShareTheirZones) {
  RateZone first(kTwoASecond, 1 << 20), second(kTwoASecond, 32 << 10);
  const RateLimit limits[] = {{&first, 100, 0, true}, {&second, 100'000, 0, true}};
  std::atomic<int> passed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) {
        const std::string key = std::to_string(n);
        const std::string_view keys[] = {"same", key};
        if (check_rates(limits, keys, kStart).kind == Kind::kPass) ++passed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  // Between a look and its count another thread may look too, as another process of nginx may.
  EXPECT_GE(passed, 101);
  EXPECT_LE(passed, 101 + 3);
}

}  // namespace
}  // namespace tierce::nginx

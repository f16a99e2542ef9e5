#include "supervise/cheaper.h"

#include <gtest/gtest.h>

namespace tierce::supervise {
namespace {

using config::CheaperAlgorithm;
using config::CheaperSettings;
using std::chrono::seconds;

// A second passes at each look.
class Watched {
 public:
  Watched(const CheaperSettings& settings, std::uint32_t most, std::uint32_t workers)
      : cheaper_(settings, most), running_ms_(most + 1, 0), workers_(workers) {}

  // With the first `busy` workers busy, which are so for `percent` of the second.
  int look(std::uint32_t busy, std::uint32_t waiting = 0, std::uint64_t rss = 0, std::uint32_t percent = 100) {
    Cheaper::Load load{.now = now_, .waiting = waiting, .rss_bytes = rss};
    now_ += seconds(1);
    for (std::uint32_t place = 1; place <= workers_; ++place) {
      if (place <= busy) running_ms_[place] += std::uint64_t{10} * percent;
      load.workers.push_back({place, place <= busy && percent > 50, running_ms_[place] * 1'000'000});
    }
    const Cheaper::Decision decision = cheaper_.look(load);
    workers_ = static_cast<std::uint32_t>(static_cast<int>(workers_) + decision.change);
    said_ = decision.said;
    return decision.change;
  }
  // So many looks; the sum of the changes.
  int looks(int times, std::uint32_t busy, std::uint32_t waiting = 0, std::uint32_t percent = 100) {
    int sum = 0;
    for (int i = 0; i < times; ++i) sum += look(std::min(busy, workers_), waiting, 0, percent);
    return sum;
  }
  std::uint32_t workers() const { return workers_; }
  const std::vector<std::string>& said() const { return said_; }

 private:
  Cheaper cheaper_;
  std::vector<std::uint64_t> running_ms_;
  std::uint32_t workers_;
  seconds now_{1000};
  std::vector<std::string> said_;
};

TEST(CheaperSpare, GrowsByAStepWhenAllWereBusyForLongerThanTheOverload) {
  Watched it({.least = 2, .step = 3}, 10, 2);
  EXPECT_EQ(it.looks(3, 2), 0);
  EXPECT_EQ(it.look(2), 3);
  EXPECT_EQ(it.looks(3, 5), 0);
  EXPECT_EQ(it.look(5), 3);
}

TEST(CheaperSpare, NeverHasMoreThanThereMayBe) {
  Watched it({.least = 1, .step = 3, .overload = 0}, 5, 1);
  it.looks(10, 5);
  EXPECT_EQ(it.workers(), 5u);
}

TEST(CheaperSpare, OneFreeWorkerIsLeftAlone) {
  Watched it({.least = 2}, 10, 7);
  EXPECT_EQ(it.looks(60, 6), 0);
}

TEST(CheaperSpare, LetsOneGoAtATimeDownToTheLeast) {
  Watched it({.least = 2}, 10, 5);
  EXPECT_EQ(it.look(0), 0);
  EXPECT_EQ(it.look(0), 0);
  EXPECT_EQ(it.look(0), -1);
  EXPECT_EQ(it.looks(60, 0), -2);
  EXPECT_EQ(it.workers(), 2u);
}

TEST(CheaperBacklog, FollowsWhatWaits) {
  Watched it({.least = 1, .step = 2, .algorithm = CheaperAlgorithm::kBacklog}, 8, 1);
  EXPECT_EQ(it.look(1, 3), 0);
  EXPECT_EQ(it.look(1, 4), 2);
  EXPECT_EQ(it.look(1, 100), 2);
  EXPECT_EQ(it.look(1, 0), -1);
  EXPECT_EQ(it.looks(10, 1), -3);
}

TEST(CheaperManual, DoesNothing) {
  Watched it({.least = 1, .algorithm = CheaperAlgorithm::kManual}, 8, 4);
  EXPECT_EQ(it.looks(20, 4, 100), 0);
  EXPECT_EQ(it.looks(20, 0), 0);
}

TEST(CheaperMemory, TheSoftLimitStopsGrowthAndTheHardOneTakesAway) {
  Watched it({.least = 1, .overload = 0, .rss_soft_bytes = 1000, .rss_hard_bytes = 2000}, 8, 2);
  EXPECT_EQ(it.look(2, 0, 1000), 0);
  EXPECT_EQ(it.look(2, 0, 999), 1);
  EXPECT_EQ(it.look(3, 0, 2000), -1);
  EXPECT_EQ(it.said().size(), 1u);
  EXPECT_EQ(it.look(2, 0, 2000), -1);
  EXPECT_EQ(it.look(1, 0, 2000), 0);  // The last one stays.
}

CheaperSettings busyness(std::uint32_t least) {
  CheaperSettings settings{.least = least, .algorithm = CheaperAlgorithm::kBusyness, .overload = 2};
  settings.busyness.multiplier = 3;
  return settings;
}

TEST(CheaperBusyness, GrowsWhenTheWorkersAreBusyForMoreThanTheMost) {
  Watched it(busyness(2), 4, 2);
  EXPECT_EQ(it.looks(2, 2), 0);
  EXPECT_EQ(it.look(2), 1);
  EXPECT_EQ(it.looks(20, 4), 1);
  EXPECT_EQ(it.workers(), 4u);
}

TEST(CheaperBusyness, ARequestThatOutlastsTheCycleIsBusyness) {
  Cheaper cheaper(busyness(1), 4);
  int change = 0;
  for (int i = 0; i < 3; ++i) change += cheaper.look({.now = seconds(i), .workers = {{1, true, 0}}}).change;
  EXPECT_EQ(change, 1);
}

TEST(CheaperBusyness, LetsOneGoAfterTheMultiplierAndTheSecondAsLate) {
  Watched it(busyness(1), 4, 3);
  EXPECT_EQ(it.looks(6, 0), 0);
  EXPECT_EQ(it.look(0), -1);
  EXPECT_EQ(it.looks(5, 0), 0);
  EXPECT_EQ(it.look(0), -1);
  EXPECT_EQ(it.looks(60, 0), 0);
}

TEST(CheaperBusyness, BetweenTheLimitsNothingChanges) {
  Watched it(busyness(1), 4, 3);
  EXPECT_EQ(it.looks(100, 3, 0, 40), 0);
}

TEST(CheaperBusyness, AWorkerThatHadGoneTooEarlyMakesTheNextOneWaitLonger) {
  Watched it(busyness(1), 4, 3);
  it.looks(7, 0);  // One has gone.
  EXPECT_EQ(it.looks(2, 2), 1);
  // Three cycles and the penalty of two.
  EXPECT_EQ(it.looks(9, 0), 0);
  EXPECT_EQ(it.looks(2, 0), -1);
}

TEST(CheaperBusyness, ManyWaitingRequestsAreAnEmergencyAtEveryLook) {
  CheaperSettings settings = busyness(1);
  settings.busyness.backlog_step = 2;
  Watched it(settings, 4, 1);
  EXPECT_EQ(it.look(0, 33), 0);
  EXPECT_EQ(it.look(0, 34), 2);
  EXPECT_EQ(it.look(0, 34), 1);
  EXPECT_EQ(it.look(0, 34), 0);
}

TEST(CheaperBusyness, AFewThatWaitForLongAreOneToo) {
  CheaperSettings settings = busyness(1);
  settings.busyness.backlog_nonzero_seconds = 10;
  Watched it(settings, 4, 1);
  EXPECT_EQ(it.looks(10, 0, 1), 0);
  EXPECT_EQ(it.look(0, 1), 1);
}

}  // namespace
}  // namespace tierce::supervise

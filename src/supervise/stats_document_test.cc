#include "supervise/stats_document.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace tierce::supervise {
namespace {

Stats two_workers() {
  Stats stats;
  stats.version = "1.2";
  stats.sockets.push_back({"127.0.0.1:80", "http", 3, 100});
  WorkerStats busy;
  busy.id = 1;
  busy.pid = 77;
  busy.totals = {.requests = 10, .exceptions = 2, .bytes_sent = 4000, .running_ns = 5'000'999};
  busy.of_this_life.requests = 4;
  busy.average_ns = 1500;
  busy.threads = {{4, true}, {0, false}};
  WorkerStats nobody;
  nobody.id = 2;
  stats.workers = {busy, nobody};
  return stats;
}

TEST(StatsDocument, SpeaksInMicrosecondsAndAddsUp) {
  const auto json = nlohmann::json::parse(stats_text(two_workers(), {}));
  EXPECT_EQ(json["listen_queue"], 3);
  const auto& worker = json["workers"][0];
  EXPECT_EQ(worker["requests"], 10);
  EXPECT_EQ(worker["delta_requests"], 4);
  EXPECT_EQ(worker["running_time"], 5000);
  EXPECT_EQ(worker["avg_rt"], 1);
  EXPECT_EQ(worker["cores"].size(), 2u);
  EXPECT_EQ(worker["cores"][0]["in_request"], 1);
}

TEST(StatsDocument, NamesTheStatusAsTheRealOneDoes) {
  Stats stats = two_workers();
  auto json = nlohmann::json::parse(stats_text(stats, {}));
  EXPECT_EQ(json["workers"][0]["status"], "busy");
  EXPECT_EQ(json["workers"][1]["status"], "cheap");
  EXPECT_TRUE(json["workers"][1]["apps"].empty());
  stats.workers[0].threads[0].in_request = false;
  json = nlohmann::json::parse(stats_text(stats, {}));
  EXPECT_EQ(json["workers"][0]["status"], "idle");
  stats.paused = true;
  json = nlohmann::json::parse(stats_text(stats, {}));
  EXPECT_EQ(json["workers"][0]["status"], "pause");
}

TEST(StatsDocument, TakesAnyBytesForACommand) {
  Stats stats = two_workers();
  stats.daemons.push_back({"echo \"\xff\"\n", 5, 1});
  const std::string text = stats_text(stats, {.minified = true});
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(text)["daemons"][0]["respawns"], 1);
}

TEST(StatsDocument, LeavesOutWhatIsNotWanted) {
  const auto json = nlohmann::json::parse(stats_text(two_workers(), {.minified = true, .without_threads = true}));
  EXPECT_FALSE(json["workers"][0].contains("cores"));
  EXPECT_FALSE(json.contains("daemons"));
  EXPECT_FALSE(json.contains("crons"));
}

TEST(MemoryUse, IsReadOfALivingProcessAndZeroOfNone) {
  const MemoryUse own = memory_use(::getpid());
  EXPECT_GT(own.rss_bytes, 100'000u);
  EXPECT_GT(own.vsz_bytes, own.rss_bytes);
  EXPECT_EQ(memory_use(0x3fffffff).rss_bytes, 0u);
}

}  // namespace
}  // namespace tierce::supervise

#include "edge/exchange.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "edge/test_worker.h"

namespace tierce::edge {
namespace {

struct Written {
  bool fits;
  gateway::RequestMeta meta;
  std::vector<char> area;
  std::string_view head() const { return {area.data() + meta.head_at, meta.head.head_bytes}; }
  std::string_view body() const { return {area.data() + meta.body_at, static_cast<std::size_t>(meta.body_bytes)}; }
};

Written write(const Exchange& exchange, std::size_t area_bytes = 4096) {
  Written written{.fits = false, .meta = {}, .area = std::vector<char>(area_bytes + 64, '#')};
  written.fits = exchange.write_request(written.meta, written.area.data(), area_bytes);
  EXPECT_EQ(std::string(64, '#'), std::string(written.area.end() - 64, written.area.end())) << "beyond the area";
  return written;
}

constexpr std::string_view kPost = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";

TEST(Exchange, WritesHeadAndBodyThatCameTogether) {
  TestClient client(9, std::string(kPost) + "bodyGET /next");
  client.exchange.body_in_buffer = true;
  client.exchange.body_bytes = 4;
  const Written written = write(client.exchange);
  ASSERT_TRUE(written.fits);
  EXPECT_EQ(written.head(), kPost);
  EXPECT_EQ(written.body(), "body");
  EXPECT_EQ(written.meta.request_id, 9u);
  EXPECT_FALSE(written.meta.body_in_file);
}

TEST(Exchange, WritesABodyThatWasCollected) {
  TestClient client(1, kPost);
  client.exchange.body_memory = "kept";
  client.exchange.body_bytes = 4;
  EXPECT_EQ(write(client.exchange).body(), "kept");
}

TEST(Exchange, FitsToTheLastByteAndNotOneLess) {
  TestClient client(1, kPost);
  client.exchange.body_memory = "kept";
  client.exchange.body_bytes = 4;
  const std::size_t needed = 2 * sizeof(http::HeaderField) + kPost.size() + 4;
  EXPECT_TRUE(write(client.exchange, needed).fits);
  for (std::size_t bytes = 0; bytes < needed; ++bytes) EXPECT_FALSE(write(client.exchange, bytes).fits) << bytes;
}

TEST(Exchange, KeepsTheHeadAndWhatFollowsWhenTheStoredBodyGoes) {
  TestClient client(1, std::string(kPost) + "bodyGET /next");
  client.exchange.used += 4;
  client.exchange.drop_stored_body();
  EXPECT_EQ(client.exchange.in.view(), std::string(kPost) + "GET /next");
  EXPECT_EQ(client.exchange.used, kPost.size());
}

TEST(Exchange, LeavesTheNextRequestInTheBuffer) {
  TestClient client(1, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /next");
  client.exchange.body_memory = "x";
  client.exchange.finish();
  EXPECT_EQ(client.exchange.in.view(), "GET /next");
  EXPECT_TRUE(client.exchange.body_memory.empty());
  EXPECT_EQ(client.exchange.body_file(), -1);
}

TEST(Exchange, FindsAFieldWhateverItsCase) {
  TestClient client(1, "GET / HTTP/1.1\r\nHost: a\r\nUser-AGENT: curl\r\n\r\n");
  EXPECT_EQ(client.exchange.field("user-agent"), "curl");
  EXPECT_EQ(client.exchange.field("referer"), "");
}

TEST(Exchange, PrintsItsNumberInSixteenDigits) {
  TestClient client(0x1f);
  EXPECT_EQ(client.exchange.id_text(), "000000000000001f");
}

TEST(Exchange, IsNamedInALogByAReadableLength) {
  EXPECT_EQ(TestClient(1, "GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n").exchange.label(), "GET /a?b");
  const std::string label =
      TestClient(1, "GET /" + std::string(5000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n").exchange.label();
  EXPECT_LT(label.size(), 220u);
  EXPECT_TRUE(label.ends_with("...")) << label;
}

TEST(Exchange, EveryFateIsDescribed) {
  const config::EdgeSettings settings;
  for (const Fate fate : {Fate::kWaiting, Fate::kWorkerDied, Fate::kTimedOut, Fate::kShed, Fate::kQueueFull,
                          Fate::kNoWorkers, Fate::kNonsense}) {
    EXPECT_NE(describe(fate, settings), "") << static_cast<int>(fate);
  }
}

}  // namespace
}  // namespace tierce::edge

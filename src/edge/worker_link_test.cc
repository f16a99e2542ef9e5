#include "edge/worker_link.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "edge/test_worker.h"
#include "os/socket_io.h"

namespace tierce::edge {
namespace {

constexpr gateway::MailboxShape kFourSlots = {.slots = 4, .request_bytes = 8192, .response_bytes = 4096};

// A request whose body is in a file.
std::unique_ptr<TestClient> upload(std::uint64_t id, std::string_view body) {
  auto client = std::make_unique<TestClient>(id);
  client->exchange.body_file_ = os::temporary_file("/tmp");
  EXPECT_TRUE(os::write_all(client->exchange.body_file(), body.data(), body.size()));
  client->exchange.body_bytes = body.size();
  return client;
}

std::string contents(const os::UniqueFd& file) {
  char bytes[64];
  const ssize_t got = ::pread(file.get(), bytes, sizeof bytes, 0);
  return got < 0 ? "no file" : std::string(bytes, static_cast<std::size_t>(got));
}

TEST(WorkerLink, TheWorkerFindsTheRequestAsItWasReceived) {
  TestWorker worker;
  const auto link = worker.link();
  TestClient client(7, "GET /a?b=c HTTP/1.1\r\nHost: example\r\n\r\n");
  ASSERT_TRUE(link->give(client.exchange, 1));
  const auto slot = worker.take(2);
  ASSERT_TRUE(slot);
  const gateway::RequestMeta& meta = worker.mailbox.slot(*slot).request;
  const char* head = worker.mailbox.request_area(*slot) + meta.head_at;
  EXPECT_EQ(meta.request_id, 7u);
  EXPECT_EQ(meta.head.target.in(head), "/a?b=c");
  const auto* fields = reinterpret_cast<const http::HeaderField*>(worker.mailbox.request_area(*slot));
  ASSERT_EQ(meta.head.field_count, 1u);
  EXPECT_EQ(fields[0].value.in(head), "example");
}

TEST(WorkerLink, ABodyInAFileComesWithItsRequest) {
  TestWorker worker;
  const auto link = worker.link();
  const auto client = upload(1, "a body");
  ASSERT_TRUE(link->give(client->exchange, 1));
  const auto slot = worker.take(2);
  ASSERT_TRUE(slot);
  EXPECT_TRUE(worker.mailbox.slot(*slot).request.body_in_file);
  EXPECT_EQ(contents(worker.descriptors->receive(*slot)), "a body");
}

TEST(WorkerLink, ARequestThatFoundNoRoomLeavesNoBodyForTheNext) {
  TestWorker worker(1, 1, kFourSlots);
  const auto link = worker.link();
  for (int i = 0; i < 8; ++i) {  // Entries of requests taken back fill the ring.
    TestClient passing;
    ASSERT_TRUE(link->give(passing.exchange, 1));
    passing.exchange.let_go();
  }
  const auto first = upload(1, "somebody's secret");
  EXPECT_FALSE(link->give(first->exchange, 1));
  EXPECT_FALSE(worker.take(2));
  const auto second = upload(2, "mine");
  ASSERT_TRUE(link->give(second->exchange, 3));
  const auto slot = worker.take(4);
  ASSERT_TRUE(slot);
  EXPECT_EQ(contents(worker.descriptors->receive(*slot)), "mine");
}

TEST(WorkerLink, TakesBackTheNewestFirst) {
  TestWorker worker;
  const auto link = worker.link();
  TestClient a(1), b(2), c(3);
  for (TestClient* client : {&a, &b, &c}) ASSERT_TRUE(link->give(client->exchange, 1));
  const auto back = link->recall(2);
  EXPECT_EQ(back, (std::vector<Exchange*>{&c.exchange, &b.exchange}));
  EXPECT_EQ(link->outstanding(), 1u);
  EXPECT_EQ(c.exchange.link(), nullptr);
}

TEST(WorkerLink, TakesBackNothingThatRuns) {
  TestWorker worker;
  const auto link = worker.link();
  TestClient a(1), b(2);
  ASSERT_TRUE(link->give(a.exchange, 1));
  ASSERT_TRUE(link->give(b.exchange, 1));
  ASSERT_TRUE(worker.take(2));
  EXPECT_EQ(link->recall(2), std::vector<Exchange*>{&b.exchange});
  EXPECT_EQ(link->outstanding(), 1u);
}

TEST(WorkerLink, KnowsTheAgeOfTheOldestThatWaits) {
  TestWorker worker;
  const auto link = worker.link();
  EXPECT_EQ(link->oldest_queued_ns(50), 0u);
  TestClient a(1), b(2);
  ASSERT_TRUE(link->give(a.exchange, 10));
  ASSERT_TRUE(link->give(b.exchange, 20));
  EXPECT_EQ(link->oldest_queued_ns(50), 40u);
  ASSERT_TRUE(worker.take(30));
  EXPECT_EQ(link->oldest_queued_ns(50), 30u);
  ASSERT_TRUE(worker.take(30));
  EXPECT_EQ(link->oldest_queued_ns(50), 0u);
}

TEST(WorkerLink, ExpectsNoWaitWhileAThreadIsFree) {
  TestWorker worker(1, 2);
  const auto link = worker.link();
  TestClient a(1), b(2);
  ASSERT_TRUE(link->give(a.exchange, 1));
  EXPECT_EQ(link->expected_wait_ns(), 0u);
  ASSERT_TRUE(link->give(b.exchange, 1));
  EXPECT_GT(link->expected_wait_ns(), 100'000'000u) << "nothing is known of its pace";
}

TEST(WorkerLink, NoSlotIsLostHoweverItsExchangeEnds) {
  TestWorker worker(1, 1, kFourSlots);
  const auto link = worker.link();
  for (int round = 0; round < 40; ++round) {
    TestClient client;
    ASSERT_TRUE(link->give(client.exchange, 1)) << round;
    if (round % 4 == 0) {
      client.exchange.let_go();  // Before it was started.
      EXPECT_FALSE(worker.take(2));
      continue;
    }
    const auto slot = worker.take(2);
    ASSERT_TRUE(slot);
    if (round % 4 == 1) client.exchange.let_go();  // While it runs.
    worker.respond(*slot, 3);
    if (round % 4 == 2) link->note_answered(*slot);
    client.exchange.let_go();
    link->collect(*slot);
    link->collect(*slot);
    EXPECT_EQ(link->outstanding(), 0u);
    EXPECT_EQ(link->held(), 0u);
  }
}

// --- what a worker that has been taken over may write ---

TEST(WorkerLink, BooksHoldWhateverStandsInTheSlotsWord) {
  for (const std::uint32_t before : {0u, 1u, 2u, 3u, 7u, 0x101u, 0xffffffffu}) {
    for (const std::uint32_t after : {0u, 1u, 2u, 3u, 7u, 0x101u, 0xffffffffu}) {
      TestWorker worker;
      const auto link = worker.link();
      TestClient client;
      ASSERT_TRUE(link->give(client.exchange, 1));
      const std::uint32_t slot = client.exchange.slot();
      worker.mailbox.slot(slot).word = before;
      link->collect(slot);
      link->note_answered(slot);
      worker.mailbox.slot(slot).word = after;
      link->recall(8);
      client.exchange.let_go();
      link->collect(slot);
      EXPECT_LE(link->outstanding(), 1u) << before << ' ' << after;
      EXPECT_EQ(link->held(), 0u);
      EXPECT_EQ(client.exchange.link(), nullptr);
      // What is left of the slots can be given, and each of them once.
      std::vector<std::unique_ptr<TestClient>> others;
      std::vector<std::uint32_t> given;
      while (!link->full()) {
        others.push_back(std::make_unique<TestClient>());
        ASSERT_TRUE(link->give(others.back()->exchange, 2));
        given.push_back(others.back()->exchange.slot());
      }
      std::sort(given.begin(), given.end());
      EXPECT_EQ(std::adjacent_find(given.begin(), given.end()), given.end()) << before << ' ' << after;
      EXPECT_GE(given.size(), 7u);
    }
  }
}

TEST(WorkerLink, TimesThatCannotBeDoNotOverflow) {
  TestWorker worker;
  const auto link = worker.link();
  TestClient client;
  ASSERT_TRUE(link->give(client.exchange, 1));
  const auto slot = worker.take(2);
  ASSERT_TRUE(slot);
  worker.mailbox.slot(*slot).started_ns = 1;
  worker.answer(*slot, ~0ull);
  client.exchange.let_go();
  EXPECT_LE(link->service_ns(), 3'600'000'000'000u);
  std::vector<std::unique_ptr<TestClient>> others;
  for (int i = 0; i < 8; ++i) {
    others.push_back(std::make_unique<TestClient>());
    const std::uint64_t before = link->expected_wait_ns();
    ASSERT_TRUE(link->give(others.back()->exchange, 3));
    EXPECT_GT(link->expected_wait_ns(), before);
  }
}

TEST(WorkerLink, WhoComesNextClearsWhatAnEdgeThatIsGoneHasLeft) {
  TestWorker worker(1, 4, kFourSlots);
  auto before = worker.link();
  TestClient answered(1), running(2), queued(3);
  for (TestClient* client : {&answered, &running, &queued}) ASSERT_TRUE(before->give(client->exchange, 1));
  worker.serve(2, 1);
  const auto begun = worker.take(3);
  ASSERT_TRUE(begun);
  before.reset();

  auto ends = os::MessageChannel::pair(true);
  auto region =
      std::make_shared<gateway::Region>(std::move(*gateway::Region::map(os::UniqueFd(::dup(worker.region.fd())))));
  WorkerLink next(1, 1001, 4, region, 0, std::move(ends->first));
  next.adopt();
  EXPECT_EQ(next.outstanding(), 1u);
  // What had not begun never will.
  EXPECT_FALSE(worker.take(4));
  TestClient first(4), second(5), third(6), fourth(7);
  EXPECT_TRUE(next.give(first.exchange, 5));
  EXPECT_TRUE(next.give(second.exchange, 5));
  EXPECT_TRUE(next.give(third.exchange, 5));
  EXPECT_FALSE(next.give(fourth.exchange, 5));
  // The last place comes back when the worker is through with what it had begun.
  worker.respond(*begun, 6);
  next.collect(*begun);
  EXPECT_TRUE(next.give(fourth.exchange, 7));
  for (TestClient* client : {&first, &second, &third, &fourth}) client->exchange.let_go();
}

}  // namespace
}  // namespace tierce::edge

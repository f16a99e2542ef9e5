#include "edge/dispatcher.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "edge/test_worker.h"

namespace tierce::edge {
namespace {

using gateway::State;
using namespace std::chrono_literals;

constexpr std::uint64_t kUs = 1000, kMs = 1'000'000, kSecond = 1'000'000'000;

class DispatcherTest : public testing::Test {
 protected:
  DispatcherTest() {
    settings.request_timeout = 10s;
    settings.queue_timeout = 2s;
    settings.queue_limit = 16;
    timers.advance(now);
  }

  TestWorker& attach(std::uint32_t threads = 1, const gateway::MailboxShape& shape = kTestShape) {
    const auto id = static_cast<std::uint32_t>(workers.size() + 1);
    workers.push_back(std::make_unique<TestWorker>(id, threads, shape));
    dispatcher.attach(workers.back()->link());
    return *workers.back();
  }
  // One whose hub has looked at all there is.
  TestWorker& attach_hub(std::uint32_t greenlets = 4) {
    const auto id = static_cast<std::uint32_t>(workers.size() + 1);
    workers.push_back(std::make_unique<TestWorker>(id, greenlets, kTestShape));
    dispatcher.attach(workers.back()->link(RunsIn::kGreenlets));
    gateway::Bell(workers.back()->region.page()).announce_hub();
    return *workers.back();
  }
  TestClient& submit(std::string_view request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n") {
    clients.push_back(std::make_unique<TestClient>(clients.size() + 1, request));
    dispatcher.submit(clients.back()->exchange, now);
    return *clients.back();
  }
  void turn() {
    dispatcher.collect();
    dispatcher.hand_out(now);
    dispatcher.wake_workers();
  }
  void pass(std::uint64_t ns) {
    now += ns;
    timers.advance(now);
  }
  // As a connection does when its answer is sent or its client has gone.
  void leave(TestClient& client) { dispatcher.forget(client.exchange); }
  // Lets the worker answer one request at a time until its pace is known.
  void teach(TestWorker& worker, std::uint64_t service_ns) {
    TestClient& client = submit();
    worker.serve(now, service_ns);
    dispatcher.collect();
    leave(client);
  }
  static bool in_worker(const TestClient& client) { return client.exchange.link() != nullptr; }
  static std::uint32_t worker_of(const TestClient& client) {
    return client.exchange.link() == nullptr ? 0 : client.exchange.link()->id();
  }

  std::uint64_t now = 1000 * kSecond;
  config::EdgeSettings settings;
  TimerWheel timers;
  std::vector<std::uint32_t> drained;
  struct Late {
    std::uint32_t worker, thread;
    std::uint64_t request;
  };
  std::vector<Late> late;
  std::vector<std::string> lines;
  std::vector<std::unique_ptr<TestWorker>> workers;
  std::vector<std::unique_ptr<TestClient>> clients;
  Dispatcher dispatcher{settings,
                        timers,
                        {.drained = [this](std::uint32_t worker) { drained.push_back(worker); },
                         .timed_out =
                             [this](std::uint32_t worker, std::uint32_t thread, std::uint64_t request) {
                               late.push_back({worker, thread, request});
                             },
                         .log = [this](os::LogLevel, std::string text) { lines.push_back(std::move(text)); }}};
};

// --- who gets what ---

TEST_F(DispatcherTest, GivesARequestToAnIdleWorkerAtOnce) {
  TestWorker& worker = attach();
  TestClient& client = submit();
  EXPECT_TRUE(in_worker(client));
  EXPECT_EQ(dispatcher.queued(), 0u);
  const auto slot = worker.take(now);
  ASSERT_TRUE(slot);
  EXPECT_EQ(worker.request_of(*slot), client.exchange.id);
}

TEST_F(DispatcherTest, TellsTheClientWhenTheAnswerIsThere) {
  TestWorker& worker = attach();
  TestClient& client = submit();
  turn();
  EXPECT_EQ(client.told, 0);
  worker.serve(now, kMs);
  dispatcher.collect();
  EXPECT_EQ(client.told, 1);
  EXPECT_EQ(client.exchange.fate, Fate::kWaiting);
}

TEST_F(DispatcherTest, NeverQueuesBehindABusyWorkerWhileAnotherIsIdle) {
  attach();
  attach();
  TestClient& a = submit();
  TestClient& b = submit();
  EXPECT_NE(worker_of(a), worker_of(b));
  EXPECT_NE(worker_of(b), 0u);
}

TEST_F(DispatcherTest, PrefersAnIdleWorkerToFreeThreadsOfABusyOne) {
  // The threads of one worker share an interpreter: both asleep, so the second request is worth a wake-up.
  TestWorker& first = attach(4);
  TestWorker& second = attach(4);
  first.region.page().sleepers = 4;
  second.region.page().sleepers = 4;
  TestClient& a = submit();
  TestClient& b = submit();
  EXPECT_NE(worker_of(a), worker_of(b));
}

TEST_F(DispatcherTest, KeepsARequestWhileItDoesNotKnowHowFastABusyWorkerIs) {
  attach();
  submit();
  TestClient& second = submit();
  EXPECT_FALSE(in_worker(second));
  EXPECT_EQ(dispatcher.queued(), 1u);
}

TEST_F(DispatcherTest, GivesAFastWorkerMoreThanItsThreadsCanRun) {
  TestWorker& worker = attach();
  teach(worker, 100 * kUs);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(in_worker(submit()));
}

TEST_F(DispatcherTest, GivesASlowWorkerNoMoreThanItsThreadsCanRun) {
  TestWorker& worker = attach(2);
  teach(worker, 5 * kMs);
  EXPECT_TRUE(in_worker(submit()));
  EXPECT_TRUE(in_worker(submit()));
  EXPECT_FALSE(in_worker(submit()));
}

TEST_F(DispatcherTest, HandsOutInTheOrderOfArrival) {
  TestWorker& worker = attach();
  for (int i = 0; i < 4; ++i) submit();
  for (std::uint64_t id = 1; id <= 4; ++id) {
    turn();
    const auto slot = worker.take(now);
    ASSERT_TRUE(slot);
    EXPECT_EQ(worker.request_of(*slot), id);
    worker.respond(*slot, now + 5 * kMs);
  }
}

TEST_F(DispatcherTest, WhatWaitsIsGivenToAWorkerThatComes) {
  TestClient& client = submit();
  EXPECT_EQ(dispatcher.queued(), 1u);
  attach();
  turn();
  EXPECT_TRUE(in_worker(client));
}

TEST_F(DispatcherTest, AWorkerWithoutRoomDoesNotHoldUpTheOthers) {
  // The first takes nothing out of its ring: clients that came and left have filled it.
  attach(1, {.slots = 4, .request_bytes = 4096, .response_bytes = 4096});
  for (int i = 0; i < 8; ++i) leave(submit());
  attach();
  TestClient& client = submit();
  turn();
  EXPECT_EQ(worker_of(client), 2u);
}

TEST_F(DispatcherTest, AsksAWorkerWithoutRoomAgain) {
  TestWorker& worker = attach(1, {.slots = 4, .request_bytes = 4096, .response_bytes = 4096});
  for (int i = 0; i < 8; ++i) leave(submit());
  TestClient& client = submit();
  turn();
  EXPECT_FALSE(in_worker(client));
  EXPECT_TRUE(dispatcher.must_watch()) << "nothing else would bring the loop back: room is not announced";
  EXPECT_FALSE(worker.take(now));  // Passes over what was recalled.
  turn();
  EXPECT_TRUE(in_worker(client));
  EXPECT_FALSE(dispatcher.must_watch());
}

// --- taken back ---

TEST_F(DispatcherTest, TakesBackWhatAStalledWorkerHasNotStarted) {
  TestWorker& stalled = attach();
  teach(stalled, 100 * kUs);
  submit();
  TestClient& waits = submit();
  ASSERT_TRUE(in_worker(waits));
  ASSERT_TRUE(stalled.take(now));
  EXPECT_TRUE(dispatcher.must_watch());
  dispatcher.check_stalls(now);
  EXPECT_TRUE(in_worker(waits)) << "it has not been long";
  pass(5 * kMs);
  dispatcher.check_stalls(now);
  EXPECT_FALSE(in_worker(waits));
  EXPECT_EQ(dispatcher.queued(), 1u);
  attach();
  turn();
  EXPECT_EQ(worker_of(waits), 2u);
}

TEST_F(DispatcherTest, LeavesWhatIsQueuedWithAWorkerThatGetsOn) {
  TestWorker& worker = attach();
  teach(worker, 100 * kUs);
  for (int i = 0; i < 3; ++i) submit();
  TestClient& last = *clients.back();
  for (int i = 0; i < 2; ++i) {
    pass(5 * kMs);
    worker.serve(now, 100 * kUs);
    dispatcher.collect();
    dispatcher.check_stalls(now);
    EXPECT_TRUE(in_worker(last));
  }
}

TEST_F(DispatcherTest, AnIdleWorkerIsGivenHalfOfWhatAnotherHasQueued) {
  TestWorker& loaded = attach();
  teach(loaded, 100 * kUs);
  for (int i = 0; i < 5; ++i) submit();
  ASSERT_TRUE(loaded.take(now));
  pass(kMs);
  attach();
  turn();
  std::map<std::uint32_t, int> count;
  for (const auto& client : clients) ++count[worker_of(*client)];
  EXPECT_EQ(count[2], 2) << "of the four that were queued";
  EXPECT_EQ(count[1], 3);
}

TEST_F(DispatcherTest, DoesNotStealWhatHasJustBeenGiven) {
  TestWorker& loaded = attach();
  teach(loaded, 100 * kUs);
  for (int i = 0; i < 5; ++i) submit();
  pass(100 * kUs);
  attach();
  turn();
  for (std::size_t i = 1; i < clients.size(); ++i) EXPECT_EQ(worker_of(*clients[i]), 1u);
}

// --- limits ---

TEST_F(DispatcherTest, RefusesWhatIsBeyondTheQueueLimit) {
  settings.queue_limit = 2;
  submit();
  submit();
  TestClient& third = submit();
  EXPECT_EQ(third.exchange.fate, Fate::kQueueFull);
  EXPECT_EQ(third.told, 1);
  EXPECT_EQ(dispatcher.queued(), 2u);
}

TEST_F(DispatcherTest, ShedsWhatHasWaitedForTheQueueTimeout) {
  TestClient& client = submit();
  pass(1990 * kMs);
  EXPECT_EQ(client.told, 0);
  pass(50 * kMs);
  EXPECT_EQ(client.exchange.fate, Fate::kShed);
  EXPECT_EQ(client.told, 1);
  EXPECT_EQ(dispatcher.queued(), 0u);
}

TEST_F(DispatcherTest, ShedsWhatAWorkerHasNotStarted) {
  TestWorker& worker = attach();
  TestClient& client = submit();
  pass(2050 * kMs);
  EXPECT_EQ(client.exchange.fate, Fate::kShed);
  EXPECT_FALSE(worker.take(now)) << "it may not run after the client was told 503";
}

TEST_F(DispatcherTest, WithoutAQueueTimeoutItWaits) {
  settings.queue_timeout = 0s;
  TestClient& client = submit();
  pass(1000 * kSecond);
  EXPECT_EQ(client.told, 0);
  EXPECT_EQ(dispatcher.queued(), 1u);
}

TEST_F(DispatcherTest, EndsWhatRunsLongerThanTheRequestTimeoutAndReportsIt) {
  TestWorker& worker = attach(4);
  TestClient& client = submit();
  pass(kSecond);
  ASSERT_TRUE(worker.take(now, 3));
  pass(9990 * kMs);
  EXPECT_EQ(client.exchange.fate, Fate::kWaiting) << "the time in the queue does not count";
  pass(50 * kMs);
  EXPECT_EQ(client.exchange.fate, Fate::kTimedOut);
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0].worker, 1u);
  EXPECT_EQ(late[0].thread, 3u);
  EXPECT_EQ(late[0].request, client.exchange.id);
  pass(100 * kSecond);
  EXPECT_EQ(late.size(), 1u);
}

TEST_F(DispatcherTest, AStreamIsLateOnlyWhenItStandsStill) {
  TestWorker& worker = attach();
  TestClient& client = submit();
  const auto slot = worker.take(now);
  ASSERT_TRUE(slot);
  worker.head(*slot, "200 OK\r\n", -1);
  worker.flags(*slot, gateway::kHeadReady);
  for (int i = 0; i < 5; ++i) {
    worker.mailbox.ring_write(*slot, "x", 1);
    pass(9 * kSecond);
    EXPECT_EQ(client.exchange.fate, Fate::kWaiting) << i;
  }
  pass(30 * kSecond);
  EXPECT_EQ(client.exchange.fate, Fate::kTimedOut);
}

TEST_F(DispatcherTest, AnAnswerThatIsThereIsNeverLate) {
  TestWorker& worker = attach();
  TestClient& client = submit();
  worker.serve(now, kMs);
  pass(100 * kSecond);  // A slow client: the answer is being sent all the while.
  EXPECT_EQ(client.exchange.fate, Fate::kWaiting);
  EXPECT_TRUE(late.empty());
}

TEST_F(DispatcherTest, WhateverAWorkerWritesIntoTheSlotsWordTheRequestEnds) {
  for (const std::uint32_t word : {0u, 4u, 0xffu, 0x1234ff00u, 0xffffffffu}) {
    TestWorker& worker = attach();
    TestClient& client = submit();
    ASSERT_TRUE(in_worker(client));
    worker.mailbox.slot(client.exchange.slot()).word = word;
    for (int i = 0; i < 4; ++i) pass(10 * kSecond);
    EXPECT_EQ(client.exchange.fate, Fate::kTimedOut) << word;
    leave(client);
    dispatcher.bury(static_cast<std::uint32_t>(workers.size()), "died");
    turn();
  }
}

// --- death ---

TEST_F(DispatcherTest, WhatADeadWorkerHadNotStartedRunsElsewhere) {
  TestWorker& dead = attach();
  teach(dead, 100 * kUs);
  for (int i = 0; i < 3; ++i) submit();
  dispatcher.bury(1, "was killed by signal 9");
  EXPECT_EQ(dispatcher.queued(), 3u);
  TestWorker& next = attach();
  for (std::uint64_t id = 2; id <= 4; ++id) {
    turn();
    const auto slot = next.take(now);
    ASSERT_TRUE(slot);
    EXPECT_EQ(next.request_of(*slot), id) << "in the old order";
    next.respond(*slot, now + 5 * kMs);
  }
  for (std::size_t i = 1; i < clients.size(); ++i) EXPECT_EQ(clients[i]->exchange.fate, Fate::kWaiting);
}

TEST_F(DispatcherTest, WhatADeadWorkerRanEndsOnceAndIsNamedInTheLog) {
  TestWorker& worker = attach();
  TestClient& client = submit("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(worker.take(now));
  dispatcher.bury(1, "was killed by signal 9");
  dispatcher.bury(1, "was killed by signal 9");
  EXPECT_EQ(client.exchange.fate, Fate::kWorkerDied);
  EXPECT_EQ(client.told, 1);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("GET /slow"), std::string::npos) << lines[0];
  EXPECT_NE(lines[0].find("was killed by signal 9"), std::string::npos) << lines[0];
  attach();
  leave(client);
  turn();
  EXPECT_FALSE(workers[1]->take(now)) << "never run twice";
}

TEST_F(DispatcherTest, WhatADeadWorkerHadAnsweredIsDelivered) {
  TestWorker& worker = attach();
  TestClient& client = submit();
  const auto slot = worker.take(now);
  ASSERT_TRUE(slot);
  worker.respond(*slot, now);
  worker.mailbox.take_attention([](std::uint32_t) {});  // It died before it could signal.
  dispatcher.bury(1, "died");
  EXPECT_EQ(client.exchange.fate, Fate::kWaiting);
  EXPECT_GE(client.told, 1);
  ASSERT_TRUE(in_worker(client));
  EXPECT_EQ(client.exchange.link()->mailbox().ring_unread(client.exchange.slot()).first, "hello");
  leave(client);
  turn();
}

TEST_F(DispatcherTest, ABodyThatWasCompleteWhenItsWorkerDiedIsDelivered) {
  TestWorker& worker = attach();
  TestClient& client = submit();
  const auto slot = worker.take(now);
  ASSERT_TRUE(slot);
  worker.head(*slot, "200 OK\r\n", 0);
  worker.flags(*slot, gateway::kHeadReady | gateway::kBodyComplete);
  dispatcher.bury(1, "died");
  EXPECT_EQ(client.exchange.fate, Fate::kWaiting);
  pass(1000 * kSecond);
  EXPECT_EQ(client.exchange.fate, Fate::kWaiting) << "a slow client is not the worker's fault";
  EXPECT_TRUE(late.empty());
}

TEST_F(DispatcherTest, ADeadWorkerGetsNothingMore) {
  attach();
  dispatcher.bury(1, "died");
  EXPECT_FALSE(in_worker(submit()));
}

// --- greenlets ---

TEST_F(DispatcherTest, NudgesAHubOnceForAllThatItIsGiven) {
  TestWorker& worker = attach_hub();
  submit();
  submit();
  turn();
  pollfd readable{worker.descriptors->fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&readable, 1, 0), 1);
  submit();
  turn();
  gateway::FdMessage message;
  EXPECT_EQ(::recv(worker.descriptors->fd(), &message, sizeof message, MSG_DONTWAIT),
            static_cast<ssize_t>(sizeof message));
  EXPECT_EQ(::recv(worker.descriptors->fd(), &message, sizeof message, MSG_DONTWAIT), -1) << "it has not looked since";
}

TEST_F(DispatcherTest, WhatWaitsForAHubThatStandsStillRunsElsewhere) {
  TestWorker& still = attach_hub();
  TestClient& blocks = submit();
  turn();
  ASSERT_TRUE(still.take(now));  // And keeps the hub.
  TestClient& waits = submit();
  ASSERT_EQ(worker_of(waits), 1u);
  TestWorker& other = attach_hub();
  turn();
  EXPECT_TRUE(dispatcher.must_watch());
  pass(5 * kMs);
  dispatcher.check_stalls(now);
  EXPECT_EQ(worker_of(waits), 2u);
  EXPECT_EQ(worker_of(blocks), 1u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(worker_of(submit()), 2u) << "it stands still";
  EXPECT_TRUE(other.take(now));
  gateway::Bell(still.region.page()).announce_hub();
  EXPECT_EQ(worker_of(submit()), 1u) << "it turns again";
}

TEST_F(DispatcherTest, AHubThatStandsStillKeepsWhatNobodyElseCanRun) {
  TestWorker& still = attach_hub();
  submit();
  turn();
  ASSERT_TRUE(still.take(now));
  TestClient& waits = submit();
  turn();
  EXPECT_FALSE(dispatcher.must_watch());
  pass(5 * kMs);
  dispatcher.check_stalls(now);
  EXPECT_EQ(worker_of(waits), 1u);
}

TEST_F(DispatcherTest, AHangingHubsRequestsEndAndTheRestRunsElsewhere) {
  TestWorker& hangs = attach_hub();
  TestClient& answered = submit();
  hangs.serve(now, kMs);
  TestClient& runs = submit();
  ASSERT_TRUE(hangs.take(now));
  TestClient& waits = submit();
  dispatcher.hang(1);
  dispatcher.hang(77);
  EXPECT_EQ(answered.exchange.fate, Fate::kWaiting);
  EXPECT_EQ(runs.exchange.fate, Fate::kHangs);
  EXPECT_EQ(waits.exchange.fate, Fate::kWaiting);
  dispatcher.drain(1);
  attach_hub();
  turn();
  EXPECT_EQ(worker_of(waits), 2u);
}

// --- drain ---

TEST_F(DispatcherTest, SaysDrainedAtOnceWhenAWorkerHoldsNothing) {
  attach();
  dispatcher.drain(1);
  turn();
  turn();
  EXPECT_EQ(drained, std::vector<std::uint32_t>{1});
}

TEST_F(DispatcherTest, SaysDrainedOnceAndOnlyWhenNothingIsHeld) {
  TestWorker& worker = attach();
  TestClient& client = submit();
  const auto slot = worker.take(now);
  ASSERT_TRUE(slot);
  dispatcher.drain(1);
  turn();
  EXPECT_TRUE(drained.empty());
  worker.respond(*slot, now);
  turn();
  EXPECT_TRUE(drained.empty()) << "the answer has not been sent";
  leave(client);
  turn();
  EXPECT_EQ(drained, std::vector<std::uint32_t>{1});
  dispatcher.drain(1);
  turn();
  EXPECT_EQ(drained.size(), 1u);
}

TEST_F(DispatcherTest, WhatADrainedWorkerHasNotStartedRunsElsewhere) {
  TestWorker& worker = attach();
  teach(worker, 100 * kUs);
  submit();
  TestClient& queued = submit();
  ASSERT_TRUE(worker.take(now));
  dispatcher.drain(1);
  attach();
  turn();
  EXPECT_EQ(worker_of(queued), 2u);
}

TEST_F(DispatcherTest, SaysDrainedOfAWorkerItDoesNotKnow) {
  dispatcher.drain(77);
  EXPECT_EQ(drained, std::vector<std::uint32_t>{77});
}

// --- trouble ---

TEST_F(DispatcherTest, InTroubleWithoutAWorkerNobodyWaits) {
  TestClient& waits = submit();
  dispatcher.set_trouble(true);
  EXPECT_EQ(waits.exchange.fate, Fate::kNoWorkers);
  EXPECT_EQ(submit().exchange.fate, Fate::kNoWorkers);
  dispatcher.set_trouble(false);
  EXPECT_EQ(submit().exchange.fate, Fate::kWaiting);
}

TEST_F(DispatcherTest, InTroubleAWorkerThatIsLeftStillAnswers) {
  attach();
  dispatcher.set_trouble(true);
  EXPECT_TRUE(in_worker(submit()));
  TestClient& waits = submit();
  EXPECT_EQ(waits.exchange.fate, Fate::kWaiting);
}

TEST_F(DispatcherTest, InTroubleNobodyWaitsForTheLastWorkerThatDied) {
  TestWorker& worker = attach();
  TestClient& runs = submit();
  TestClient& waits = submit();
  ASSERT_TRUE(worker.take(now));
  dispatcher.set_trouble(true);
  dispatcher.bury(1, "died");
  EXPECT_EQ(runs.exchange.fate, Fate::kWorkerDied);
  EXPECT_EQ(waits.exchange.fate, Fate::kNoWorkers);
}

TEST_F(DispatcherTest, InTroubleNobodyWaitsForAWorkerThatGetsNothingMore) {
  TestWorker& worker = attach();
  submit();
  ASSERT_TRUE(worker.take(now));
  dispatcher.drain(1);
  dispatcher.set_trouble(true);
  EXPECT_EQ(submit().exchange.fate, Fate::kNoWorkers);
}

// --- clients that leave ---

TEST_F(DispatcherTest, AClientMayLeaveTheQueue) {
  TestClient& first = submit();
  TestClient& middle = submit();
  TestClient& last = submit();
  leave(middle);
  EXPECT_EQ(dispatcher.queued(), 2u);
  leave(first);
  leave(last);
  EXPECT_EQ(dispatcher.queued(), 0u);
  TestWorker& worker = attach();
  turn();
  EXPECT_FALSE(worker.take(now));
  pass(100 * kSecond);
  EXPECT_EQ(first.told + middle.told + last.told, 0);
}

TEST_F(DispatcherTest, WhatAClientLeftBeforeItWasStartedIsNotRun) {
  TestWorker& worker = attach();
  leave(submit());
  EXPECT_FALSE(worker.take(now));
  EXPECT_TRUE(in_worker(submit()));
}

TEST_F(DispatcherTest, AWorkerWhoseClientLeftIsBusyUntilItAnswers) {
  TestWorker& worker = attach();
  TestClient& client = submit();
  const auto slot = worker.take(now);
  ASSERT_TRUE(slot);
  leave(client);
  EXPECT_NE(worker.mailbox.slot(*slot).abandoned.load(), 0u);
  TestClient& next = submit();
  turn();
  EXPECT_FALSE(in_worker(next));
  worker.answer(*slot, now + 5 * kMs);
  turn();
  EXPECT_TRUE(in_worker(next));
  EXPECT_EQ(client.told, 0);
}

TEST_F(DispatcherTest, AClientMayLeaveAnAnswerItHasNotRead) {
  TestWorker& worker = attach();
  TestClient& client = submit();
  worker.serve(now, kMs);
  leave(client);  // The signal has not been taken.
  turn();
  EXPECT_EQ(client.told, 0);
  for (int i = 0; i < 20; ++i) {
    TestClient& next = submit();
    ASSERT_TRUE(in_worker(next)) << "no slot is lost";
    worker.serve(now, kMs);
    turn();
    leave(next);
  }
}

TEST_F(DispatcherTest, AClientMayLeaveAWorkerThatDied) {
  TestWorker& worker = attach();
  TestClient& client = submit();
  ASSERT_TRUE(worker.take(now));
  client.then = [&](TestClient& self) { leave(self); };
  dispatcher.bury(1, "died");
  EXPECT_EQ(client.told, 1);
  turn();
  EXPECT_FALSE(in_worker(client));
}

TEST_F(DispatcherTest, AClientMayAskAgainFromWithinTheNews) {
  // A pipelining client: its next request is submitted while the dispatcher walks over the dead worker.
  TestWorker& dead = attach(2);
  attach(2);
  TestClient& a = submit();
  TestClient& b = submit();
  TestClient* on_dead = worker_of(a) == 1 ? &a : &b;
  ASSERT_EQ(worker_of(*on_dead), 1u);
  ASSERT_TRUE(dead.take(now));
  on_dead->then = [&](TestClient& self) {
    self.then = nullptr;
    leave(self);
    self.exchange.fate = Fate::kWaiting;
    dispatcher.submit(self.exchange, now);
  };
  dispatcher.bury(1, "died");
  turn();
  EXPECT_EQ(worker_of(*on_dead), 2u);
  EXPECT_EQ(on_dead->exchange.fate, Fate::kWaiting);
}

// --- the books ---

// Thousands of steps chosen by a seed: clients come, leave and read; workers take, answer, die, are drained
// and replaced; time passes. Each request ends once, has run at most once, and gets its own answer.
class Books : public DispatcherTest, public testing::WithParamInterface<unsigned> {
 protected:
  struct Request {
    std::unique_ptr<TestClient> client;
    int ends = 0;
    bool left = false;
    Fate fate = Fate::kWaiting;
  };
  struct Worker {
    std::unique_ptr<TestWorker> worker;
    std::uint32_t id;
    std::set<std::uint32_t> running;
    bool draining = false;
  };

  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }

  void come() {
    const std::uint64_t id = ++last_id_;
    Request& request = requests_[id];
    request.client = std::make_unique<TestClient>(id);
    request.client->then = [this, id](TestClient& client) { look(id, client); };
    open_.insert(id);
    dispatcher.submit(request.client->exchange, now);
  }

  void look(std::uint64_t id, TestClient& client) {
    Request& request = requests_[id];
    ASSERT_FALSE(request.left) << "told after it left: " << id;
    ASSERT_EQ(request.ends, 0) << "told after its end: " << id;
    if (client.exchange.fate == Fate::kWaiting) {
      ASSERT_NE(client.exchange.link(), nullptr) << id;
      const gateway::Mailbox& mailbox = client.exchange.link()->mailbox();
      const gateway::Slot& slot = mailbox.slot(client.exchange.slot());
      if ((slot.response_flags.load() & gateway::kBodyComplete) == 0) return;
      EXPECT_EQ(mailbox.ring_unread(client.exchange.slot()).first, std::to_string(id)) << "another's answer";
      if (pick(4) == 0) return;  // Reads slowly: comes back to it in read_late().
    }
    end(id);
  }

  void end(std::uint64_t id) {
    Request& request = requests_[id];
    ++request.ends;
    request.fate = request.client->exchange.fate;
    open_.erase(id);
    dispatcher.forget(request.client->exchange);
  }

  std::uint64_t any_open() {
    auto at = open_.lower_bound(1 + random_() % last_id_);
    return at == open_.end() ? *open_.begin() : *at;
  }

  void read_late() {
    if (open_.empty()) return;
    const std::uint64_t id = any_open();
    const Exchange& exchange = requests_[id].client->exchange;
    if (exchange.link() == nullptr) return;
    const gateway::Slot& slot = exchange.link()->mailbox().slot(exchange.slot());
    if (gateway::state_of(slot.word.load()) == State::kAnswered) end(id);
  }

  void client_leaves() {
    if (open_.empty()) return;
    const std::uint64_t id = any_open();
    requests_[id].left = true;
    open_.erase(id);
    dispatcher.forget(requests_[id].client->exchange);
  }

  void start_worker() {
    const auto id = ++last_worker_;
    const std::uint32_t threads = 1 + pick(3);
    alive_.push_back({std::make_unique<TestWorker>(id, threads), id, {}, false});
    dispatcher.attach(alive_.back().worker->link());
  }

  void work(Worker& worker) {
    if (pick(2) == 0 && worker.running.size() < 3) {
      if (const auto slot = worker.worker->take(now)) {
        ++runs_[worker.worker->request_of(*slot)];
        worker.running.insert(*slot);
      }
    } else if (!worker.running.empty()) {
      const std::uint32_t slot = *worker.running.begin();
      worker.running.erase(slot);
      worker.worker->respond(slot, now, std::to_string(worker.worker->request_of(slot)));
    }
  }

  void bury(std::size_t index) {
    dispatcher.bury(alive_[index].id, "died");
    buried_.push_back(std::move(alive_[index].worker));
    alive_.erase(alive_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  void step() {
    switch (pick(40)) {
      case 0:
        return client_leaves();
      case 1:
        if (alive_.size() > 1 && pick(10) == 0) bury(pick(static_cast<unsigned>(alive_.size())));
        return;
      case 2:
        if (alive_.size() < 4) start_worker();
        return;
      case 3: {
        Worker& worker = alive_[pick(static_cast<unsigned>(alive_.size()))];
        if (pick(10) != 0 || std::exchange(worker.draining, true)) return;
        return dispatcher.drain(worker.id);
      }
      case 4:
        pass(pick(30) * kMs);
        return;
      case 5:
        return dispatcher.check_stalls(now);
      case 6:
        return read_late();
      default:
        break;
    }
    if (pick(3) == 0) return come();
    if (pick(3) == 0) return turn();
    now += pick(100) * kUs;
    work(alive_[pick(static_cast<unsigned>(alive_.size()))]);
  }

  void finish() {
    dispatcher.drain(0xffffff);
    for (std::size_t i = 0; i < alive_.size(); ++i) {
      if (alive_[i].draining && alive_[i].running.empty()) bury(i--);
    }
    start_worker();
    for (int i = 0; i < 20'000 && !open_.empty(); ++i) {
      work(alive_[pick(static_cast<unsigned>(alive_.size()))]);
      turn();
      read_late();
    }
  }

  std::mt19937 random_{GetParam()};
  std::map<std::uint64_t, Request> requests_;
  std::set<std::uint64_t> open_;
  std::map<std::uint64_t, int> runs_;
  std::vector<Worker> alive_;
  std::vector<std::unique_ptr<TestWorker>> buried_;
  std::uint64_t last_id_ = 0;
  std::uint32_t last_worker_ = 0;
};

TEST_P(Books, NothingIsLostOrDoubled) {
  settings.queue_timeout = 3s;
  start_worker();
  start_worker();
  for (int i = 0; i < 8000 && !HasFatalFailure(); ++i) step();
  finish();
  EXPECT_TRUE(open_.empty()) << open_.size() << " requests wait for ever, the first is " << *open_.begin();
  std::map<Fate, int> fates;
  for (const auto& [id, request] : requests_) {
    EXPECT_EQ(request.ends, request.left ? 0 : 1) << id;
    EXPECT_LE(runs_[id], 1) << "request " << id << " ran twice";
    if (request.left) continue;
    ++fates[request.fate];
    const bool may_have_run = request.fate == Fate::kWaiting || request.fate == Fate::kWorkerDied;
    EXPECT_EQ(runs_[id], may_have_run ? 1 : 0) << id << " ended with " << describe(request.fate, settings);
  }
  EXPECT_GT(fates[Fate::kWaiting], 100) << "answered";
  EXPECT_GT(fates[Fate::kWorkerDied], 0);
  EXPECT_EQ(dispatcher.queued(), 0u);
  for (const std::uint32_t id : std::set<std::uint32_t>(drained.begin(), drained.end())) {
    EXPECT_EQ(std::count(drained.begin(), drained.end(), id), 1) << "worker " << id;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Books, testing::Values(1u, 2u, 3u, 4u, 5u, 6u));

}  // namespace
}  // namespace tierce::edge

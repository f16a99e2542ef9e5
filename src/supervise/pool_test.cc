#include "supervise/pool.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <random>
#include <set>

namespace tierce::supervise {
namespace {

using namespace std::chrono_literals;
using K = Event::Kind;
using A = Action::Kind;

// Drives a pool as the supervisor would, remembering what it asked for.
struct Drive {
  explicit Drive(PoolSettings settings) : pool(settings) { on({.kind = K::kStart}); }

  Actions on(Event event) {
    event.now = now;
    Actions out;
    pool.on(event, out);
    for (const Action& action : out) all.push_back(action);
    return out;
  }
  static std::size_t count(const Actions& actions, A kind) {
    return static_cast<std::size_t>(
        std::count_if(actions.begin(), actions.end(), [&](const Action& a) { return a.kind == kind; }));
  }
  // Confirms every fork asked for in `actions` and makes the workers ready.
  std::vector<std::uint32_t> boot(const Actions& actions) {
    std::vector<std::uint32_t> ids;
    for (const Action& action : actions) {
      if (action.kind != A::kForkWorker) continue;
      on({.kind = K::kForked, .worker = action.worker, .pid = static_cast<std::int32_t>(1000 + action.worker)});
      on({.kind = K::kWorkerReady, .worker = action.worker});
      ids.push_back(action.worker);
    }
    return ids;
  }
  Actions exited(std::uint32_t worker, int status) {
    return on({.kind = K::kWorkerExited, .worker = worker, .status = status});
  }

  TimePoint now = 1000s;
  Pool pool;
  Actions all;
};

TEST(Pool, ForksTheWorkersOnceTheApplicationIsImported) {
  Drive drive({.workers = 3});
  EXPECT_EQ(Drive::count(drive.all, A::kStartZygote), 1u);
  EXPECT_EQ(Drive::count(drive.all, A::kForkWorker), 0u);
  const auto forks = drive.on({.kind = K::kZygoteReady, .generation = 1});
  EXPECT_EQ(Drive::count(forks, A::kForkWorker), 3u);
  drive.boot(forks);
  EXPECT_EQ(Drive::count(drive.all, A::kAttach), 3u);
}

TEST(Pool, EndsWithThreeWhenTheFirstImportFails) {
  Drive drive({.workers = 2});
  drive.on({.kind = K::kZygoteFailed, .generation = 1});
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kZygoteDied, .generation = 1, .status = 3 << 8}), A::kStopEdge), 1u);
  const auto out = drive.on({.kind = K::kEdgeStopped});
  ASSERT_EQ(Drive::count(out, A::kExit), 1u);
  EXPECT_EQ(out.back().status, 3);
}

TEST(Pool, ReplacesADeadWorkerAtOnceAndTellsTheEdge) {
  Drive drive({.workers = 2});
  const auto ids = drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  drive.now += 60s;
  const auto out = drive.exited(ids[0], SIGKILL);
  EXPECT_EQ(Drive::count(out, A::kBury), 1u);
  EXPECT_EQ(Drive::count(out, A::kForkWorker), 1u);
}

TEST(Pool, BacksOffWhenWorkersDieAtOnceAndSaysSoToTheEdge) {
  Drive drive({.workers = 1});
  Actions out = drive.on({.kind = K::kZygoteReady, .generation = 1});
  for (int i = 0; i < 5; ++i) {
    std::uint32_t worker = 0;
    for (const Action& action : out) {
      if (action.kind == A::kForkWorker) worker = action.worker;
    }
    ASSERT_NE(worker, 0u) << i;
    drive.on({.kind = K::kForked, .worker = worker, .pid = 7});
    out = drive.exited(worker, SIGSEGV);
    if (Drive::count(out, A::kForkWorker) == 0) {
      ASSERT_LT(drive.pool.next_deadline(), TimePoint::max());
      EXPECT_GT(drive.pool.next_deadline(), drive.now);
      drive.now = drive.pool.next_deadline();
      out = drive.on({.kind = K::kTick});
    }
  }
  EXPECT_EQ(Drive::count(drive.all, A::kTrouble), 1u);
}

TEST(Pool, ReplacesBeforeItDrainsAWorkerThatWantsToRestart) {
  Drive drive({.workers = 1});
  const auto ids = drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  const auto out = drive.on({.kind = K::kWantsRestart, .worker = ids[0]});
  EXPECT_EQ(Drive::count(out, A::kForkWorker), 1u);
  EXPECT_EQ(Drive::count(out, A::kDrain), 0u);
  drive.boot(out);
  EXPECT_EQ(Drive::count(drive.all, A::kDrain), 1u);
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kDrained, .worker = ids[0]}), A::kTellExit), 1u);
  const auto end = drive.exited(ids[0], 0);
  EXPECT_EQ(Drive::count(end, A::kForkWorker), 0u);
}

// Workers that are used up faster than others boot: there is never a moment when all are fresh.
TEST(Pool, LetsAnOldWorkerGoForEachNewOneThatServes) {
  Drive drive({.workers = 2});
  drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  const auto first = drive.on({.kind = K::kWantsRestart, .worker = 1});
  const auto second = drive.on({.kind = K::kWantsRestart, .worker = 2});
  drive.boot(first);
  EXPECT_EQ(Drive::count(drive.all, A::kDrain), 1u);
  drive.on({.kind = K::kWantsRestart, .worker = 3});
  EXPECT_EQ(Drive::count(drive.all, A::kDrain), 1u) << "two serve, two are wanted";
  drive.boot(second);
  EXPECT_EQ(Drive::count(drive.all, A::kDrain), 2u);
}

TEST(Pool, FinishesAReloadThoughItsWorkersAreUsedUpAtOnce) {
  Drive drive({.workers = 2});
  drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  drive.on({.kind = K::kReload});
  drive.on({.kind = K::kZygoteReady, .generation = 2});
  drive.on({.kind = K::kForked, .worker = 3, .pid = 9});
  drive.on({.kind = K::kWorkerReady, .worker = 3});
  drive.on({.kind = K::kWantsRestart, .worker = 3});
  drive.on({.kind = K::kForked, .worker = 4, .pid = 10});
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kWorkerReady, .worker = 4}), A::kDrain), 2u);
}

TEST(Pool, KeepsTheOldCodeUntilAllOfTheNewServes) {
  Drive drive({.workers = 2});
  drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  drive.on({.kind = K::kReload});
  const auto forks = drive.on({.kind = K::kZygoteReady, .generation = 2});
  ASSERT_EQ(Drive::count(forks, A::kForkWorker), 2u);
  drive.on({.kind = K::kForked, .worker = 3, .pid = 9});
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kWorkerReady, .worker = 3}), A::kDrain), 0u);
  drive.on({.kind = K::kForked, .worker = 4, .pid = 10});
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kWorkerReady, .worker = 4}), A::kDrain), 2u);
  drive.on({.kind = K::kDrained, .worker = 1});
  drive.on({.kind = K::kDrained, .worker = 2});
  drive.exited(1, 0);
  EXPECT_EQ(Drive::count(drive.exited(2, 0), A::kRetireZygote), 1u);
}

TEST(Pool, KeepsTheOldCodeWhenTheNewCannotBeImported) {
  Drive drive({.workers = 2});
  drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  drive.on({.kind = K::kReload});
  drive.on({.kind = K::kZygoteFailed, .generation = 2});
  drive.on({.kind = K::kZygoteDied, .generation = 2, .status = 3 << 8});
  EXPECT_EQ(Drive::count(drive.all, A::kDrain), 0u);
  drive.on({.kind = K::kReload});
  EXPECT_EQ(drive.all.back().kind, A::kStartZygote);
  EXPECT_EQ(drive.all.back().generation, 3u);
}

TEST(Pool, KillsTheWorkerOfARequestOverItsTimeAfterTheOthersHaveFinished) {
  Drive drive({.workers = 1});
  const auto ids = drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  const auto out = drive.on({.kind = K::kTimedOut, .worker = ids[0], .thread = 2, .request = 77});
  EXPECT_EQ(Drive::count(out, A::kDumpStack), 1u);
  EXPECT_EQ(Drive::count(out, A::kDrain), 1u);
  EXPECT_EQ(Drive::count(out, A::kForkWorker), 1u);
  EXPECT_EQ(Drive::count(out, A::kKillWorker), 0u);
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kDrained, .worker = ids[0]}), A::kKillWorker), 0u)
      << "its stack is still being written";
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kDumped, .worker = ids[0]}), A::kKillWorker), 1u);
}

TEST(Pool, ReplacesAWorkerWhoseHubStandsStill) {
  Drive drive({.workers = 1});
  const auto ids = drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  const auto out = drive.on({.kind = K::kTimedOut, .worker = ids[0]});
  EXPECT_EQ(Drive::count(out, A::kDumpStack), 1u);
  EXPECT_EQ(Drive::count(out, A::kForkWorker), 1u);
  drive.on({.kind = K::kDumped, .worker = ids[0]});
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kDrained, .worker = ids[0]}), A::kKillWorker), 1u);
}

TEST(Pool, SparesAHangingWorkerForItsGrace) {
  Drive drive({.workers = 1, .hang_grace = 5s});
  const auto ids = drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  drive.on({.kind = K::kTimedOut, .worker = ids[0], .request = 77});
  drive.on({.kind = K::kDumped, .worker = ids[0]});
  const auto out = drive.on({.kind = K::kDrained, .worker = ids[0]});
  EXPECT_EQ(Drive::count(out, A::kTellExit), 1u) << "it may come to its senses";
  EXPECT_EQ(Drive::count(out, A::kKillWorker), 0u);
  drive.now += 4s;
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kTick}), A::kKillWorker), 0u);
  drive.now += 2s;
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kTick}), A::kKillWorker), 1u);
}

TEST(Pool, AnswersMoreAndFewerWorkers) {
  Drive drive({.workers = 1});
  drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  const auto more = drive.on({.kind = K::kMoreWorkers});
  EXPECT_EQ(Drive::count(more, A::kForkWorker), 1u);
  drive.boot(more);
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kFewerWorkers}), A::kDrain), 1u);
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kFewerWorkers}), A::kDrain), 0u) << "one worker stays";
}

TEST(Pool, StartsAnotherEdgeWithFreshWorkersWhenTheEdgeDies) {
  Drive drive({.workers = 2});
  drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  const auto out = drive.on({.kind = K::kEdgeDied, .status = SIGSEGV});
  EXPECT_EQ(Drive::count(out, A::kStartEdge), 1u);
  EXPECT_EQ(Drive::count(out, A::kTellExit), 2u);
  EXPECT_EQ(Drive::count(out, A::kForkWorker), 2u);
}

TEST(Pool, StopsEdgeThenWorkersThenZygote) {
  Drive drive({.workers = 1});
  const auto ids = drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kStop}), A::kStopEdge), 1u);
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kEdgeStopped}), A::kTellExit), 1u);
  EXPECT_EQ(Drive::count(drive.exited(ids[0], 0), A::kRetireZygote), 1u);
  const auto end = drive.on({.kind = K::kZygoteDied, .generation = 1, .status = 0});
  ASSERT_EQ(Drive::count(end, A::kExit), 1u);
  EXPECT_EQ(end.back().status, 0);
}

TEST(Pool, AsksAgainForAWorkerThatCouldNotBeForked) {
  Drive drive({.workers = 1});
  drive.on({.kind = K::kZygoteReady, .generation = 1});
  const auto out = drive.on({.kind = K::kForkFailed, .worker = 1});
  EXPECT_EQ(Drive::count(out, A::kForget), 1u);
  EXPECT_EQ(Drive::count(out, A::kForkWorker), 0u) << "what was lacking is lacking still";
  ASSERT_LT(drive.pool.next_deadline(), TimePoint::max());
  drive.now = drive.pool.next_deadline();
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kTick}), A::kForkWorker), 1u);
}

TEST(Pool, AsksForManyWorkersInPortions) {
  Drive drive({.workers = 400});
  Actions out = drive.on({.kind = K::kZygoteReady, .generation = 1});
  EXPECT_LE(Drive::count(out, A::kForkWorker), 64u);
  drive.boot(out);
  for (std::size_t i = 0; i < drive.all.size(); ++i) {  // `all` grows while it is read.
    if (drive.all[i].kind != A::kForkWorker || drive.pool.workers().at(drive.all[i].worker).pid != 0) continue;
    drive.boot({drive.all[i]});
  }
  EXPECT_EQ(Drive::count(drive.all, A::kAttach), 400u);
}

TEST(Pool, ReplacesAWorkerOfTheOldCodeWhileTheNewIsImported) {
  Drive drive({.workers = 1});
  const auto ids = drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  drive.now += 60s;
  drive.on({.kind = K::kReload});
  const auto out = drive.exited(ids[0], SIGSEGV);
  ASSERT_EQ(Drive::count(out, A::kForkWorker), 1u) << "an import may take minutes";
  for (const Action& action : out) {
    if (action.kind != A::kForkWorker) continue;
    EXPECT_EQ(action.generation, 1u);
  }
}

TEST(Pool, RecyclesAWorkerOfTheOldCodeWhileTheNewIsImported) {
  Drive drive({.workers = 1});
  const auto ids = drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  drive.on({.kind = K::kReload});
  const auto out = drive.on({.kind = K::kWantsRestart, .worker = ids[0]});
  ASSERT_EQ(Drive::count(out, A::kForkWorker), 1u);
  drive.boot(out);
  EXPECT_EQ(Drive::count(drive.all, A::kDrain), 1u);
}

TEST(Pool, ServesTheFirstCodeWhenAReloadDuringItsImportFails) {
  Drive drive({.workers = 1});
  drive.on({.kind = K::kReload});
  drive.on({.kind = K::kZygoteReady, .generation = 1});
  drive.on({.kind = K::kZygoteFailed, .generation = 2});
  drive.on({.kind = K::kZygoteDied, .generation = 2, .status = 3 << 8});
  EXPECT_EQ(Drive::count(drive.all, A::kForkWorker), 1u);
}

TEST(Pool, GivesAReloadUpWhenLazyImportsOfTheNewCodeFail) {
  Drive drive({.workers = 2});
  drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  drive.now += 60s;
  drive.on({.kind = K::kReload});
  const auto forks = drive.on({.kind = K::kZygoteReady, .generation = 2});
  ASSERT_EQ(Drive::count(forks, A::kForkWorker), 2u);
  for (const std::uint32_t id : {3u, 4u}) {
    drive.on({.kind = K::kForked, .worker = id, .pid = 9});
    drive.on({.kind = K::kWorkerFailed, .worker = id});
    drive.exited(id, 3 << 8);
  }
  drive.now += 60s;
  drive.on({.kind = K::kTick});
  EXPECT_EQ(Drive::count(drive.all, A::kForkWorker), 4u) << "the traceback is shown once a worker, not in a loop";
  EXPECT_EQ(Drive::count(drive.all, A::kDrain), 0u);
  EXPECT_EQ(Drive::count(drive.all, A::kTrouble), 0u);
  EXPECT_EQ(Drive::count(drive.all, A::kRetireZygote), 1u);
}

TEST(Pool, GivesAReloadUpWhenWorkersOfTheNewCodeDieAtOnce) {
  Drive drive({.workers = 1});
  drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  drive.now += 60s;
  drive.on({.kind = K::kReload});
  drive.on({.kind = K::kZygoteReady, .generation = 2});
  for (int i = 0; i < 20; ++i) {
    std::uint32_t booting = 0;
    for (const auto& [id, worker] : drive.pool.workers()) {
      if (worker.generation == 2) booting = id;
    }
    if (booting == 0) {
      drive.now += 20s;
      drive.on({.kind = K::kTick});
      continue;
    }
    drive.on({.kind = K::kForked, .worker = booting, .pid = 9});
    drive.exited(booting, SIGSEGV);
  }
  EXPECT_LE(Drive::count(drive.all, A::kForkWorker), 5u);
  EXPECT_EQ(Drive::count(drive.all, A::kDrain), 0u);
}

// A worker rings the wake-ups of the edge it was forked for.
TEST(Pool, NeverAttachesAWorkerThatWasForkedForAnEdgeThatDied) {
  Drive drive({.workers = 1});
  drive.on({.kind = K::kZygoteReady, .generation = 1});
  const auto out = drive.on({.kind = K::kEdgeDied, .status = SIGSEGV});
  ASSERT_EQ(Drive::count(out, A::kTellExit), 1u);
  drive.on({.kind = K::kForked, .worker = 1, .pid = 9});
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kWorkerReady, .worker = 1}), A::kAttach), 0u);
  drive.on({.kind = K::kForked, .worker = 2, .pid = 10});
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kWorkerReady, .worker = 2}), A::kAttach), 1u);
}

// The two say so on channels of their own.
TEST(Pool, AWorkerThatIsReadyServesOnceItsZygoteHasNamedIt) {
  Drive drive({.workers = 1});
  drive.on({.kind = K::kZygoteReady, .generation = 1});
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kWorkerReady, .worker = 1}), A::kAttach), 0u);
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kForked, .worker = 1, .pid = 9}), A::kAttach), 1u);
}

// Signals go by it: the application could name any process of the machine.
TEST(Pool, TheNumberOfAWorkerStays) {
  Drive drive({.workers = 1});
  drive.on({.kind = K::kZygoteReady, .generation = 1});
  drive.on({.kind = K::kForked, .worker = 1, .pid = 9});
  drive.on({.kind = K::kForked, .worker = 1, .pid = 1});
  drive.on({.kind = K::kWorkerReady, .worker = 1, .pid = 1});
  drive.on({.kind = K::kForked, .worker = 1, .pid = 1});
  EXPECT_EQ(drive.pool.workers().at(1).pid, 9);
}

TEST(Pool, BacksOffWhenTheEdgeDiesAgainAndAgain) {
  Drive drive({.workers = 1});
  drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  drive.now += 60s;
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kEdgeDied, .status = SIGSEGV}), A::kStartEdge), 1u);
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kEdgeDied, .status = SIGSEGV}), A::kStartEdge), 1u);
  const auto again = drive.on({.kind = K::kEdgeDied, .status = SIGSEGV});
  EXPECT_EQ(Drive::count(again, A::kStartEdge), 0u);
  EXPECT_EQ(Drive::count(again, A::kForkWorker), 0u) << "nothing to attach it to";
  ASSERT_LT(drive.pool.next_deadline(), TimePoint::max());
  while (Drive::count(drive.all, A::kStartEdge) < 4 && drive.pool.next_deadline() < TimePoint::max()) {
    drive.now = drive.pool.next_deadline();
    drive.on({.kind = K::kTick});
  }
  EXPECT_EQ(Drive::count(drive.all, A::kStartEdge), 4u);
  EXPECT_EQ(drive.all.back().kind, A::kForkWorker);
}

TEST(Pool, StopsWhileItWaitsToStartAnotherEdge) {
  Drive drive({.workers = 1});
  drive.on({.kind = K::kEdgeDied, .status = SIGSEGV});
  drive.on({.kind = K::kEdgeDied, .status = SIGSEGV});
  drive.on({.kind = K::kStop});
  drive.on({.kind = K::kZygoteDied, .generation = 1, .status = 9});
  drive.on({.kind = K::kEdgeStopped});
  EXPECT_EQ(drive.all.back().kind, A::kExit);
}

TEST(Pool, TellsANewEdgeThatThereIsTrouble) {
  Drive drive({.workers = 1, .reload = true});
  drive.on({.kind = K::kZygoteFailed, .generation = 1});
  drive.on({.kind = K::kZygoteDied, .generation = 1, .status = 3 << 8});
  ASSERT_EQ(Drive::count(drive.all, A::kTrouble), 1u);
  const auto out = drive.on({.kind = K::kEdgeDied, .status = SIGSEGV});
  EXPECT_EQ(Drive::count(out, A::kTrouble), 1u);
}

TEST(Pool, WaitsLongerEachTimeALostZygoteCannotImportAgain) {
  Drive drive({.workers = 1});
  drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  drive.on({.kind = K::kZygoteDied, .generation = 1, .status = SIGKILL});
  TimePoint last{};
  for (int i = 0; i < 6; ++i) {
    const TimePoint pause = drive.pool.next_deadline() - drive.now;
    EXPECT_GT(pause, last) << i;
    last = pause;
    drive.now += pause;
    ASSERT_EQ(Drive::count(drive.on({.kind = K::kTick}), A::kStartZygote), 1u) << i;
    drive.on({.kind = K::kZygoteFailed, .generation = 1});
    drive.on({.kind = K::kZygoteDied, .generation = 1, .status = 3 << 8});
  }
}

TEST(Pool, StopsThoughAWorkerWasNeverForked) {
  Drive drive({.workers = 1});
  drive.on({.kind = K::kZygoteReady, .generation = 1});
  drive.on({.kind = K::kEdgeDied, .status = SIGSEGV});
  drive.on({.kind = K::kZygoteDied, .generation = 1, .status = SIGKILL});
  drive.on({.kind = K::kStop});
  drive.on({.kind = K::kEdgeStopped});
  EXPECT_EQ(drive.all.back().kind, A::kExit);
}

TEST(Pool, StopsAtOnceWithoutWaitingForRequests) {
  Drive drive({.workers = 1});
  const auto ids = drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  const auto out = drive.on({.kind = K::kStopAtOnce});
  ASSERT_EQ(out.back().kind, A::kStopEdge);
  EXPECT_EQ(out.back().status, 0) << "no grace for running requests";
  const auto told = drive.on({.kind = K::kEdgeStopped});
  ASSERT_EQ(told.back().kind, A::kTellExit);
  EXPECT_EQ(told.back().status, 1) << "without finishing what runs";
  EXPECT_LE(drive.pool.next_deadline() - drive.now, 3s);
}

TEST(Pool, TellsTheLastZygoteThatItIsTheLast) {
  Drive drive({.workers = 1});
  const auto ids = drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  drive.on({.kind = K::kReload});
  const auto newer = drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 2}));
  drive.on({.kind = K::kDrained, .worker = ids[0]});
  Actions out = drive.exited(ids[0], 0);
  ASSERT_EQ(Drive::count(out, A::kRetireZygote), 1u);
  EXPECT_EQ(out.back().status, 0) << "a reload is no end";
  drive.on({.kind = K::kZygoteDied, .generation = 1});
  drive.on({.kind = K::kStop});
  drive.on({.kind = K::kEdgeStopped});
  out = drive.exited(newer[0], 0);
  ASSERT_EQ(Drive::count(out, A::kRetireZygote), 1u);
  EXPECT_EQ(out.back().status, 1);
}

TEST(Pool, LetsAllWorkersGoAndTakesThemBack) {
  Drive drive({.workers = 2});
  const auto ids = drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1}));
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kNoWorkers}), A::kDrain), 2u);
  for (const auto id : ids) {
    drive.on({.kind = K::kDrained, .worker = id});
    EXPECT_EQ(Drive::count(drive.exited(id, 0), A::kForkWorker), 0u);
  }
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kMoreWorkers}), A::kForkWorker), 1u);
}

TEST(Pool, TakesTheNumberOfWorkersFromAReload) {
  Drive drive({.workers = 1});
  drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1, .status = 1}));
  drive.on({.kind = K::kReload});
  EXPECT_EQ(Drive::count(drive.on({.kind = K::kZygoteReady, .generation = 2, .status = 3}), A::kForkWorker), 3u);
}

TEST(Pool, KeepsTheNumberOfWorkersWhenAZygoteIsReplaced) {
  Drive drive({.workers = 1});
  drive.boot(drive.on({.kind = K::kZygoteReady, .generation = 1, .status = 1}));
  drive.boot(drive.on({.kind = K::kMoreWorkers}));
  drive.on({.kind = K::kZygoteDied, .generation = 1, .status = SIGKILL});
  drive.now += 60s;
  drive.on({.kind = K::kTick});
  drive.on({.kind = K::kZygoteReady, .generation = 1, .status = 1});
  EXPECT_EQ(drive.pool.target(), 2u);
}

// Whatever happens in whatever order: bounded processes, no worker of one id twice, and a stop that ends.
TEST(Pool, StaysWithinBoundsAndEndsUnderRandomEvents) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    Drive drive({.workers = 1 + seed % 4});
    std::set<std::uint32_t> forking, alive, zygotes, ready_zygotes;
    std::set<std::uint32_t> attached;
    std::uint32_t next_fork = 1, forked_before = 1;
    std::size_t seen = 0;
    bool edge = true, exited = false;
    const auto learn = [&] {
      for (; seen < drive.all.size(); ++seen) {
        const Action& action = drive.all[seen];
        if (action.kind == A::kStartZygote) {
          ASSERT_TRUE(zygotes.insert(action.generation).second) << seed;
        }
        if (action.kind == A::kForkWorker) {
          ASSERT_TRUE(forking.insert(action.worker).second) << seed;
        }
        if (action.kind == A::kStartEdge) forked_before = next_fork;
        if (action.kind == A::kForkWorker) next_fork = action.worker + 1;
        if (action.kind == A::kAttach) {
          ASSERT_GE(action.worker, forked_before) << seed << ": forked for an edge that died";
          ASSERT_TRUE(attached.insert(action.worker).second) << seed;
        }
        if (action.kind == A::kExit) exited = true;
        ASSERT_LE(drive.pool.workers().size(), 60u) << seed;
      }
    };
    const auto step = [&](bool stopping) {
      learn();
      const auto pick = [&](const std::set<std::uint32_t>& from) {
        return *std::next(from.begin(), static_cast<long>(random() % from.size()));
      };
      drive.now += std::chrono::milliseconds(random() % 400);
      switch (random() % 19) {
        case 0:
          if (!zygotes.empty()) {
            drive.on({.kind = K::kZygoteReady,
                      .generation = pick(zygotes),
                      .status = static_cast<std::int32_t>(random() % 4)});
          }
          break;
        case 1:
          if (!zygotes.empty() && (stopping || random() % 3 == 0)) {
            const auto generation = pick(zygotes);
            zygotes.erase(generation);
            for (auto id = forking.begin(); id != forking.end();) {
              const auto worker = drive.pool.workers().find(*id);
              id = worker != drive.pool.workers().end() && worker->second.generation == generation ? forking.erase(id)
                                                                                                   : std::next(id);
            }
            drive.on({.kind = K::kZygoteDied, .generation = generation, .status = 9});
          }
          break;
        case 2:
        case 3:
        case 4:
          if (!forking.empty()) {
            const auto id = pick(forking);
            forking.erase(id);
            alive.insert(id);
            drive.on({.kind = K::kForked, .worker = id, .pid = 5});
          }
          break;
        case 5:
        case 6:
          if (!alive.empty()) drive.on({.kind = K::kWorkerReady, .worker = pick(alive)});
          break;
        case 7:
          if (!alive.empty()) {
            const auto id = pick(alive);
            alive.erase(id);
            drive.exited(id, static_cast<int>(random() % 2) * 9);
          }
          break;
        case 8:
          if (!alive.empty()) drive.on({.kind = K::kDrained, .worker = pick(alive)});
          break;
        case 9:
          if (!alive.empty()) drive.on({.kind = K::kTimedOut, .worker = pick(alive)});
          break;
        case 10:
          if (!stopping && random() % 4 == 0) drive.on({.kind = K::kReload});
          break;
        case 11:
          if (stopping && edge) {
            edge = false;
            drive.on({.kind = K::kEdgeStopped});
          }
          break;
        case 12:
          if (!alive.empty()) drive.on({.kind = K::kWantsRestart, .worker = pick(alive)});
          break;
        case 13:
          if (!forking.empty()) {
            const auto id = pick(forking);
            forking.erase(id);
            drive.on({.kind = K::kForkFailed, .worker = id});
          }
          break;
        case 14:
          if (!alive.empty()) drive.on({.kind = K::kWorkerFailed, .worker = pick(alive)});
          break;
        case 15:
          if (!stopping && random() % 4 == 0) drive.on({.kind = K::kEdgeDied, .status = 9});
          break;
        case 16:
          if (!stopping && random() % 4 == 0) drive.on({.kind = random() % 2 == 0 ? K::kNoWorkers : K::kMoreWorkers});
          break;
        default:
          drive.on({.kind = K::kTick});
          break;
      }
      learn();
    };
    for (int i = 0; i < 300 && !exited; ++i) step(false);
    if (!exited) drive.on({.kind = seed % 2 == 0 ? K::kStop : K::kStopAtOnce});
    for (int i = 0; i < 20000 && !exited; ++i) step(true);
    EXPECT_TRUE(exited) << "seed " << seed;
  }
}

}  // namespace
}  // namespace tierce::supervise

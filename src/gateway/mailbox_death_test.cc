// Kills a real worker process between any two steps of the protocol (step.h) and checks the books: every
// request ends exactly once, with its own body or with 502; what was answered 502 or delivered has been
// run at most once; nothing waits for ever.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "gateway/mailbox.h"
#include "os/clock.h"

namespace tierce::gateway {

namespace {
std::atomic<int> steps_left{-1};  // Of this process; negative: immortal.
std::atomic<int> steps_made{0};
}  // namespace

void gateway_step() {
  steps_made.fetch_add(1, std::memory_order_relaxed);
  if (steps_left.load(std::memory_order_relaxed) > 0 && steps_left.fetch_sub(1) == 1) ::kill(::getpid(), SIGKILL);
}

namespace {

constexpr std::uint32_t kRequests = 12;
constexpr std::uint64_t kDeadlineNs = 10'000'000'000;

// Seen by all processes of one scenario.
struct Shared {
  std::array<std::atomic<std::uint32_t>, kRequests> runs;
  std::atomic<std::uint32_t> finished;  // Workers that ended by themselves.
};

struct Scenario {
  MailboxShape shape;
  std::uint32_t threads;
  std::uint32_t at_once;  // Requests given to the worker before it has answered.
  bool recalls;           // The edge takes queued ones back at random.
  int die_at;             // Step of the first worker's life; later ones are immortal.
  unsigned seed;
};

// The body of an answer: names its request, and is longer than the ring.
std::string body_of(std::uint32_t request) { return std::string(9000, static_cast<char>('a' + request)); }

void run_worker(const Region& region, Shared& shared, std::uint32_t threads, int die_at) {
  steps_made = 0;
  steps_left = die_at;
  const auto loop = [&](std::uint32_t thread) {
    const Mailbox mailbox = region.mailbox(0);
    Bell bell(region.page());
    while (region.page().exiting.load() == 0) {
      const auto index = mailbox.take(thread, 1);
      if (!index) {
        bell.wait([&] { return mailbox.has_queued() || region.page().exiting.load() != 0; }, 50'000'000);
        continue;
      }
      Slot& slot = mailbox.slot(*index);
      const auto request = static_cast<std::uint32_t>(slot.request.request_id);
      shared.runs[request].fetch_add(1);
      gateway_step();
      slot.ring_at = 0;
      const std::string body = body_of(request);
      for (std::size_t sent = 0; sent < body.size();) {
        sent += mailbox.ring_write(*index, body.data() + sent, body.size() - sent);
        slot.response_flags.fetch_or(kHeadReady, std::memory_order_release);
        mailbox.signal_quietly(*index);
        if (sent < body.size() && !mailbox.ring_wait(*index)) break;
      }
      gateway_step();
      slot.response_flags.fetch_or(kBodyComplete, std::memory_order_release);
      gateway_step();
      mailbox.answer(*index, 2);
      mailbox.signal_quietly(*index);
    }
  };
  std::vector<std::thread> others;
  for (std::uint32_t i = 1; i < threads; ++i) others.emplace_back(loop, i);
  loop(0);
  for (auto& other : others) other.join();
  shared.finished.fetch_add(1);
  ::_exit(0);
}

enum class End : std::uint8_t { kOpen, kDelivered, kLost };

// A model of the edge: the same calls in the same order as edge/dispatcher.cc and edge/worker_link.cc.
class Edge {
 public:
  Edge(const Scenario& scenario, Shared& shared) : scenario_(scenario), shared_(shared), random_(scenario.seed) {
    for (std::uint32_t i = 0; i < kRequests; ++i) waiting_.push_back(i);
  }

  // Whether the first worker died before all was done.
  bool run() {
    start_worker(scenario_.die_at);
    const std::uint64_t deadline = os::monotonic_ns() + kDeadlineNs;
    while (open_ > 0 && os::monotonic_ns() < deadline) {
      give();
      if (scenario_.recalls && random_() % 3 == 0) recall_one();
      mailbox_.take_attention([&](std::uint32_t index) { look(index); });
      int status = 0;
      if (::waitpid(pid_, &status, WNOHANG) == pid_) {
        ++deaths_;
        bury();
        start_worker(-1);
      }
    }
    EXPECT_EQ(open_, 0u) << "a request waits for ever";
    region_.page().exiting.store(1);
    Bell(region_.page()).ring(scenario_.threads);
    ::waitpid(pid_, nullptr, 0);
    return deaths_ > 0;
  }

  void check_books() const {
    std::uint32_t lost = 0;
    for (std::uint32_t i = 0; i < kRequests; ++i) {
      EXPECT_NE(ends_[i], End::kOpen) << i;
      EXPECT_LE(shared_.runs[i].load(), 1u) << "request " << i << " ran twice";
      if (ends_[i] == End::kDelivered) {
        EXPECT_EQ(shared_.runs[i].load(), 1u) << i;
        EXPECT_EQ(bodies_[i], body_of(i)) << i;
      } else {
        ++lost;
      }
    }
    EXPECT_LE(lost, deaths_ * scenario_.threads) << "a death costs at most what was running";
  }

 private:
  void start_worker(int die_at) {
    region_ = std::move(*Region::create(1, scenario_.shape));
    mailbox_ = region_.mailbox(0);
    held_.assign(scenario_.shape.slots, kNobody);
    pid_ = ::fork();
    if (pid_ == 0) run_worker(region_, shared_, scenario_.threads, die_at);
  }

  std::uint32_t given() const {
    return static_cast<std::uint32_t>(std::count_if(held_.begin(), held_.end(), [](auto h) { return h != kNobody; }));
  }

  void give() {
    while (!waiting_.empty() && given() < scenario_.at_once) {
      const auto free = std::find(held_.begin(), held_.end(), kNobody);
      if (free == held_.end()) return;
      const auto index = static_cast<std::uint32_t>(free - held_.begin());
      mailbox_.slot(index).request.request_id = waiting_.front();
      if (!mailbox_.submit(index, 1)) return;
      bodies_[waiting_.front()].clear();
      *free = waiting_.front();
      waiting_.pop_front();
      Bell(region_.page()).ring(1);
    }
  }

  void recall_one() {
    const auto index = static_cast<std::uint32_t>(random_() % scenario_.shape.slots);
    if (held_[index] == kNobody || state_of(mailbox_.slot(index).word.load()) != State::kQueued ||
        !mailbox_.recall(index)) {
      return;
    }
    waiting_.push_back(held_[index]);
    held_[index] = kNobody;
  }

  void read_body(std::uint32_t index) {
    const auto runs = mailbox_.ring_unread(index);
    bodies_[held_[index]].append(runs.first).append(runs.second);
    mailbox_.consume(index, runs.bytes());
  }

  void look(std::uint32_t index) {
    if (held_[index] == kNobody) return;
    const bool answered = state_of(mailbox_.slot(index).word.load(std::memory_order_acquire)) == State::kAnswered;
    if (!answered && state_of(mailbox_.slot(index).word.load()) != State::kRunning) return;
    read_body(index);
    if (!answered) return;
    read_body(index);
    end(index, End::kDelivered);
    mailbox_.release(index);
  }

  void bury() {
    mailbox_.take_attention([&](std::uint32_t index) { look(index); });
    for (std::uint32_t index = 0; index < held_.size(); ++index) {
      if (held_[index] == kNobody) continue;
      const Slot& slot = mailbox_.slot(index);
      const State state = state_of(slot.word.load());
      const bool whole = (slot.response_flags.load() & kBodyComplete) != 0;
      if (state == State::kQueued) {
        waiting_.push_front(held_[index]);
        held_[index] = kNobody;
      } else if (state == State::kAnswered || whole) {
        read_body(index);
        end(index, End::kDelivered);
      } else {
        end(index, End::kLost);
      }
    }
  }

  void end(std::uint32_t index, End how) {
    EXPECT_EQ(ends_[held_[index]], End::kOpen) << "request " << held_[index] << " ended twice";
    ends_[held_[index]] = how;
    held_[index] = kNobody;
    --open_;
  }

  static constexpr std::uint32_t kNobody = ~0u;
  const Scenario& scenario_;
  Shared& shared_;
  std::mt19937 random_;
  Region region_;
  Mailbox mailbox_;
  pid_t pid_ = 0;
  std::deque<std::uint32_t> waiting_;
  std::vector<std::uint32_t> held_;
  std::array<End, kRequests> ends_{};
  std::array<std::string, kRequests> bodies_;
  std::uint32_t open_ = kRequests;
  std::uint32_t deaths_ = 0;
};

// True when the worker got as far as the step it was to die at.
bool play(const Scenario& scenario) {
  void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* shared = new (memory) Shared();
  Edge edge(scenario, *shared);
  const bool died = edge.run();
  edge.check_books();
  ::munmap(memory, sizeof(Shared));
  return died;
}

// Every step of a whole life, until a worker lives through it.
void die_at_every_step(Scenario scenario) {
  int step = 1;
  for (; !testing::Test::HasFailure(); ++step) {
    scenario.die_at = step;
    scenario.seed = static_cast<unsigned>(step);
    SCOPED_TRACE("death at step " + std::to_string(step));
    if (!play(scenario)) break;
  }
  EXPECT_GT(step, 50) << "the worker makes steps";
}

constexpr MailboxShape kRoomy = {.slots = 4, .request_bytes = 4096, .response_bytes = 4096};

TEST(MailboxDeath, OneRequestAtATime) { die_at_every_step({.shape = kRoomy, .threads = 1, .at_once = 1}); }

TEST(MailboxDeath, SeveralQueuedBehindTheRunningOne) {
  die_at_every_step({.shape = kRoomy, .threads = 1, .at_once = 4});
}

TEST(MailboxDeath, WhileTheEdgeTakesRequestsBack) {
  die_at_every_step({.shape = kRoomy, .threads = 1, .at_once = 4, .recalls = true});
}

TEST(MailboxDeath, WithThreeThreads) {
  die_at_every_step({.shape = {.slots = 8, .request_bytes = 4096, .response_bytes = 4096},
                     .threads = 3,
                     .at_once = 8,
                     .recalls = true});
}

}  // namespace
}  // namespace tierce::gateway

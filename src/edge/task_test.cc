#include "edge/task.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <thread>
#include <vector>

namespace tierce::edge {
namespace {

// What a coroutine waits on; resumed by the test.
struct Gate {
  std::coroutine_handle<> waiter;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) noexcept { waiter = handle; }
  void await_resume() const noexcept {}
};

struct Counted {
  explicit Counted(int* count) : alive(count) { ++*alive; }
  ~Counted() { --*alive; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  int* alive;
};

Task run(Gate* gate, int* alive, int* steps) {
  const Counted local(alive);
  ++*steps;
  co_await *gate;
  ++*steps;
}

TEST(Task, RunsAtOnceUntilItWaits) {
  Gate gate;
  int alive = 0, steps = 0;
  run(&gate, &alive, &steps);
  EXPECT_EQ(steps, 1);
  EXPECT_EQ(alive, 1) << "it belongs to itself, not to who started it";
  gate.waiter.resume();
  EXPECT_EQ(steps, 2);
  EXPECT_EQ(alive, 0) << "what it held ends with it";
}

TEST(Task, FramesInUseAreDistinctAndWritable) {
  std::set<void*> frames;
  std::vector<std::pair<void*, std::size_t>> held;
  for (int i = 0; i < 3000; ++i) {
    const std::size_t bytes = i % 7 == 0 ? 5000 : 100 + static_cast<std::size_t>(i) % 900;
    void* frame = allocate_frame(bytes);
    std::memset(frame, i & 0xff, bytes);
    EXPECT_TRUE(frames.insert(frame).second);
    held.emplace_back(frame, bytes);
  }
  for (const auto& [frame, bytes] : held) free_frame(frame, bytes);
}

TEST(Task, TakesTheFrameOfItsSizeThatWasGivenBackLast) {
  void* frame = allocate_frame(200);
  free_frame(frame, 200);
  void* larger = allocate_frame(900);
  EXPECT_NE(larger, frame);
  void* again = allocate_frame(199);
  EXPECT_EQ(again == frame, keeps_frames());
  free_frame(again, 199);
  free_frame(larger, 900);
}

TEST(Task, EachThreadHasFramesOfItsOwn) {
  void* frame = allocate_frame(200);
  free_frame(frame, 200);
  std::thread([&] {
    void* other = allocate_frame(200);
    EXPECT_NE(other, frame);
    free_frame(other, 200);
  }).join();
}

}  // namespace
}  // namespace tierce::edge

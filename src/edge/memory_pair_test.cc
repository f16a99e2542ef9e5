#include "edge/memory_pair.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <string>

namespace tierce::edge {
namespace {

using os::Io;

struct Watched {
  explicit Watched(PairEnd& end) {
    end.watch([](void* who, std::uint32_t events) { static_cast<Watched*>(who)->seen |= events; }, this);
  }
  std::uint32_t take() { return std::exchange(seen, 0u); }
  std::uint32_t seen = 0;
};

os::IoResult send(PairEnd& end, std::string_view text) {
  const iovec part{const_cast<char*>(text.data()), text.size()};  // NOLINT: send_parts() does not write
  return end.send_parts({&part, 1});
}

std::string receive(PairEnd& end, std::size_t most = 1 << 20) {
  std::string text(most, 0);
  const os::IoResult got = end.receive(text.data(), most);
  text.resize(got.outcome == Io::kDone ? got.bytes : 0);
  return text;
}

TEST(MemoryPair, CarriesBytesAndTellsOfThemWhenTheLoopIsReached) {
  PairQueue queue;
  auto [a, b] = PairEnd::make(queue);
  Watched watched(*b);
  EXPECT_EQ(send(*a, "hel").bytes, 3u);
  EXPECT_EQ(send(*a, "lo").bytes, 2u);
  EXPECT_EQ(watched.take(), 0u);
  queue.run();
  EXPECT_EQ(watched.take(), EPOLLIN);
  EXPECT_EQ(receive(*b, 4), "hell");
  EXPECT_EQ(receive(*b), "o");
  char byte = 0;
  EXPECT_EQ(b->receive(&byte, 1).outcome, Io::kWouldBlock);
}

TEST(MemoryPair, ASlowReaderMakesTheOtherEndWait) {
  PairQueue queue;
  auto [a, b] = PairEnd::make(queue);
  Watched sender(*a);
  const std::string much(1 << 20, 'x');
  const std::size_t first = send(*a, much).bytes;
  EXPECT_LT(first, much.size());
  EXPECT_EQ(send(*a, "more").outcome, Io::kWouldBlock);
  EXPECT_EQ(receive(*b).size(), first);
  queue.run();
  EXPECT_EQ(sender.take(), EPOLLOUT);
  EXPECT_EQ(send(*a, "more").bytes, 4u);
}

TEST(MemoryPair, TheEndIsTheLastThingThatIsRead) {
  PairQueue queue;
  auto [a, b] = PairEnd::make(queue);
  Watched watched(*b);
  send(*a, "last");
  a.reset();
  queue.run();
  EXPECT_EQ(watched.take(), EPOLLIN | EPOLLRDHUP | EPOLLOUT);
  EXPECT_EQ(receive(*b), "last");
  char byte = 0;
  EXPECT_EQ(b->receive(&byte, 1).outcome, Io::kClosed);
  EXPECT_EQ(send(*b, "x").outcome, Io::kClosed);
}

TEST(MemoryPair, WhatWasCutShortIsNotRead) {
  PairQueue queue;
  auto [a, b] = PairEnd::make(queue);
  Watched watched(*b);
  send(*a, "a part");
  a->reset_at_close();
  a.reset();
  queue.run();
  EXPECT_NE(watched.take() & EPOLLHUP, 0u);
  char byte = 0;
  EXPECT_EQ(b->receive(&byte, 1).outcome, Io::kClosed);
}

TEST(MemoryPair, AnEndThatIsGoneIsToldNothing) {
  PairQueue queue;
  auto [a, b] = PairEnd::make(queue);
  {
    Watched watched(*b);
    send(*a, "x");
    b.reset();
    queue.run();
    EXPECT_EQ(watched.seen, 0u);
  }
  EXPECT_EQ(send(*a, "y").outcome, Io::kClosed);
}

TEST(MemoryPair, ReadsGoOnAfterWritingWasShutDown) {
  PairQueue queue;
  auto [a, b] = PairEnd::make(queue);
  a->shutdown_writing();
  char byte = 0;
  EXPECT_EQ(b->receive(&byte, 1).outcome, Io::kClosed);
  EXPECT_EQ(send(*b, "answer").bytes, 6u);
  EXPECT_EQ(receive(*a), "answer");
}

}  // namespace
}  // namespace tierce::edge

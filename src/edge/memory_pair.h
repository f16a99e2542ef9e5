// A connection whose both ends are in one thread: what one end sends the other receives, without a system call. The
// ends behave as those of a stream socket that is watched edge-triggered, so who uses them need not know. Events are
// told by the thread's loop (PairQueue::run), never inside a call of the other end: as with epoll, whoever is told is
// in the middle of nothing.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "edge/buffer.h"
#include "edge/inside_stream.h"
#include "os/socket_io.h"

namespace tierce::edge {

class PairQueue;

class PairEnd final : public InsideStream {
 public:
  // Events as of epoll(7); the end may be gone when it returns.
  using Told = void (*)(void* who, std::uint32_t epoll_events);
  // `queue` outlives both.
  static std::pair<std::unique_ptr<PairEnd>, std::unique_ptr<PairEnd>> make(PairQueue& queue);
  // The other end is told of the end of the stream.
  ~PairEnd() override;
  PairEnd(const PairEnd&) = delete;
  PairEnd& operator=(const PairEnd&) = delete;

  // Whom events of this end are told to, from now on. What is there already is not told again.
  void watch(Told told, void* who);

  os::IoResult receive(char* into, std::size_t bytes) override;
  os::IoResult send_parts(std::span<const iovec> parts) override;
  os::IoResult send_file(int file, std::uint64_t* offset, std::size_t bytes) override;
  void shutdown_writing() override;
  void reset_at_close() override { resets_ = true; }
  PairEnd* pair_end() override { return this; }

 private:
  struct Way {  // One direction.
    Buffer bytes;
    bool ended = false;
    bool broken = false;
    bool was_full = false;
  };
  friend class PairQueue;
  struct Both {
    PairQueue* queue = nullptr;
    int users = 0;                          // Ends, and news that are to be told. All in one thread.
    std::array<Way, 2> way;                 // Towards the end of this number.
    std::array<std::uint32_t, 2> events{};  // To be told.
    std::array<Told, 2> told{};
    std::array<void*, 2> who{};
    std::array<bool, 2> there{true, true};
  };
  PairEnd(Both* both, std::size_t number) : both_(both), number_(number) { ++both_->users; }
  static void tell(Both* both, std::size_t number, std::uint32_t events);

  Both* both_;
  std::size_t number_;
  bool resets_ = false;
};

// The news of one thread's pairs.
class PairQueue {
 public:
  bool empty() const { return waiting_.empty(); }
  // Tells everybody, also what comes up meanwhile.
  void run();

 private:
  friend class PairEnd;
  struct News {
    PairEnd::Both* both;
    std::size_t number;
  };
  PairEnd::Both* take();
  // Nobody uses it: kept for the next pair, with the memory of its buffers, so that a pair costs no allocation.
  void let_go(PairEnd::Both* both);

  std::vector<News> waiting_, told_;
  std::vector<std::unique_ptr<PairEnd::Both>> spare_;
};

}  // namespace tierce::edge

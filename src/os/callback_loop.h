// A loop of few, slow descriptors (pipes of programs, control connections): level-triggered, one function for each.
// A descriptor may be forgotten, and its number used again, from within any of the functions.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include "base/result.h"
#include "os/unique_fd.h"

namespace tierce::os {

struct Interest {
  bool readable = true;
  bool writable = false;
};

class CallbackLoop {
 public:
  static Result<CallbackLoop> create();
  CallbackLoop() = default;

  // `ready` is called while there is something to read (or the other end is gone) or room to write. With no
  // interest at all it is called for the end of the other side only.
  void watch(int fd, Interest interest, std::function<void()> ready);
  void change(int fd, Interest interest);
  // Before the descriptor is closed.
  void forget(int fd);
  // Waits at most timeout_ms (-1: for ever) and calls what is ready.
  void turn(int timeout_ms);

 private:
  struct Entry {
    std::uint32_t generation;
    std::shared_ptr<std::function<void()>> ready;
  };
  UniqueFd epoll_;
  std::unordered_map<int, Entry> entries_;
  std::uint32_t generation_ = 0;
};

}  // namespace tierce::os

// A stream that leads to somebody in this thread instead of through a socket. Behaves as a stream socket does.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "os/socket_io.h"

namespace tierce::edge {

class PairEnd;

// About as much as the buffer of a socket holds: a slow reader makes the other side wait. And of a file at once.
constexpr std::size_t kInsideHeldMost = 262'144;
constexpr std::size_t kInsideFilePart = 65'536;

class InsideStream {
 public:
  virtual ~InsideStream() = default;
  virtual os::IoResult receive(char* into, std::size_t bytes) = 0;
  // Takes a part when the other side reads too slowly.
  virtual os::IoResult send_parts(std::span<const iovec> parts) = 0;
  virtual os::IoResult send_file(int file, std::uint64_t* offset, std::size_t bytes) = 0;
  virtual void shutdown_writing() = 0;
  // The other side learns that what it has got is not the whole.
  virtual void reset_at_close() = 0;
  // nullptr: it is no end of a pair.
  virtual PairEnd* pair_end() { return nullptr; }
};

}  // namespace tierce::edge

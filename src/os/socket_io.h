// Reading, writing and accepting on non-blocking sockets: what came of it, as one value.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "os/unique_fd.h"

namespace tierce::os {

enum class Io : std::uint8_t { kDone, kWouldBlock, kClosed };

struct IoResult {
  Io outcome;
  std::size_t bytes = 0;
  bool cut = false;  // kClosed by a reset or another error, not by the end of the stream.
};

// kClosed for the end of the stream and for every error: the connection is of no more use.
IoResult receive(int fd, char* into, std::size_t bytes);
IoResult send(int fd, const char* data, std::size_t bytes, bool more = false);
IoResult send_parts(int fd, std::span<const iovec> parts);
// File to socket without a copy through user space. bytes == 0 with kDone: the file ended early.
IoResult send_file(int fd, int file, std::uint64_t* offset, std::size_t bytes);
// Bytes of a file, from `offset` on, into memory; fewer than asked for where the file ends or cannot be read.
std::size_t read_at(int file, char* into, std::size_t bytes, std::uint64_t offset);
// Only such a file never makes the one who reads it wait.
bool is_regular_file(int fd);
// No more will be sent; what the client still sends can be read (lingering close).
void shutdown_writing(int fd);
void set_no_delay(int fd);
// The connection ends with a reset when it is closed, so that what was sent is not taken for whole. Unix
// sockets know none.
void reset_at_close(int fd);

struct Peer {
  char address[46] = {};  // Text; "" for unix sockets.
  std::uint8_t address_bytes = 0;
  std::uint16_t port = 0;
};
enum class Accepted : std::uint8_t { kOne, kNone, kAgain, kNoDescriptors };
// kAgain: this connection was gone before we took it, try the next (waitress CVE-2024-49769).
Accepted accept(int listener, UniqueFd* connection, Peer* peer);

// An unnamed file in `directory` for bodies that do not fit in memory.
UniqueFd temporary_file(const std::string& directory);
// All of it or false with errno set: ENOSPC is the usual reason.
bool write_all(int fd, const char* data, std::size_t bytes);
// Adds one to an eventfd / takes what has been added.
void ring_eventfd(int fd);
void drain_eventfd(int fd);

}  // namespace tierce::os

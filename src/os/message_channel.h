// One end of a SOCK_SEQPACKET pair: whole messages, with descriptors beside them.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "os/unique_fd.h"

namespace tierce::os {

inline constexpr std::size_t kDescriptorsMax = 200;

class MessageChannel {
 public:
  enum class Received { kMessage, kNothing, kClosed };

  MessageChannel() = default;
  explicit MessageChannel(UniqueFd fd) : fd_(std::move(fd)) {}
  // Both ends, close-on-exec and, where asked, non-blocking.
  static Result<std::pair<MessageChannel, MessageChannel>> pair(bool nonblocking);

  int fd() const { return fd_.get(); }
  explicit operator bool() const { return static_cast<bool>(fd_); }
  UniqueFd take_fd() && { return std::move(fd_); }
  void close() { fd_ = UniqueFd(); }

  // Sends one message; a full buffer or a closed peer is an error.
  Result<void> send(const void* message, std::size_t bytes, std::span<const int> descriptors = {});
  template <typename T>
  Result<void> send(const T& message, std::span<const int> descriptors = {}) {
    return send(&message, sizeof message, descriptors);
  }
  // Receives one message of exactly `bytes`; kNothing when non-blocking and none is there. A message of
  // another size counts as kClosed: the peer is not of this build.
  Received receive(void* message, std::size_t bytes, std::vector<UniqueFd>* descriptors = nullptr);
  template <typename T>
  Received receive(T* message, std::vector<UniqueFd>* descriptors = nullptr) {
    return receive(message, sizeof *message, descriptors);
  }

 private:
  UniqueFd fd_;
};

}  // namespace tierce::os

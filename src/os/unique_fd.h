// Sole owner of one file descriptor. Descriptors are born in a function that returns UniqueFd and die
// in the destructor, so an early return needs no clean-up code.
#pragma once

#include <unistd.h>

#include <utility>

namespace tierce::os {

class [[nodiscard]] UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, kNone)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    UniqueFd incoming(std::move(other));  // Makes self-assignment harmless.
    std::swap(fd_, incoming.fd_);
    return *this;
  }
  ~UniqueFd() {
    // No retry on EINTR: Linux has freed the number already, and a second
    // close() could hit a descriptor another thread has just opened.
    if (fd_ != kNone) ::close(fd_);
  }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ != kNone; }
  [[nodiscard]] int release() && noexcept { return std::exchange(fd_, kNone); }

 private:
  static constexpr int kNone = -1;
  int fd_ = kNone;
};

}  // namespace tierce::os

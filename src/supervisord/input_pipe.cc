#include "supervisord/input_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace tierce::supervisord {
namespace {

constexpr std::size_t kPendingMax = 16u << 20;

}  // namespace

void InputPipe::open(os::UniqueFd fd) {
  fd_ = std::move(fd);
  ::fcntl(fd_.get(), F_SETFL, ::fcntl(fd_.get(), F_GETFL) | O_NONBLOCK);
}

void InputPipe::close() {
  if (fd_) loop_.forget(fd_.get());
  fd_ = os::UniqueFd();
  pending_.clear();
}

bool InputPipe::write(std::string_view bytes) {
  if (!fd_ || pending_.size() + bytes.size() > kPendingMax) return false;
  pending_ += bytes;
  flush();
  return static_cast<bool>(fd_);
}

void InputPipe::flush() {
  while (!pending_.empty()) {
    const ssize_t wrote = ::write(fd_.get(), pending_.data(), pending_.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && errno == EAGAIN)
      return loop_.watch(fd_.get(), {.readable = false, .writable = true}, [this] { flush(); });
    if (wrote < 0) return close();
    pending_.erase(0, static_cast<std::size_t>(wrote));
  }
  loop_.forget(fd_.get());
}

}  // namespace tierce::supervisord

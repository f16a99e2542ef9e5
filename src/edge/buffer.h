// Bytes received and not yet used. The start moves as they are used; room is made at the end. Capacity
// is given back by shrink(), so that an idle connection holds nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace tierce::edge {

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept
      : bytes_(std::move(other.bytes_)),
        capacity_(std::exchange(other.capacity_, 0)),
        begin_(std::exchange(other.begin_, 0)),
        end_(std::exchange(other.end_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    capacity_ = std::exchange(other.capacity_, 0);
    begin_ = std::exchange(other.begin_, 0);
    end_ = std::exchange(other.end_, 0);
    return *this;
  }

  std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
  const char* data() const { return bytes_.get() + begin_; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }

  // A place for at least `least` more bytes; pointers into the buffer are void afterwards.
  char* room(std::size_t least) {
    if (begin_ == end_) begin_ = end_ = 0;
    if (capacity_ - end_ < least) make_room(least);
    return bytes_.get() + end_;
  }
  std::size_t room_bytes() const { return capacity_ - end_; }
  void filled(std::size_t bytes) { end_ += bytes; }
  void consume(std::size_t bytes) { begin_ += bytes; }
  Buffer& append(std::string_view data) {
    if (data.empty()) return *this;
    std::memcpy(room(data.size()), data.data(), data.size());
    filled(data.size());
    return *this;
  }
  // Takes `bytes` out from the middle, `at` from the start; what follows moves up.
  void cut(std::size_t at, std::size_t bytes) {
    if (bytes == 0) return;
    char* gap = bytes_.get() + begin_ + at;
    std::memmove(gap, gap + bytes, size() - at - bytes);
    end_ -= bytes;
  }
  void clear() { begin_ = end_ = 0; }
  // Frees the memory when it is larger than `keep`.
  void shrink(std::size_t keep) {
    if (capacity_ <= keep || begin_ != end_) return;
    bytes_.reset();
    capacity_ = begin_ = end_ = 0;
  }

 private:
  void make_room(std::size_t least) {
    const std::size_t held = size();
    if (capacity_ - held >= least) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, held);
    } else {
      // The head of an answer is written in many small pieces: not a bigger place for each.
      constexpr std::size_t kSmallest = 512;
      const std::size_t capacity = std::max({capacity_ * 2, held + least, kSmallest});
      std::unique_ptr<char[]> bigger(new char[capacity]);
      if (held > 0) std::memcpy(bigger.get(), bytes_.get() + begin_, held);
      bytes_ = std::move(bigger);
      capacity_ = capacity;
    }
    begin_ = 0;
    end_ = held;
  }
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace tierce::edge

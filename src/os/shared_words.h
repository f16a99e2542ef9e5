// A few numbers that a process and those forked from it see alike.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/result.h"

namespace tierce::os {

class SharedWords {
 public:
  // `count` zeros.
  static Result<SharedWords> create(std::size_t count);
  SharedWords() = default;
  SharedWords(SharedWords&& other) noexcept
      : words_(std::exchange(other.words_, nullptr)), count_(std::exchange(other.count_, 0)) {}
  SharedWords& operator=(SharedWords&& other) noexcept {
    std::swap(words_, other.words_);
    std::swap(count_, other.count_);
    return *this;
  }
  ~SharedWords();

  std::atomic<std::uint32_t>* begin() const { return words_; }
  std::atomic<std::uint32_t>* end() const { return words_ + count_; }

 private:
  std::atomic<std::uint32_t>* words_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace tierce::os

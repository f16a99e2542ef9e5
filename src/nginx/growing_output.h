// Room at the end of a string for coders that write into memory they are given.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

namespace tierce::nginx {

// At least `least` bytes more; what is not used goes back in trim().
class GrowingOutput {
 public:
  explicit GrowingOutput(std::string& text) : text_(text), used_(text.size()) {}
  char* room(std::size_t least) {
    if (text_.size() - used_ < least) text_.resize(std::max(used_ + least, text_.capacity()));
    return text_.data() + used_;
  }
  std::size_t room_bytes() const { return text_.size() - used_; }
  void use(std::size_t bytes) { used_ += bytes; }
  void trim() { text_.resize(used_); }

 private:
  std::string& text_;
  std::size_t used_;
};

}  // namespace tierce::nginx

// The named pipe that commands are written to, one letter each: echo r > fifo. With several, one is read from
// at a time; the digits choose which.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/unique_fd.h"
#include "os/user_identity.h"
#include "supervise/sources.h"

namespace tierce::supervise {

class MasterFifo {
 public:
  MasterFifo() = default;
  // Makes the first one. Only the user may write to it.
  static Result<MasterFifo> open(const std::vector<std::string>& paths, const os::Identity& identity);

  explicit operator bool() const { return static_cast<bool>(fd_); }
  void add_source(Sources& sources, std::function<void(char)> letter);
  // The n-th path, the first where there is none; answers which it is.
  Result<std::string> choose(std::size_t slot);
  void close() { fd_ = os::UniqueFd(); }
  // Removes what was made.
  void unlink();

 private:
  Result<void> make(const std::string& path);

  std::vector<std::string> paths_;
  os::Identity identity_;
  std::set<std::string> made_;
  os::UniqueFd fd_;
};

}  // namespace tierce::supervise

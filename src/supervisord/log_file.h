// One log: a file that is rotated by size (x.log, x.log.1, ... x.log.N), or a device, pipe or terminal such as
// /dev/stdout. A pipe that nobody reads makes nobody wait: what it does not take is kept, up to a limit, and the
// caller is told to stop reading from the program (congested()), which then waits as it would without us.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/unique_fd.h"

namespace tierce::supervisord {

class LogFile {
 public:
  Result<void> open(const std::string& path, std::uint64_t bytes_max, long backups);
  bool is_open() const { return static_cast<bool>(fd_); }
  const std::string& path() const { return path_; }

  // A full disk costs the bytes, never the server.
  void write(std::string_view bytes);
  bool congested() const { return pending_.size() >= kPendingMax; }
  bool has_pending() const { return !pending_.empty(); }
  // Tries again to write what was kept.
  void flush();

  // Empties it: the file is removed and made anew.
  void clear();
  // After somebody has renamed the file away.
  void reopen();

 private:
  static constexpr std::size_t kPendingMax = 1u << 20;
  void rotate();

  std::string path_;
  os::UniqueFd fd_;
  bool regular_ = false;
  std::uint64_t size_ = 0;
  std::uint64_t bytes_max_ = 0;
  long backups_ = 0;
  std::string pending_;
};

}  // namespace tierce::supervisord

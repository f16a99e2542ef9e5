// One log: a file that is rotated by size or day (x.log, x.log.1, ... x.log.N), or a device, pipe or terminal such as
// /dev/stdout. A pipe that nobody reads makes nobody wait: what it does not take is kept, up to a limit, and the
// caller is told to stop reading from the program (congested()), which then waits as it would without us.
#pragma once

#include <cstdint>
#include <ctime>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/unique_fd.h"

namespace tierce::supervisord {

struct LogRules {
  std::uint64_t bytes_max = 0;  // 0: not rotated by size.
  long backups = 0;
  bool daily = false;  // Rotated when a day has begun, by local time.
};

class LogFile {
 public:
  Result<void> open(const std::string& path, const LogRules& rules);
  bool is_open() const { return static_cast<bool>(fd_); }
  const std::string& path() const { return path_; }
  // Called after each rotation.
  std::function<void()> on_rotated;

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
  LogRules rules_;
  bool regular_ = false;
  std::uint64_t size_ = 0;
  std::time_t day_ends_ = 0;  // The day of what is in it.
  std::string pending_;
};

// "x.log.3", or "x.log.3.gz".
std::string rotated_name(const std::string& path, long number, bool compressed);

}  // namespace tierce::supervisord

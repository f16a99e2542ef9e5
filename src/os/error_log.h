// The error log: "[2026-01-31 10:00:00 +0000] [PID] [INFO] text", one write(2) a record, so that lines of
// several processes do not mix. A full disk costs the line, never the server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/unique_fd.h"

namespace tierce::os {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError, kCritical };
std::string_view name_of(LogLevel level);
// "debug", "info", "warning", "error", "critical", case ignored.
std::optional<LogLevel> log_level_of(std::string_view name);

class ErrorLog {
 public:
  // "-" is standard error.
  static Result<ErrorLog> open(const std::string& path, LogLevel least);
  // A descriptor that somebody else has opened and keeps.
  static ErrorLog on_descriptor(int fd, LogLevel least);
  ErrorLog() = default;

  bool wants(LogLevel level) const { return level >= least_; }
  void line(LogLevel level, std::string_view text) const;
  // After the file was renamed away; on failure the old file is kept.
  Result<void> reopen();
  int fd() const { return file_ ? file_.get() : borrowed_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "-";
  LogLevel least_ = LogLevel::kInfo;
  UniqueFd file_;
  int borrowed_ = 2;
};

}  // namespace tierce::os

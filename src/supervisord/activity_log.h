// The server's own log: "2026-01-31 10:00:00,123 INFO text", to a file that is rotated and, in the foreground, to
// standard output.
#pragma once

#include <string>
#include <string_view>

#include "config/supervisord/settings.h"
#include "supervisord/log_file.h"

namespace tierce::supervisord {

using conf_level = config::supervisord::Level;

class ActivityLog {
 public:
  Result<void> open(const config::supervisord::Settings& settings);
  void to_stdout(bool yes) { to_stdout_ = yes; }

  void debug(std::string_view text) { line(conf_level::kDebug, text); }
  void info(std::string_view text) { line(conf_level::kInfo, text); }
  void warn(std::string_view text) { line(conf_level::kWarn, text); }
  void error(std::string_view text) { line(conf_level::kError, text); }
  void critical(std::string_view text) { line(conf_level::kCritical, text); }
  void line(conf_level level, std::string_view text);
  bool wants(conf_level level) const { return level >= least_; }

  bool has_file() const { return !path_.empty(); }
  const std::string& path() const { return path_; }
  // After each rotation.
  void on_rotated(std::function<void()> call) { file_.on_rotated = std::move(call); }
  void clear() { file_.clear(); }
  void reopen() { file_.reopen(); }

 private:
  std::string path_;
  LogFile file_;
  conf_level least_ = conf_level::kInfo;
  bool to_stdout_ = false;
};

}  // namespace tierce::supervisord

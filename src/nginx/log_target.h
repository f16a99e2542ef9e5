// Where a log goes: a file, standard error or a syslog daemon.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "nginx/log_files.h"
#include "nginx/syslog_client.h"

namespace tierce::nginx {

class LogTarget {
 public:
  explicit LogTarget(LogFile* file) : file_(file) {}
  explicit LogTarget(std::unique_ptr<SyslogClient> syslog) : syslog_(std::move(syslog)) {}

  // One line with its end; `severity` is syslog's, used where the target has none of its own.
  void write(std::string_view line, int severity);
  // Several lines; a syslog gets a message for each.
  void write_lines(std::string_view lines);
  bool is_file() const { return file_ != nullptr; }

 private:
  LogFile* file_ = nullptr;
  std::unique_ptr<SyslogClient> syslog_;
};

// Those of one thread, by what names them: "stderr", "syslog:server=...", a path.
class LogTargets {
 public:
  explicit LogTargets(LogFiles& files) : files_(files) {}
  Result<LogTarget*> open(const std::string& name);

 private:
  LogFiles& files_;
  std::map<std::string, std::unique_ptr<LogTarget>> targets_;
};

}  // namespace tierce::nginx

// The log files as files: made for the user who writes them, given a mode, begun anew, moved away when they are large.
// Who writes to them must reopen them after that.
#pragma once

#include <ctime>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/log_file_settings.h"
#include "os/user_identity.h"

namespace tierce::supervise {

class LogFiles {
 public:
  LogFiles() = default;
  // Of the two, "" and "-" are no files.
  LogFiles(const std::string& error_log, const std::string& access_log, config::LogFileSettings settings);

  // The edge opens its logs as the user it runs as, who may not write to the directory: they are made here.
  Result<void> hand_over(const os::Identity& user) const;
  // At the start, after hand_over().
  Result<void> begin() const;
  // One of them is larger than it may be.
  bool too_large() const;
  // Renames them; answers what could not be renamed.
  std::vector<Error> move_away(std::time_t now) const;
  bool limited() const { return settings_.bytes_max != 0 && !paths_.empty(); }

 private:
  config::LogFileSettings settings_;
  std::vector<std::string> paths_;
};

}  // namespace tierce::supervise

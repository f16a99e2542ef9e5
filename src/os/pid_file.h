// The file with the supervisor's process id; removed when its owner ends.
#pragma once

#include <string>

#include "base/result.h"

namespace tierce::os {

class PidFile {
 public:
  // Fails when the file names a process that is alive.
  static Result<PidFile> write(const std::string& path);
  PidFile() = default;
  PidFile(PidFile&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  PidFile& operator=(PidFile&& other) noexcept {
    path_.swap(other.path_);
    return *this;
  }
  ~PidFile();
  // The file gets another name.
  Result<void> rename(const std::string& path);
  // In a forked child: the file is not ours to remove.
  void forget() { path_.clear(); }

 private:
  std::string path_;
};

}  // namespace tierce::os

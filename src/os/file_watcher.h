// Says when one of many files has changed (inotify). Directories are watched, because editors replace
// files instead of writing them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/unique_fd.h"

namespace tierce::os {

class FileWatcher {
 public:
  static Result<FileWatcher> create();
  FileWatcher() = default;

  int fd() const { return fd_.get(); }
  // Adds files to what is watched.
  void watch(const std::vector<std::string>& files);
  // Reads what has come: the watched files among it.
  std::vector<std::string> changed();

 private:
  UniqueFd fd_;
  std::map<int, std::string> directories_;
  std::map<std::string, std::set<std::string>> names_;
};

}  // namespace tierce::os

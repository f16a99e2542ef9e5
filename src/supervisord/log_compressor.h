// Compresses rotated logs (x.log.3 becomes x.log.3.gz) in a process of its own, one at a time, so that neither the
// programs nor the supervisor wait for it. A rotation in the meantime moves the file: it is found again by what it is.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <map>
#include <optional>
#include <string>

#include "supervisord/children.h"

namespace tierce::supervisord {

class LogCompressor {
 public:
  explicit LogCompressor(Children& children) : children_(children) {}

  // What was rotated of this log and is not compressed yet will be.
  void look_at(const std::string& path, long backups);
  // What is there that nobody compresses any more is left as it is.
  void stop() { logs_.clear(); }

 private:
  struct Work {
    std::string path;
    long backups = 0;
    struct stat source {};
  };
  void begin_next();
  void finish(int wait_status);

  Children& children_;
  std::map<std::string, long> logs_;  // Path, backups.
  std::optional<Work> work_;
};

}  // namespace tierce::supervisord

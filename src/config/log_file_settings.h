// What happens to the log files themselves, beside being written: uWSGI's log-maxsize and its kin.
#pragma once

#include <cstdint>
#include <string>

namespace tierce::config {

struct LogFileSettings {
  std::uint64_t bytes_max = 0;  // A larger file is moved away and begun anew. 0: any size.
  std::string backup;           // Name of the file that was moved away; "": the file's with the time behind it.
  bool truncated = false;       // Begun anew at the start.
  bool reopened_by_reload = false;
  int mode = -1;               // -1: by the umask
  bool owned_by_user = false;  // Of the user that edge and workers run as.
};

}  // namespace tierce::config

// Which requests are logged, and uWSGI's way of writing a line of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tierce::config {

// All, or those to which one of the others applies.
struct LoggedRequests {
  bool all = true;
  bool status_4xx = false;
  bool status_5xx = false;
  bool without_body = false;
  bool files = false;
  bool client_lost = false;
  std::uint64_t slow_ms = 0;    // 0: not asked.
  std::uint64_t big_bytes = 0;  // 0: not asked.
};

struct UwsgiLine {
  bool used = false;   // The line is uWSGI's, and not of EdgeSettings::access_log_format.
  std::string format;  // log-format; "" is uWSGI's own line.
  bool micros = false;
  bool memory = false;
  bool forwarded_for = false;
  std::string time_format;  // Of %(ftime), strftime()'s; "" is that of %(ltime).
  std::vector<std::string> encoders;
};

}  // namespace tierce::config

// "syslog:server=..." of access_log and error_log, and the messages (RFC 3164, as nginx writes them).
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tierce::config::nginx {

struct SyslogTarget {
  std::string server;  // "unix:PATH", or an address with or without a port (514).
  int facility = 23;   // local7
  int severity = 6;    // info
  std::string tag = "nginx";
  bool hostname = true;  // Whether messages name the machine.
};

// The whole word with its "syslog:". Fails with nginx's words.
Result<SyslogTarget> parse_syslog(std::string_view word);

// Everything in front of the text: "<190>Jan  2 03:04:05 host nginx: ". `hostname` in small letters, as nginx has it;
// `local_time` in the zone of the machine.
std::string syslog_head(const SyslogTarget& target, int severity, const std::tm& local_time, std::string_view hostname);

}  // namespace tierce::config::nginx

// Sends log lines to a syslog daemon (RFC 3164, as nginx writes it), over UDP or a unix socket. Nothing waits for it:
// a message that the socket does not take is lost.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/nginx/syslog_target.h"
#include "os/unique_fd.h"

namespace tierce::nginx {

class SyslogClient {
 public:
  // The whole word: "syslog:server=127.0.0.1:514,facility=local7". Fails with nginx's words.
  static Result<std::unique_ptr<SyslogClient>> open(std::string_view word);
  // `severity` 0 to 7; -1: the configured one.
  void send(std::string_view message, int severity);

 private:
  config::nginx::SyslogTarget target_;
  os::UniqueFd socket_;
};

}  // namespace tierce::nginx

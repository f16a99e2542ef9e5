// Sends log lines to a syslog daemon (RFC 3164, as nginx writes it), over UDP or a unix socket. Nothing waits for it:
// a message that the socket does not take is lost.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/unique_fd.h"

namespace tierce::nginx {

class SyslogClient {
 public:
  // "server=127.0.0.1:514,facility=local7,tag=nginx,severity=info,nohostname". Fails with nginx's words.
  static Result<std::unique_ptr<SyslogClient>> open(std::string_view parameters);
  // `severity` 0 to 7; -1: the configured one.
  void send(std::string_view message, int severity);

 private:
  std::string server_;
  std::string tag_ = "nginx";
  int facility_ = 23;  // local7
  int severity_ = 6;   // info
  bool hostname_ = true;
  os::UniqueFd socket_;
};

}  // namespace tierce::nginx

// TLS to a server that requests are passed to: proxy_ssl_..., uwsgi_ssl_...
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "edge/client_stream.h"
#include "nginx/request.h"
#include "tls/client_context.h"

namespace tierce::nginx {

// What was made of the settings of each location, and the last session with each server. Of one thread.
class PassTls {
 public:
  explicit PassTls(std::string folder);
  Result<std::shared_ptr<const tls::ClientContext>> context_of(const conf::PassingTls& settings);
  std::shared_ptr<tls::LastSession> last_session(const conf::PassingTls& settings, const std::string& address);

 private:
  std::string folder_;  // Of the configuration: files begin there.
  std::unordered_map<const conf::PassingTls*, std::shared_ptr<const tls::ClientContext>> contexts_;
  std::map<std::pair<const conf::PassingTls*, std::string>, std::shared_ptr<tls::LastSession>> sessions_;
};

// Begins it on a connection to `address`; nullptr: it cannot be begun, in the log.
tls::Session* begin_pass_tls(Request& request, const conf::PassingSettings& settings, const std::string& address,
                             edge::ClientStream& io);

}  // namespace tierce::nginx

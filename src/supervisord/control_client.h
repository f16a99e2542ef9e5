// Calls the API of a running supervisord, ours or the original: blocking, one connection for each request.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "supervisord/rpc_value.h"

namespace tierce::supervisord {

struct ServerAddress {
  std::string url;  // unix:///run/supervisor.sock, http://host:port
  std::string username;
  std::string password;
};

class ControlClient {
 public:
  explicit ControlClient(ServerAddress address) : address_(std::move(address)) {}

  // Fails when the server cannot be reached or refuses the password; a fault of the API is an outcome.
  Result<Outcome> call(const std::string& method, Value::Array parameters = {}) const;
  // Hands on what comes of a log that is followed ("/logtail/web/stdout"), until its end.
  Result<void> follow(const std::string& path, const std::function<void(std::string_view)>& sink) const;
  const std::string& url() const { return address_.url; }

 private:
  ServerAddress address_;
};

}  // namespace tierce::supervisord

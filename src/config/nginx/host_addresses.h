// Addresses of the hosts that a configuration names, each asked for once: all who interpret one reading get the same.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tierce::config::nginx {

class HostAddresses {
 public:
  // All addresses of a host, as text; none: it is not known.
  using Ask = std::function<std::vector<std::string>(const std::string& host)>;

  // Without `ask` nobody can be asked.
  explicit HostAddresses(Ask ask) : ask_(std::move(ask)) {}
  bool can_ask() const { return static_cast<bool>(ask_); }
  // Valid as long as this is.
  const std::vector<std::string>& of(const std::string& host);

 private:
  Ask ask_;
  std::map<std::string, std::vector<std::string>> known_;
};

// Asks this machine's resolver, and waits for it.
std::vector<std::string> addresses_of_host(const std::string& host);

// "host not found in DIRECTIVE "HOST"", as nginx says it.
Error host_not_found(std::string_view directive, std::string_view host);

}  // namespace tierce::config::nginx

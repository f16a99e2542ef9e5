#include "config/nginx/host_addresses.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

namespace tierce::config::nginx {

const std::vector<std::string>& HostAddresses::of(const std::string& host) {
  const auto [place, is_new] = known_.try_emplace(host);
  if (is_new && ask_) place->second = ask_(host);
  return place->second;
}

std::vector<std::string> addresses_of_host(const std::string& host) {
  std::vector<std::string> addresses;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return addresses;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
      addresses.emplace_back(text);
  }
  ::freeaddrinfo(found);
  return addresses;
}

Error host_not_found(std::string_view directive, std::string_view host) {
  return Error(fmt::format("host not found in {} \"{}\"", directive, host));
}

}  // namespace tierce::config::nginx

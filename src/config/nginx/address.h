// Addresses as nginx writes them: those of `listen` and those of a server to pass to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tierce::config::nginx {

struct Address {
  std::string host;        // "127.0.0.1", "::1" without its brackets, a name; "" for a unix socket.
  std::uint16_t port = 0;  // 0: none was given.
  std::string unix_path;   // Not empty: a unix socket.
  std::string app;         // Not empty: an application of this tierce, by its name.
  bool wildcard = false;   // Of listen: every address of the machine; host is "0.0.0.0" or "::".
  bool ipv6 = false;
  std::string uri;  // Behind the address, with its slash; "" when there is none.
  // Whether there is something to look up: neither of the two, but maybe a number.
  bool has_host() const { return unix_path.empty() && app.empty(); }
  // "0.0.0.0:80", "[::1]:80", "unix:/run/x", "app:web": one way of writing each.
  std::string text() const;
};

// What stands behind `listen`: PORT, HOST, HOST:PORT, *:PORT, [IPV6]:PORT, unix:PATH. Port 80 when there is none.
// Fails with what nginx says before 'in "X" of the "listen" directive'.
Result<Address> parse_listen_address(std::string_view text);

// The same with a range in place of the port: HOST:8000-8010, 8000-8010. One for each port.
Result<std::vector<Address>> parse_listen_addresses(std::string_view text);

// HOST[:PORT][/URI], unix:PATH[:/URI]; `default_port` when there is none. Names are not looked up: one that nobody
// knows now may be known later. Fails with what nginx says before 'in upstream "X"'.
Result<Address> parse_upstream_address(std::string_view text, std::uint16_t default_port);

// "10.0.0.0/8", "10.1.2.3", "::1", "fc00::/7". A mask in dots is none, as in nginx.
bool is_network(std::string_view text);
// Of a network: whether its address says more than its mask lets through.
bool has_low_bits(std::string_view network);

}  // namespace tierce::config::nginx

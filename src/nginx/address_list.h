// Networks as allow, deny, set_real_ip_from and geo name them: which of them an address lies in.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tierce::nginx {

// An IPv4 or IPv6 address as bytes in network order; IPv4 ones are kept as ::ffff:a.b.c.d, as the kernel gives them.
using IpBytes = std::array<std::uint8_t, 16>;

// "10.1.2.3", "fe80::1". nullopt: neither.
std::optional<IpBytes> parse_ip(std::string_view text);

struct Network {
  IpBytes address{};
  int bits = 0;  // Of the 128.
  bool holds(const IpBytes& ip) const;
};

// "10.0.0.0/8", "10.1.2.3", "fc00::/7". nullopt: none of these.
std::optional<Network> parse_network(std::string_view text);

}  // namespace tierce::nginx

#include "nginx/address_list.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>
#include <string>

namespace tierce::nginx {
namespace {

constexpr int kMappedBits = 96;  // Of ::ffff:0:0 in front of an IPv4 address.

bool is_mapped(std::string_view text) { return text.find(':') == std::string_view::npos; }

}  // namespace

std::optional<IpBytes> parse_ip(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof buffer) return std::nullopt;
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  IpBytes ip{};
  if (is_mapped(text)) {
    ip[10] = ip[11] = 0xff;
    if (::inet_pton(AF_INET, buffer, ip.data() + 12) == 1) return ip;
    return std::nullopt;
  }
  if (::inet_pton(AF_INET6, buffer, ip.data()) == 1) return ip;
  return std::nullopt;
}

bool Network::holds(const IpBytes& ip) const {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (std::memcmp(address.data(), ip.data(), whole) != 0) return false;
  const int rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff00 >> rest);
  return ((address[whole] ^ ip[whole]) & mask) == 0;
}

std::optional<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const auto address = parse_ip(host);
  if (!address) return std::nullopt;
  const int in_front = is_mapped(host) ? kMappedBits : 0;
  Network network{*address, 128};
  if (slash == std::string_view::npos) return network;
  const std::string_view mask = text.substr(slash + 1);
  int bits = -1;
  const auto [end, error] = std::from_chars(mask.data(), mask.data() + mask.size(), bits);
  if (error != std::errc() || end != mask.data() + mask.size() || bits < 0 || bits > 128 - in_front)
    return std::nullopt;
  network.bits = in_front + bits;
  return network;
}

}  // namespace tierce::nginx

#include "config/nginx/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "config/nginx/values.h"

namespace tierce::config::nginx {
namespace {

using std::string_view;

constexpr std::size_t kUnixPathMax = 107;  // sockaddr_un, with its zero byte.

std::optional<std::uint16_t> port_of(string_view text) {
  const auto number = parse_number(text);
  if (!number || *number < 1 || *number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

Result<Address> unix_socket(string_view path) {
  if (path.empty()) return fail("no path in the unix domain socket");
  if (path.size() > kUnixPathMax) return fail("too long path in the unix domain socket");
  return Address{.unix_path = std::string(path)};
}

// "[::1]:80": the brackets' inside, and what stands behind them.
Result<Address> ipv6_address(string_view text) {
  const std::size_t end = text.find(']');
  if (end == string_view::npos) return fail("invalid host");
  Address address{.host = std::string(text.substr(1, end - 1)), .ipv6 = true};
  text.remove_prefix(end + 1);
  if (!text.empty()) {
    if (text.front() != ':') return fail("invalid host");
    const auto port = port_of(text.substr(1));
    if (!port) return fail("invalid port");
    address.port = *port;
  }
  in6_addr binary{};
  if (address.host.empty()) return fail("no host");
  if (::inet_pton(AF_INET6, address.host.c_str(), &binary) != 1) return fail("invalid IPv6 address");
  char written[INET6_ADDRSTRLEN];
  address.host = ::inet_ntop(AF_INET6, &binary, written, sizeof written);
  address.wildcard = IN6_IS_ADDR_UNSPECIFIED(&binary);
  return address;
}

}  // namespace

std::string Address::text() const {
  if (!unix_path.empty()) return "unix:" + unix_path;
  if (!app.empty()) return "app:" + app;
  return ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Result<Address> parse_listen_address(string_view text) {
  constexpr std::uint16_t kHttp = 80;
  if (text.starts_with("unix:")) return unix_socket(text.substr(5));
  if (text.starts_with('[')) {
    auto address = ipv6_address(text);
    if (address && address->port == 0) address->port = kHttp;
    return address;
  }
  const std::size_t colon = text.rfind(':');
  string_view host = text.substr(0, colon);
  std::uint16_t port = kHttp;
  if (colon != string_view::npos) {
    const auto given = port_of(text.substr(colon + 1));
    if (!given) return fail("invalid port");
    port = *given;
  } else if (parse_number(text)) {
    const auto given = port_of(text);
    if (!given) return fail("invalid port");
    return Address{.host = "0.0.0.0", .port = *given, .wildcard = true};
  }
  if (host.empty()) return fail("no host");
  if (host == "*") return Address{.host = "0.0.0.0", .port = port, .wildcard = true};
  if (host == "localhost") host = "127.0.0.1";
  Address address{.host = std::string(host), .port = port};
  in_addr binary{};
  if (::inet_pton(AF_INET, address.host.c_str(), &binary) == 1) address.wildcard = binary.s_addr == INADDR_ANY;
  return address;
}

Result<std::vector<Address>> parse_listen_addresses(string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::size_t port_at = text.starts_with("unix:") || text.ends_with(']') ? text.size()
                              : colon == string_view::npos                     ? 0
                                                                               : colon + 1;
  const std::size_t dash = text.find('-', port_at);
  // Names have dashes, too.
  const bool is_range =
      dash != string_view::npos && (port_at > 0 || parse_number(text.substr(port_at, dash - port_at)).has_value());
  auto first = parse_listen_address(is_range ? text.substr(0, dash) : text);
  if (!first) return fail(std::move(first).error());
  std::vector<Address> all{std::move(*first)};
  if (!is_range) return all;
  const auto last = port_of(text.substr(dash + 1));
  if (!last) return fail("invalid port");
  if (*last < all.front().port) return fail("invalid port range");
  for (std::uint32_t port = all.front().port + 1u; port <= *last; ++port) {
    all.push_back(all.front());
    all.back().port = static_cast<std::uint16_t>(port);
  }
  return all;
}

Result<Address> parse_upstream_address(string_view text, std::uint16_t default_port) {
  if (text.starts_with("unix:")) {
    text.remove_prefix(5);
    const std::size_t colon = text.find(':');
    auto address = unix_socket(text.substr(0, colon));
    if (address && colon != string_view::npos) address->uri = text.substr(colon + 1);
    return address;
  }
  const std::size_t end = text.find_first_of("/?", text.starts_with('[') ? text.find(']') : 0);
  const string_view uri = end == string_view::npos ? string_view() : text.substr(end);
  text = text.substr(0, end);
  if (text.starts_with('[')) {
    auto address = ipv6_address(text);
    if (address && address->port == 0) address->port = default_port;
    if (address) address->uri = uri;
    return address;
  }
  const std::size_t colon = text.find(':');
  Address address{.host = std::string(text.substr(0, colon)), .port = default_port, .uri = std::string(uri)};
  if (colon != string_view::npos) {
    const auto port = port_of(text.substr(colon + 1));
    if (!port) return fail("invalid port");
    address.port = *port;
  }
  if (address.host.empty()) return fail("no host");
  return address;
}

bool is_network(string_view text) {
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  in6_addr binary{};
  const bool ipv4 = ::inet_pton(AF_INET, address.c_str(), &binary) == 1;
  if (!ipv4 && ::inet_pton(AF_INET6, address.c_str(), &binary) != 1) return false;
  if (slash == string_view::npos) return true;
  const string_view mask = text.substr(slash + 1);
  const auto bits = parse_number(mask);
  return bits && *bits <= (ipv4 ? 32 : 128);
}

bool has_low_bits(string_view network) {
  const std::size_t slash = network.find('/');
  if (slash == string_view::npos) return false;
  const std::string address(network.substr(0, slash));
  std::array<unsigned char, 16> bytes{};
  const bool ipv4 = ::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1;
  if (!ipv4 && ::inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return false;
  const auto bits = static_cast<std::size_t>(parse_number(network.substr(slash + 1)).value_or(0));
  for (std::size_t i = bits; i < (ipv4 ? 32 : 128); ++i) {
    if ((bytes[i / 8] & (0x80 >> i % 8)) != 0) return true;
  }
  return false;
}

}  // namespace tierce::config::nginx

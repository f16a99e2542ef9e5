// The lines of a geo block: a value for each network, the smallest that an address lies in decides; or for each range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "config/nginx/server_settings.h"
#include "nginx/address_list.h"

namespace tierce::nginx {

class GeoTable {
 public:
  // Fails with nginx's words about a range that goes over the border of an earlier one.
  static Result<GeoTable> make(const config::nginx::GeoBlock& block);

  // The value for the address, "" when there is none and no default. An IPv4 address lies in no network of IPv6.
  std::string_view find(const IpBytes& ip) const;
  // For a text that is no address: nginx looks for 255.255.255.255.
  std::string_view find_without_address() const;

 private:
  struct Hash {
    std::size_t operator()(const IpBytes& ip) const;
  };
  struct OfLength {
    int bits = 0;
    std::unordered_map<IpBytes, std::string, Hash> networks;
  };
  struct Range {
    std::uint32_t first = 0, last = 0;
    std::string value;
  };
  OfLength& of_length(std::vector<OfLength>& family, int bits);
  Result<void> add_network(std::string_view key, const std::string& value);
  Result<void> add_range(std::string_view key, const std::string& value);
  const std::string* find_network(const IpBytes& ip) const;
  const std::string* find_range(const IpBytes& ip) const;

  bool of_ranges_ = false;
  std::string fallback_;
  std::vector<OfLength> ipv4_, ipv6_;  // The longest networks first.
  std::vector<Range> ranges_;          // In the order of their addresses, none over another.
};

}  // namespace tierce::nginx

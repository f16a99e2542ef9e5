#include "nginx/geo_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace tierce::nginx {
namespace {

constexpr IpBytes kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
constexpr int kMappedBits = 96;

bool is_ipv4(const IpBytes& ip) { return std::equal(ip.begin(), ip.begin() + kMappedBits / 8, kMapped.begin()); }

std::uint32_t ipv4_of(const IpBytes& ip) {
  std::uint32_t number = 0;
  for (std::size_t i = kMappedBits / 8; i < ip.size(); ++i) number = number << 8 | ip[i];
  return number;
}

IpBytes cut(IpBytes ip, int bits) {
  auto at = static_cast<std::size_t>(bits / 8);
  if (bits % 8 != 0) {
    ip[at] &= static_cast<std::uint8_t>(0xff00 >> bits % 8);
    ++at;
  }
  std::fill(ip.begin() + static_cast<std::ptrdiff_t>(at), ip.end(), std::uint8_t{0});
  return ip;
}

}  // namespace

std::size_t GeoTable::Hash::operator()(const IpBytes& ip) const {
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(ip.data()), ip.size()});
}

Result<GeoTable> GeoTable::make(const config::nginx::GeoBlock& block) {
  GeoTable table;
  table.of_ranges_ = block.ranges;
  table.fallback_ = block.fallback;
  for (const auto& [key, value] : block.entries) {
    auto added = block.ranges ? table.add_range(key, value) : table.add_network(key, value);
    if (!added) return fail(std::move(added).error());
  }
  return table;
}

GeoTable::OfLength& GeoTable::of_length(std::vector<OfLength>& family, int bits) {
  const auto at =
      std::find_if(family.begin(), family.end(), [bits](const OfLength& each) { return each.bits <= bits; });
  if (at != family.end() && at->bits == bits) return *at;
  return *family.insert(at, OfLength{bits, {}});
}

Result<void> GeoTable::add_network(std::string_view key, const std::string& value) {
  const bool remove = key == "delete";
  const std::string_view text = remove ? std::string_view(value) : key;
  const auto network = parse_network(text);
  if (!network) return fail(Error(fmt::format("invalid network \"{}\"", text)));
  const bool ipv4 = network->bits >= kMappedBits && is_ipv4(network->address);
  auto& networks = of_length(ipv4 ? ipv4_ : ipv6_, network->bits).networks;
  const IpBytes address = cut(network->address, network->bits);
  if (remove) {
    networks.erase(address);
  } else {
    networks[address] = value;  // The last one holds.
  }
  return {};
}

Result<void> GeoTable::add_range(std::string_view key, const std::string& value) {
  const std::size_t dash = key.find('-');
  const auto first = parse_ip(key.substr(0, dash));
  const auto last = dash == std::string_view::npos ? std::nullopt : parse_ip(key.substr(dash + 1));
  if (!first || !last || !is_ipv4(*first) || !is_ipv4(*last) || *first > *last)
    return fail(Error(fmt::format("invalid range \"{}\"", key)));
  Range fresh{ipv4_of(*first), ipv4_of(*last), value};
  auto at = std::lower_bound(ranges_.begin(), ranges_.end(), fresh.first,
                             [](const Range& each, std::uint32_t number) { return each.last < number; });
  if (at == ranges_.end() || at->first > fresh.last) {
    ranges_.insert(at, std::move(fresh));
    return {};
  }
  if (at->first > fresh.first || at->last < fresh.last) return fail(Error(fmt::format("range \"{}\" overlaps", key)));
  // It lies inside an earlier one, which stays around it.
  const Range outer = *at;
  *at = fresh;
  if (outer.last > fresh.last) at = std::prev(ranges_.insert(std::next(at), {fresh.last + 1, outer.last, outer.value}));
  if (outer.first < fresh.first) ranges_.insert(at, {outer.first, fresh.first - 1, outer.value});
  return {};
}

const std::string* GeoTable::find_network(const IpBytes& ip) const {
  for (const OfLength& each : is_ipv4(ip) ? ipv4_ : ipv6_) {
    if (const auto found = each.networks.find(cut(ip, each.bits)); found != each.networks.end()) return &found->second;
  }
  return nullptr;
}

const std::string* GeoTable::find_range(const IpBytes& ip) const {
  if (!is_ipv4(ip)) return nullptr;
  const std::uint32_t number = ipv4_of(ip);
  const auto at = std::lower_bound(ranges_.begin(), ranges_.end(), number,
                                   [](const Range& each, std::uint32_t wanted) { return each.last < wanted; });
  return at != ranges_.end() && at->first <= number ? &at->value : nullptr;
}

std::string_view GeoTable::find(const IpBytes& ip) const {
  const std::string* value = of_ranges_ ? find_range(ip) : find_network(ip);
  return value != nullptr ? *value : fallback_;
}

std::string_view GeoTable::find_without_address() const {
  IpBytes none = kMapped;
  std::fill(none.begin() + kMappedBits / 8, none.end(), std::uint8_t{0xff});
  return find(none);
}

}  // namespace tierce::nginx

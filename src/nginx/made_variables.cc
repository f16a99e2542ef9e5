#include "nginx/made_variables.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>

#include "nginx/address_list.h"
#include "nginx/request.h"
#include "nginx/site.h"

namespace tierce::nginx {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

// Exact keys first, then, of hostnames, the longest name with a star in front and that with one at the end, then
// expressions in their order.
struct MapTable {
  std::unordered_map<std::string, const conf::TextValue*> exact, below, any_ending;
  std::vector<const conf::MapEntry*> expressions;

  explicit MapTable(const conf::MapBlock& block) {
    for (const conf::MapEntry& entry : block.entries) {
      if (entry.expression.regex != nullptr) {
        expressions.push_back(&entry);
      } else if (block.hostnames && entry.key.starts_with("*.")) {
        below.emplace(entry.key.substr(2), &entry.value);
      } else if (block.hostnames && entry.key.size() > 1 && entry.key.starts_with('.')) {
        below.emplace(entry.key.substr(1), &entry.value);
        exact.emplace(entry.key.substr(1), &entry.value);
      } else if (block.hostnames && entry.key.ends_with(".*")) {
        any_ending.emplace(entry.key.substr(0, entry.key.size() - 2), &entry.value);
      } else {
        exact.emplace(entry.key, &entry.value);
      }
    }
  }

  const conf::TextValue* find_name(const std::string& key) const {
    for (std::size_t dot = key.find('.'); dot != std::string::npos; dot = key.find('.', dot + 1)) {
      if (const auto found = below.find(key.substr(dot + 1)); found != below.end()) return found->second;
    }
    for (std::size_t dot = key.rfind('.'); dot != std::string::npos && dot > 0; dot = key.rfind('.', dot - 1)) {
      if (const auto found = any_ending.find(key.substr(0, dot)); found != any_ending.end()) return found->second;
    }
    return nullptr;
  }
};

bool append_text(Request& request, const conf::TextValue& value, std::string& out) {
  std::string room;
  out += request.site.text(request, value, room);
  return true;
}

struct GeoTable {
  struct Entry {
    Network network;
    IpBytes first{}, last{};
    const std::string* value;
  };
  std::vector<Entry> entries;  // Those with the longest networks first.
  std::vector<Network> proxies;

  explicit GeoTable(const conf::GeoBlock& block) {
    for (const auto& [key, value] : block.entries) {
      if (block.ranges) {
        const std::size_t dash = key.find('-');
        const auto first = parse_ip(std::string_view(key).substr(0, dash));
        const auto last = parse_ip(std::string_view(key).substr(dash + 1));
        if (first && last) entries.push_back({{}, *first, *last, &value});
      } else if (key == "delete") {
        const auto network = parse_network(value);
        std::erase_if(entries, [&](const Entry& each) {
          return network && each.network.bits == network->bits && each.network.holds(network->address);
        });
      } else if (const auto network = parse_network(key)) {
        entries.push_back({*network, {}, {}, &value});
      }
    }
    if (!block.ranges) {
      // Of two of the same network the later one counts.
      std::reverse(entries.begin(), entries.end());
      std::stable_sort(entries.begin(), entries.end(),
                       [](const Entry& a, const Entry& b) { return a.network.bits > b.network.bits; });
    }
    for (const std::string& each : block.proxies) {
      if (const auto network = parse_network(each)) proxies.push_back(*network);
    }
  }

  const std::string* find(const IpBytes& ip, bool ranges) const {
    if (ranges) {
      const Entry* found = nullptr;
      for (const Entry& each : entries) {
        if (each.first <= ip && ip <= each.last) found = &each;
      }
      return found == nullptr ? nullptr : found->value;
    }
    const auto found =
        std::find_if(entries.begin(), entries.end(), [&](const Entry& each) { return each.network.holds(ip); });
    return found == entries.end() ? nullptr : found->value;
  }

  bool is_proxy(const IpBytes& ip) const {
    return std::any_of(proxies.begin(), proxies.end(), [&](const Network& each) { return each.holds(ip); });
  }
};

}  // namespace

MakeVariable make_map(const conf::MapBlock& block) {
  auto table = std::make_shared<const MapTable>(block);
  return [&block, table](Request& request, std::string& out) {
    std::string room;
    const std::string source(request.site.text(request, block.source, room));
    std::string key = lower(source);
    if (block.hostnames && key.ends_with('.')) key.pop_back();
    const auto exact = table->exact.find(key);
    const conf::TextValue* value = exact == table->exact.end() ? nullptr : exact->second;
    if (value == nullptr && block.hostnames) value = table->find_name(key);
    if (value != nullptr) return append_text(request, *value, out);
    for (const conf::MapEntry* entry : table->expressions) {
      if (!entry->expression.regex->matches(source)) continue;
      request.take_captures(*entry->expression.regex, source);
      return append_text(request, entry->value, out);
    }
    if (block.fallback) return append_text(request, *block.fallback, out);
    return true;
  };
}

MakeVariable make_geo(const conf::GeoBlock& block) {
  auto table = std::make_shared<const GeoTable>(block);
  return [&block, table](Request& request, std::string& out) {
    std::string text;
    request.site.variable(request, block.source.empty() ? "remote_addr" : std::string_view(block.source), text);
    auto ip = parse_ip(text);
    if (ip && table->is_proxy(*ip)) {
      std::string_view forwarded = request.field("x-forwarded-for");
      for (bool first = true; !forwarded.empty() && (first || block.proxy_recursive); first = false) {
        const std::size_t comma = forwarded.rfind(',');
        const auto each =
            parse_ip(http::trim_blanks(forwarded.substr(comma == std::string_view::npos ? 0 : comma + 1)));
        if (!each) break;
        ip = each;
        if (comma == std::string_view::npos || !table->is_proxy(*ip)) break;
        forwarded = forwarded.substr(0, comma);
      }
    }
    const std::string* value = ip ? table->find(*ip, block.ranges) : nullptr;
    // A value may be that of another one, but never a variable: nginx reads them as they stand.
    out += value != nullptr ? *value : block.fallback;
    return true;
  };
}

std::uint32_t murmur2(std::string_view data) {
  constexpr std::uint32_t kMix = 0x5bd1e995;
  std::uint32_t hash = static_cast<std::uint32_t>(data.size());
  while (data.size() >= 4) {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 4; ++i) word |= std::uint32_t{static_cast<unsigned char>(data[i])} << (8 * i);
    word *= kMix;
    word ^= word >> 24;
    word *= kMix;
    hash = (hash * kMix) ^ word;
    data.remove_prefix(4);
  }
  for (std::size_t i = data.size(); i-- > 0;) hash ^= std::uint32_t{static_cast<unsigned char>(data[i])} << (8 * i);
  if (!data.empty()) hash *= kMix;
  hash ^= hash >> 13;
  hash *= kMix;
  return hash ^ (hash >> 15);
}

MakeVariable make_split(const conf::SplitBlock& block) {
  return [&block](Request& request, std::string& out) {
    std::string room;
    const std::uint32_t hash = murmur2(request.site.text(request, block.source, room));
    constexpr std::uint64_t kAll = 10'000;  // Parts are in hundredths of a percent.
    std::uint64_t sum = 0;
    for (const auto& [part, value] : block.parts) {
      sum += static_cast<std::uint64_t>(part);
      if (part == 0 || hash < sum * 0xffffffffu / kAll) return append_text(request, value, out);
    }
    return true;
  };
}

}  // namespace tierce::nginx

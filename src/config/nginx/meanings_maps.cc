// Variables made of others: map, geo, split_clients.
#include <set>

#include "config/nginx/setting.h"

namespace tierce::config::nginx {
namespace {

using std::string_view;

Done map_line(Interpreter& in, const Node& line, MapBlock& map, std::set<std::string>& keys) {
  const auto& words = line.words;
  if (words.size() == 1 && (words[0] == "hostnames" || words[0] == "volatile")) {
    (words[0] == "hostnames" ? map.hostnames : map.of_each_use) = true;
    return {};
  }
  if (words.size() != 2) return fail("invalid number of the map parameters");
  auto value = in.text(words[1], line.place);
  if (!value) return fail(std::move(value).error());
  if (words[0] == "default") {
    if (map.fallback) return fail("duplicate default map parameter");
    map.fallback = std::move(*value);
    return {};
  }
  MapEntry entry{.key = words[0], .expression = {}, .value = std::move(*value)};
  if (entry.key.starts_with('~')) {
    const bool ignored = entry.key.starts_with("~*");
    auto expression = in.expression(string_view(entry.key).substr(ignored ? 2 : 1),
                                    ignored ? Regex::Case::kIgnored : Regex::Case::kMatters);
    if (!expression) return fail(std::move(expression).error());
    entry.expression = std::move(*expression);
  } else {
    // A backslash before a key that would mean something else.
    if (entry.key.starts_with('\\')) entry.key.erase(0, 1);
    std::transform(entry.key.begin(), entry.key.end(), entry.key.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
    if (!keys.insert(entry.key).second) return fail(Error(fmt::format("conflicting parameter \"{}\"", words[0])));
  }
  map.entries.push_back(std::move(entry));
  return {};
}

Done map(Interpreter& in, Level& level, const Node& node) {
  MapBlock map;
  auto source = in.text(node.words[1], node.place);
  if (!source) return fail(std::move(source).error());
  map.source = std::move(*source);
  auto variable = in.define_variable(node.words[2]);
  if (!variable) return fail(std::move(variable).error());
  map.variable = std::move(*variable);
  std::set<std::string> keys;
  for (const Node& line : node.block) {
    if (auto done = map_line(in, line, map, keys); !done) return in.refuse_at(line.place, done.error().text());
  }
  level.http->maps.push_back(std::move(map));
  return {};
}

Done geo_line(Interpreter& in, const Node& line, GeoBlock& geo) {
  const auto& words = line.words;
  if (words.size() == 1 && words[0] == "ranges") {
    geo.ranges = true;
    return {};
  }
  if (words.size() == 1 && words[0] == "proxy_recursive") {
    geo.proxy_recursive = true;
    return {};
  }
  if (words.size() != 2) return fail("invalid number of the geo parameters");
  const std::string& key = words[0];
  if (key == "default") {
    geo.fallback = words[1];
  } else if (key == "proxy") {
    if (!is_network(words[1])) return fail(Error(fmt::format("invalid network \"{}\"", words[1])));
    warn_of_low_bits(in, line.place, words[1]);
    geo.proxies.push_back(words[1]);
  } else if (geo.ranges) {
    const std::size_t dash = key.find('-');
    if (dash == std::string::npos || !is_network(key.substr(0, dash)) || !is_network(key.substr(dash + 1)))
      return fail(Error(fmt::format("invalid range \"{}\"", key)));
    geo.entries.emplace_back(key, words[1]);
  } else {
    const std::string& network = key == "delete" ? words[1] : key;
    if (!is_network(network)) return fail(Error(fmt::format("invalid network \"{}\"", network)));
    warn_of_low_bits(in, line.place, network);
    geo.entries.emplace_back(key, words[1]);
  }
  return {};
}

Done geo(Interpreter& in, Level& level, const Node& node) {
  GeoBlock geo;
  if (node.words.size() == 3) {
    auto source = in.text(node.words[1], node.place);
    if (!source) return fail(std::move(source).error());
    if (!node.words[1].starts_with('$')) return fail(Error(fmt::format("invalid variable name \"{}\"", node.words[1])));
    geo.source = node.words[1].substr(1);
  }
  auto variable = in.define_variable(node.words.back());
  if (!variable) return fail(std::move(variable).error());
  geo.variable = std::move(*variable);
  for (const Node& line : node.block) {
    if (auto done = geo_line(in, line, geo); !done) return in.refuse_at(line.place, done.error().text());
  }
  level.http->geos.push_back(std::move(geo));
  return {};
}

// "12.5%" in hundredths of a percent.
std::optional<std::int64_t> percent(string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  text.remove_suffix(1);
  const std::size_t dot = text.find('.');
  const auto whole = parse_number(text.substr(0, dot));
  if (!whole || *whole > 1000) return std::nullopt;
  if (dot == string_view::npos) return *whole * 100;
  std::string digits(text.substr(dot + 1));
  if (digits.empty() || digits.size() > 2) return std::nullopt;
  digits.resize(2, '0');
  const auto part = parse_number(digits);
  return part ? std::optional(*whole * 100 + *part) : std::nullopt;
}

constexpr std::int64_t kWhole = 10'000;  // In hundredths of a percent.

Done split_line(Interpreter& in, const Node& line, SplitBlock& split, std::int64_t& total) {
  std::int64_t part = 0;
  if (line.words[0] != "*") {
    const auto given = percent(line.words[0]);
    if (!given || *given == 0) return fail(Error(fmt::format("invalid percent value \"{}\"", line.words[0])));
    part = *given;
    total += part;
    if (total > kWhole) return fail("percent total is greater than 100%");
  }
  if (line.words.size() != 2) return fail("invalid number of the split_clients parameters");
  auto value = in.text(line.words[1], line.place);
  if (!value) return fail(std::move(value).error());
  split.parts.emplace_back(part, std::move(*value));
  return {};
}

Done split_clients(Interpreter& in, Level& level, const Node& node) {
  SplitBlock split;
  auto source = in.text(node.words[1], node.place);
  if (!source) return fail(std::move(source).error());
  split.source = std::move(*source);
  auto variable = in.define_variable(node.words[2]);
  if (!variable) return fail(std::move(variable).error());
  split.variable = std::move(*variable);
  std::int64_t total = 0;
  for (const Node& line : node.block) {
    if (auto done = split_line(in, line, split, total); !done) return in.refuse_at(line.place, done.error().text());
  }
  level.http->splits.push_back(std::move(split));
  return {};
}

}  // namespace

Meanings map_meanings() {
  return {
      {.name = "map", .help = "A variable whose value another one decides.", .apply = map},
      {.name = "geo", .help = "A variable whose value the client's address decides.", .apply = geo},
      {.name = "split_clients", .help = "A variable with values for shares of the requests.", .apply = split_clients},
  };
}

}  // namespace tierce::config::nginx

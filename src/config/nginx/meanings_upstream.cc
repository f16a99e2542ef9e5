// upstream blocks: the servers of a group and how one of them is chosen.
#include "config/nginx/setting.h"

namespace tierce::config::nginx {
namespace {

using std::string_view;
using U = UpstreamSettings;
using Balance = U::Balance;

// What the way of choosing cannot do: nginx says so when the parameter stands behind it.
bool has_backups(Balance balance) { return balance == Balance::kRoundRobin || balance == Balance::kLeastConn; }

Done server_parameter(const std::string& word, const U& upstream, UpstreamServer& server) {
  const auto bad = [&] { return fail(Error(fmt::format("invalid parameter \"{}\"", word))); };
  const auto value = [&word] { return string_view(word).substr(word.find('=') + 1); };
  const auto number = [&](std::int64_t& into, bool positive) -> Done {
    const auto given = parse_number(value());
    if (!given || (positive && *given == 0)) return bad();
    into = *given;
    return {};
  };
  if (word.starts_with("weight=")) return number(server.weight, true);
  if (word.starts_with("max_conns=")) return number(server.max_conns, false);
  if (word.starts_with("max_fails=")) return number(server.max_fails, false);
  if (word.starts_with("fail_timeout=")) {
    const auto time = parse_time(value(), false);
    if (!time) return bad();
    server.fail_timeout = std::chrono::seconds(*time);
    return {};
  }
  if (word == "backup") {
    if (!has_backups(upstream.balance)) return fail("balancing method does not support parameter \"backup\"");
    server.backup = true;
    return {};
  }
  if (word == "down") {
    server.down = true;
    return {};
  }
  return bad();
}

Done server(Interpreter&, Level& level, const Node& node) {
  UpstreamServer server{.address = {}};
  for (std::size_t i = 2; i < node.words.size(); ++i) {
    if (auto done = server_parameter(node.words[i], *level.upstream, server); !done) return done;
  }
  auto address = parse_upstream_address(node.words[1], 80);
  // nginx finds a path before anything else.
  const bool has_path = !node.words[1].starts_with("unix:") && node.words[1].find('/') != std::string::npos;
  if (has_path || (address && !address->uri.empty()))
    return fail(Error(fmt::format("invalid host in upstream \"{}\"", node.words[1])));
  if (!address) return fail(Error(fmt::format("{} in upstream \"{}\"", address.error().text(), node.words[1])));
  server.address = std::move(*address);
  server.name = node.words[1];
  server.place = node.place;
  level.upstream->servers.push_back(std::move(server));
  return {};
}

Done balance(Interpreter& in, Level& level, const Node& node, Balance balance) {
  // To nginx keepalive is a method around the one before it.
  if (level.upstream->balance != Balance::kRoundRobin || level.upstream->keepalive)
    in.warn(node.place, "load balancing method redefined");
  level.upstream->balance = balance;
  return {};
}
Done ip_hash(Interpreter& in, Level& level, const Node& node) { return balance(in, level, node, Balance::kIpHash); }
Done least_conn(Interpreter& in, Level& level, const Node& node) {
  return balance(in, level, node, Balance::kLeastConn);
}
Done hash(Interpreter& in, Level& level, const Node& node) {
  if (node.words.size() == 3 && node.words[2] != "consistent")
    return fail(Error(fmt::format("invalid parameter \"{}\"", node.words[2])));
  if (auto done = take(in, node, level.upstream->hash_key); !done) return done;
  return balance(in, level, node, node.words.size() == 3 ? Balance::kConsistentHash : Balance::kHash);
}
Done random(Interpreter& in, Level& level, const Node& node) {
  if (node.words.size() > 1 && node.words[1] != "two")
    return fail(Error(fmt::format("invalid parameter \"{}\"", node.words[1])));
  if (node.words.size() > 2 && node.words[2] != "least_conn")
    return fail(Error(fmt::format("invalid parameter \"{}\"", node.words[2])));
  return balance(in, level, node, node.words.size() > 1 ? Balance::kRandomTwo : Balance::kRandom);
}

Done keepalive(Interpreter&, Level& level, const Node& node) {
  const auto count = parse_number(node.words[1]);
  if (!count || *count == 0)
    return fail(Error(fmt::format("invalid value \"{}\" in \"keepalive\" directive", node.words[1])));
  level.upstream->keepalive = *count;
  return {};
}

Done zone(Interpreter&, Level& level, const Node& node) {
  constexpr std::int64_t kLeast = 8L * 4096;  // nginx's: eight pages.
  if (node.words.size() > 2) {
    const auto size = parse_size(node.words[2], false);
    if (!size) return fail(Error(fmt::format("invalid zone size \"{}\"", node.words[2])));
    if (*size < kLeast) return fail(Error(fmt::format("zone \"{}\" is too small", node.words[1])));
  }
  level.upstream->zone.assign(node.words.begin() + 1, node.words.end());
  return {};
}

}  // namespace

Meanings upstream_meanings() {
  return {
      {.name = "server", .help = "A server of the group.", .apply = server},
      {.name = "ip_hash", .help = "The client's address chooses.", .apply = ip_hash},
      {.name = "least_conn", .help = "The one with the fewest connections is chosen.", .apply = least_conn},
      {.name = "hash", .help = "A text chooses.", .apply = hash},
      {.name = "random", .help = "One of all, or the better one of two.", .apply = random},
      setting<&U::keepalive>("keepalive", keepalive, "", "How many idle connections are kept."),
      setting<&U::keepalive_requests>("keepalive_requests", "", "How many requests each may carry."),
      setting<&U::keepalive_time>("keepalive_time", "", "How long it may last."),
      setting<&U::keepalive_timeout>("keepalive_timeout", "", "How long it may be idle."),
      setting<&U::zone>("zone", zone, "", "Memory for its state; all threads share it anyway."),
  };
}

Done upstream_block(Interpreter& in, Level& level, const Node& node) {
  auto& all = in.model().upstreams;
  const std::string& name = node.words[1];
  if (std::any_of(all.begin(), all.end(), [&](const auto& each) { return each->name == name; }))
    return fail(Error(fmt::format("duplicate upstream \"{}\"", name)));
  U& made = *all.emplace_back(std::make_unique<U>());
  made.name = name;
  Level inner{.context = Context::kUpstream, .main = level.main, .http = level.http, .upstream = &made};
  if (auto done = in.block(node.block, inner); !done || !node.whole) return done;
  // One that was refused has been said.
  const bool any =
      std::any_of(node.block.begin(), node.block.end(), [](const Node& n) { return n.words[0] == "server"; });
  if (!any) return fail("no servers are inside upstream");
  return {};
}

}  // namespace tierce::config::nginx

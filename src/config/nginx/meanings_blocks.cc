// http, server, location, if, limit_except, types, and what belongs to a server alone: listen, server_name.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "config/nginx/interpreter.h"
#include "config/nginx/values.h"

namespace tierce::config::nginx {
namespace {

using std::string_view;

// Nobody but root may listen at 80.
std::uint16_t default_port() { return ::geteuid() == 0 ? 80 : 8000; }

Done server(Interpreter& in, Level& level, const Node& node) {
  auto made = std::make_unique<Server>();
  made->place = made->root.place = node.place;
  Server& server = *in.model().servers.emplace_back(std::move(made));
  Level inner = level;
  inner.context = Context::kServer;
  inner.server = &server.settings;
  inner.location = &server.root.settings;
  inner.of_server = &server;
  inner.of_location = &server.root;
  if (auto done = in.block(node.block, inner); !done || !node.whole) return done;
  if (server.listens.empty()) {
    server.listens.push_back(
        {.address = {.host = "0.0.0.0", .port = default_port(), .wildcard = true}, .place = node.place, .options = {}});
  }
  if (server.names.empty()) server.names.push_back({});
  return {};
}

Done location(Interpreter& in, Level& level, const Node& node) {
  auto pattern = parse_location({node.words.begin() + 1, node.words.end()});
  if (!pattern) return fail(std::move(pattern).error());
  if (pattern->kind == LocationPattern::Kind::kRegex) {
    if (auto named = in.expression(pattern->text, pattern->expression.letters); !named)
      return fail(std::move(named).error());
  }
  Location& outer = *level.of_location;
  if (outer.pattern) {
    if (auto done = may_stand_in(*outer.pattern, *pattern); !done) return done;
  }
  auto made = std::make_unique<Location>();
  made->pattern = std::move(*pattern);
  made->place = node.place;
  Level inner = level;
  inner.context = Context::kLocation;
  inner.location = &made->settings;
  inner.of_location = made.get();
  inner.server = nullptr;
  outer.locations.push_back(std::move(made));
  return in.block(node.block, inner);
}

constexpr auto kMethods = std::to_array<string_view>({"GET", "HEAD", "POST", "PUT", "DELETE", "MKCOL", "COPY", "MOVE",
                                                      "OPTIONS", "PROPFIND", "PROPPATCH", "LOCK", "UNLOCK", "PATCH"});

Done limit_except(Interpreter& in, Level& level, const Node& node) {
  if (level.of_location->limit_except) return fail("\"limit_except\" directive is duplicate");
  auto made = std::make_unique<LimitExcept>();
  for (std::size_t i = 1; i < node.words.size(); ++i) {
    std::string method = node.words[i];
    std::transform(method.begin(), method.end(), method.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; });
    if (std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end())
      return fail(Error(fmt::format("invalid method \"{}\"", node.words[i])));
    made->methods.push_back(std::move(method));
  }
  Level inner = level;
  inner.context = Context::kLimitExcept;
  inner.location = &made->settings;
  level.of_location->limit_except = std::move(made);
  return in.block(node.block, inner);
}

// "on:60s:10": times of TCP's keep-alive.
bool is_so_keepalive(string_view value) {
  if (value == "on" || value == "off") return true;
  string_view parts[3];
  std::size_t count = 0;
  for (;;) {
    const std::size_t colon = value.find(':');
    parts[count++] = value.substr(0, colon);
    if (colon == string_view::npos) break;
    if (count == 3) return false;
    value.remove_prefix(colon + 1);
  }
  if (count < 2) return false;
  const bool times =
      std::all_of(parts, parts + 2, [](string_view part) { return part.empty() || parse_time(part, false); });
  const bool any = !parts[0].empty() || !parts[1].empty() || !parts[2].empty();
  return times && any && (parts[2].empty() || parse_number(parts[2]));
}

Done listen_parameter(Listen& listen, const std::string& word) {
  const auto bad = [&](string_view what) { return fail(Error(fmt::format("invalid {} \"{}\"", what, word))); };
  ListenOptions& options = listen.options;
  const auto number = [&](string_view name, Number& into, bool positive) -> Done {
    const auto value = parse_number(string_view(word).substr(name.size() + 1));
    if (!value || (positive && *value == 0)) return bad(name);
    into = *value;
    listen.options_given = options.bind = true;
    return {};
  };
  const auto size = [&](string_view name, Number& into) -> Done {
    const auto value = parse_size(string_view(word).substr(name.size() + 1), false);
    if (!value) return bad(name);
    into = *value;
    listen.options_given = options.bind = true;
    return {};
  };
  if (word == "default_server" || word == "default") {
    listen.is_default = true;
  } else if (word == "bind") {
    listen.options_given = options.bind = true;
  } else if (word == "ssl") {
    listen.tls = true;
  } else if (word == "http2") {
    listen.http2 = true;
  } else if (word == "proxy_protocol") {
    listen.proxy_protocol = true;
  } else if (word == "deferred") {
    listen.options_given = options.bind = options.deferred = true;
  } else if (word == "reuseport") {
    listen.options_given = options.bind = options.reuse_port = true;
  } else if (word.starts_with("backlog=")) {
    return number("backlog", options.backlog, true);
  } else if (word.starts_with("fastopen=")) {
    return number("fastopen", options.fast_open, false);
  } else if (word.starts_with("rcvbuf=")) {
    return size("rcvbuf", options.receive_buffer);
  } else if (word.starts_with("sndbuf=")) {
    return size("sndbuf", options.send_buffer);
  } else if (word.starts_with("ipv6only=o")) {
    const string_view value = string_view(word).substr(9);
    if (value != "on" && value != "off") return fail(Error(fmt::format("invalid ipv6only flags \"{}\"", value)));
    options.ipv6_only = value == "on";
    listen.options_given = options.bind = true;
  } else if (word.starts_with("so_keepalive=")) {
    options.so_keepalive = word.substr(13);
    if (!is_so_keepalive(*options.so_keepalive))
      return fail(Error(fmt::format("invalid so_keepalive value: \"{}\"", *options.so_keepalive)));
    listen.options_given = options.bind = true;
  } else if (word.starts_with("setfib=") || word.starts_with("accept_filter=")) {
    return fail(Error(fmt::format("{} is not supported on this platform, ignored", word.substr(0, word.find('=')))));
  } else {
    return bad("parameter");
  }
  return {};
}

Done add_listen(Interpreter& in, const Level& level, Listen listen) {
  const std::string text = listen.address.text();
  for (const Listen& other : level.of_server->listens) {
    if (other.address.text() == text) return fail(Error(fmt::format("a duplicate listen {}", text)));
  }
  for (const auto& server : in.model().servers) {
    for (const Listen& other : server->listens) {
      if (other.address.text() != text) continue;
      if (other.options_given && listen.options_given)
        return fail(Error(fmt::format("duplicate listen options for {}", text)));
      if (other.is_default && listen.is_default)
        return fail(Error(fmt::format("a duplicate default server for {}", text)));
    }
  }
  level.of_server->listens.push_back(std::move(listen));
  return {};
}

Done listen(Interpreter& in, Level& level, const Node& node) {
  auto addresses = parse_listen_addresses(node.words[1]);
  if (!addresses)
    return fail(
        Error(fmt::format("{} in \"{}\" of the \"listen\" directive", addresses.error().text(), node.words[1])));
  Listen listen{.address = addresses->front(), .place = node.place, .options = {}};
  for (std::size_t i = 2; i < node.words.size(); ++i) {
    if (auto done = listen_parameter(listen, node.words[i]); !done) return done;
  }
  for (Address& each : *addresses) {
    listen.address = std::move(each);
    if (auto done = add_listen(in, level, listen); !done) return done;
  }
  return {};
}

Done server_name(Interpreter& in, Level& level, const Node& node) {
  for (std::size_t i = 1; i < node.words.size(); ++i) {
    auto name = parse_server_name(node.words[i]);
    if (!name) return fail(std::move(name).error());
    if (name->kind == ServerName::Kind::kRegex) {
      if (auto named = in.expression(name->text, Regex::Case::kMatters); !named) return fail(std::move(named).error());
    } else if (node.words[i].find('/') != std::string::npos) {
      in.warn(node.place, fmt::format("server name \"{}\" has suspicious symbols", node.words[i]));
    }
    level.of_server->names.push_back(std::move(*name));
  }
  return {};
}

}  // namespace

// Those of http and below; main_meanings() has http itself.
Meanings block_meanings() {
  return {
      {.name = "server", .help = "A virtual server.", .apply = server},
      {.name = "upstream", .help = "A group of servers to pass to.", .apply = upstream_block},
      {.name = "location", .help = "What holds for paths.", .apply = location},
      {.name = "limit_except", .help = "What holds for all methods but these.", .apply = limit_except},
      {.name = "listen", .help = "An address to serve at.", .apply = listen},
      {.name = "server_name", .help = "The names by which the server is chosen.", .apply = server_name},
  };
}

Done http_block(Interpreter& in, Level& level, const Node& node) {
  Model& model = in.model();
  if (model.has_http) return fail("\"http\" directive is duplicate");
  model.has_http = true;
  Level inner{.context = Context::kHttp,
              .main = level.main,
              .http = &model.http,
              .server = &model.server_defaults,
              .location = &model.location_defaults};
  if (auto done = in.block(node.block, inner); !done || !node.whole) return done;
  return in.finish_http(inner);
}

Done events_block(Interpreter& in, Level& level, const Node& node) {
  if (in.model().has_events) return fail("\"events\" directive is duplicate");
  in.model().has_events = true;
  Level inner = level;
  inner.context = Context::kEvents;
  return in.block(node.block, inner);
}

}  // namespace tierce::config::nginx

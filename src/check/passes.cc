#include "check/passes.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>

namespace tierce::check {
namespace {

using config::WireProtocol;
using config::nginx::Address;
using config::nginx::Node;
using std::string_view;
namespace fs = std::filesystem;

struct Passing {
  string_view directive;
  WireProtocol protocol;
};
constexpr std::array kPassing = {
    Passing{"proxy_pass", WireProtocol::kHttp}, Passing{"uwsgi_pass", WireProtocol::kUwsgi},
    Passing{"fastcgi_pass", WireProtocol::kFastcgi}, Passing{"scgi_pass", WireProtocol::kScgi}};

class Finder {
 public:
  Finder(const Chain& chain, const Edge& edge, EdgePasses& into) : chain_(chain), edge_(edge), into_(into) {}

  void run() {
    for (const auto& scope : into_.scopes) {
      for (const Passing& passing : kPassing) {
        const Node* statement = scope->own(passing.directive);
        if (statement != nullptr && statement->words.size() > 1) add(*scope, *statement, passing.protocol);
      }
      const Node* by_name = scope->own("wsgi_pass");
      if (by_name != nullptr && by_name->words.size() > 1) add_program(*scope, *by_name);
    }
  }

 private:
  void add_program(const Scope& scope, const Node& statement) {
    Pass pass{.edge = &edge_, .scope = &scope, .statement = &statement, .address = {}, .program = statement.words[1]};
    pass.protocol = pass.spoken = WireProtocol::kUwsgi;
    for (const auto& app : chain_.apps) {
      if (app->name == pass.program) pass.app = app.get();
    }
    into_.passes.push_back(std::move(pass));
  }

  void add(const Scope& scope, const Node& statement, WireProtocol protocol) {
    string_view text = statement.words[1];
    if (text.find('$') != string_view::npos) return;
    std::uint16_t port = 0;
    if (const std::size_t scheme = text.find("://"); scheme != string_view::npos) {
      port = text.starts_with("https") ? 443 : protocol == WireProtocol::kHttp ? 80 : 0;
      text.remove_prefix(scheme + 3);
    }
    Pass pass{.edge = &edge_, .scope = &scope, .statement = &statement, .protocol = protocol, .address = {}};
    if (const Scope* upstream = upstream_named(text.substr(0, text.find('/')))) {
      pass.upstream = upstream;
      for (const Node* server : upstream->all_own("server")) {
        pass.server = server;
        add_address(pass, server->words[1], 80);
      }
      return;
    }
    add_address(pass, text, port);
  }

  void add_address(Pass pass, string_view text, std::uint16_t port) {
    auto address = config::nginx::parse_upstream_address(text, port);
    if (!address) return;
    pass.address = std::move(*address);
    for (const auto& app : chain_.apps) {
      for (const AppSocket& socket : sockets_of(*app)) {
        if (pass.app != nullptr || !is_same(socket.endpoint, pass.address)) continue;
        pass.app = app.get();
        pass.spoken = socket.bind.protocol;
      }
    }
    into_.passes.push_back(std::move(pass));
  }

  const Scope* upstream_named(string_view name) const {
    for (const auto& scope : into_.scopes) {
      if (scope->is("upstream") && scope->block->words.size() > 1 && scope->block->words[1] == name) return scope.get();
    }
    return nullptr;
  }

  const Chain& chain_;
  const Edge& edge_;
  EdgePasses& into_;
};

}  // namespace

std::string Pass::directive(string_view rest) const {
  // wsgi_pass is governed by what governs uwsgi_pass.
  const string_view name = program.empty() ? string_view(statement->words.front()) : "uwsgi_pass";
  return fmt::format("{}{}", name.substr(0, name.find('_') + 1), rest);
}

std::vector<EdgePasses> passes_of(const Chain& chain) {
  std::vector<EdgePasses> all;
  for (const auto& edge : chain.edges) {
    EdgePasses passes{.edge = edge.get(), .scopes = scopes_of(edge->reading.configuration), .passes = {}};
    Finder(chain, *edge, passes).run();
    all.push_back(std::move(passes));
  }
  return all;
}

std::vector<AppSocket> sockets_of(const App& app) {
  std::vector<AppSocket> sockets;
  for (const std::string& bind : app.settings.binds) {
    AppSocket socket{.bind = config::split_bind(bind), .endpoint = {}};
    auto endpoint = os::parse_endpoint(socket.bind.endpoint);
    if (!endpoint) continue;
    socket.endpoint = std::move(*endpoint);
    sockets.push_back(std::move(socket));
  }
  return sockets;
}

namespace {

// A relative one stands in a folder that only the start knows.
bool is_same_path(const std::string& listening, const std::string& asked) {
  const std::string one = fs::path(listening).lexically_normal(), other = fs::path(asked).lexically_normal();
  return one == other || (!one.starts_with('/') && other.ends_with("/" + one));
}

}  // namespace

bool is_same(const os::Endpoint& listening, const Address& asked) {
  using Kind = os::Endpoint::Kind;
  if (!asked.unix_path.empty()) return listening.kind == Kind::kUnix && is_same_path(listening.host, asked.unix_path);
  if (listening.kind != Kind::kTcp || listening.port != asked.port || is_remote(asked)) return false;
  const auto every = [](const std::string& host) { return host.empty() || host == "0.0.0.0" || host == "::"; };
  const auto name = [](const std::string& host) { return host == "localhost" ? std::string("127.0.0.1") : host; };
  return every(listening.host) || name(listening.host) == name(asked.host);
}

bool is_remote(const Address& address) {
  if (!address.unix_path.empty()) return false;
  const std::string& host = address.host;
  return host != "localhost" && !host.starts_with("127.") && host != "::1" && host != "0.0.0.0";
}

}  // namespace tierce::check

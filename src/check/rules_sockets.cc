// Whether edge and application meet: somebody listens, in the same protocol, the edge may open the socket, bodies that
// one lets through the other takes too.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "base/nearest_name.h"
#include "check/edge_user.h"
#include "check/rules.h"
#include "config/edge_welcome.h"

namespace tierce::check {
namespace {

using config::WireProtocol;
using config::nginx::Node;

constexpr std::int64_t kBodyDefault = 1 << 20;  // client_max_body_size

std::string list_of_sockets(const Chain& chain) {
  std::vector<std::string> all;
  for (const auto& app : chain.apps) {
    for (const std::string& bind : app->settings.binds) {
      const bool nameless = bind.find(kSocketFolder) != std::string::npos;
      all.push_back(nameless ? fmt::format("wsgi_pass {}", app->name) : fmt::format("{} at {}", app->name, bind));
    }
  }
  return fmt::format("{}", fmt::join(all, ", "));
}

// A server of nginx itself listens there.
bool edge_listens(const Chain& chain, const config::nginx::Address& address) {
  for (const auto& edge : chain.edges) {
    if (config::nginx::find_listener(edge->made.model, address) != nullptr) return true;
  }
  return false;
}

// There are few, and they are short: "wbe" for "web" is more than a third.
std::string near_application(const std::string& name, const std::vector<std::string>& names) {
  constexpr std::size_t kLettersMax = 2;
  std::string best;
  std::size_t best_distance = std::min(kLettersMax + 1, name.size());
  for (const std::string& candidate : names) {
    if (const std::size_t distance = edit_distance(name, candidate); distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

// The way to an application that has only a name is shared memory alone.
void check_program(Chain& chain, const Pass& pass) {
  const Place place = chain.place_in(*pass.edge, pass.place());
  if (pass.app != nullptr) {
    const std::string why = config::why_not_shared(pass.app->settings.edge);
    if (!why.empty())
      chain.say(Severity::kError, "wsgi-pass", place, fmt::format("wsgi_pass {} leads nowhere: {}", pass.program, why),
                "uwsgi_pass to its socket");
    return;
  }
  if (chain.supervisors.empty()) return;  // Who starts the programs is not known.
  std::vector<std::string> names;
  for (const auto& app : chain.apps) names.push_back(app->name);
  const std::string near = near_application(pass.program, names);
  chain.say(Severity::kError, "wsgi-pass", place,
            fmt::format("wsgi_pass {}: there is no application of this name", pass.program),
            !near.empty()    ? fmt::format("did you mean {}?", near)
            : !names.empty() ? fmt::format("there is {}", fmt::join(names, ", "))
                             : "");
}

void check_listening(Chain& chain, const Pass& pass) {
  if (!pass.program.empty()) return check_program(chain, pass);
  const Place place = chain.place_in(*pass.edge, pass.place());
  if (pass.app != nullptr) {
    if (pass.spoken == pass.protocol) return;
    chain.say(
        Severity::kError, "upstream-protocol", place,
        fmt::format("{} speaks {}, but {} expects {} at {}", pass.statement->words.front(),
                    config::name_of(pass.protocol), pass.app->name, config::name_of(pass.spoken), pass.address.text()),
        fmt::format("{}_pass", pass.spoken == WireProtocol::kHttp ? "proxy" : config::name_of(pass.spoken)));
    return;
  }
  // Without an application nobody knows what else runs.
  if (chain.apps.empty() || is_remote(pass.address) || edge_listens(chain, pass.address)) return;
  bool others = false;
  for (const auto& supervisor : chain.supervisors) {
    for (const auto& group : supervisor->settings.groups) {
      for (const auto& process : group.processes) {
        others = others || config::chain::read_program(process.command).role == config::chain::ProgramRole::kOther;
      }
    }
  }
  chain.say(others ? Severity::kWarning : Severity::kError, "upstream-silent", place,
            fmt::format("nobody listens on {}{}", pass.address.text(),
                        others ? ", unless one of the other programs does" : ""),
            list_of_sockets(chain));
}

// A bare name that is nearly an upstream's: nginx asks the resolver for it.
void check_upstream_name(Chain& chain, const EdgePasses& edge, const Scope& scope, const char* directive,
                         const std::vector<std::string_view>& upstreams) {
  const Node* statement = scope.own(directive);
  if (statement == nullptr || statement->words.size() < 2) return;
  std::string_view name = statement->words[1];
  if (const std::size_t scheme = name.find("://"); scheme != std::string_view::npos) name.remove_prefix(scheme + 3);
  name = name.substr(0, name.find('/'));
  if (name.empty() || name.find_first_of(".:$") != std::string_view::npos || name == "localhost") return;
  if (std::find(upstreams.begin(), upstreams.end(), name) != upstreams.end()) return;
  const std::string_view near = nearest_name(name, upstreams);
  if (near.empty()) return;
  chain.say(Severity::kWarning, "upstream-name", chain.place_in(*edge.edge, statement->place),
            fmt::format("{} {}: there is no upstream {}, so it is the name of a machine", directive,
                        statement->words[1], name),
            fmt::format("did you mean {}?", near));
}

void check_upstream_names(Chain& chain, const EdgePasses& edge) {
  std::vector<std::string_view> upstreams;
  for (const auto& scope : edge.scopes) {
    if (scope->is("upstream") && scope->block->words.size() > 1) upstreams.emplace_back(scope->block->words[1]);
  }
  for (const auto& scope : edge.scopes) {
    for (const char* directive : {"proxy_pass", "uwsgi_pass", "fastcgi_pass", "scgi_pass"})
      check_upstream_name(chain, edge, *scope, directive, upstreams);
  }
}

void check_access(Chain& chain, const Pass& pass) {
  if (pass.app == nullptr || pass.address.unix_path.empty() || pass.edge->fragment) return;
  const App& app = *pass.app;
  const config::RunSettings& settings = app.settings;
  const EdgeUser edge = edge_user(*pass.edge);
  std::string starter = app.started ? app.started->process.user : "";
  if (starter.empty()) starter = "root";
  std::string owner = settings.user.empty() ? starter : settings.user;
  std::string group = settings.group.empty() ? owner : settings.group;
  if (const std::string& said = settings.socket_owner; !said.empty()) {
    const std::size_t colon = said.find(':');
    owner = said.substr(0, colon);
    if (colon != std::string::npos) group = said.substr(colon + 1);
  }
  int mode = settings.socket_mode;
  if (mode < 0) {
    int umask = settings.socket_umask >= 0 ? settings.socket_umask : settings.umask;
    if (umask < 0 && app.started && app.started->process.umask) umask = static_cast<int>(*app.started->process.umask);
    mode = 0777 & ~(umask < 0 ? 022 : umask);
  }
  const bool may = edge.user == "root" || (edge.user == owner         ? (mode & 0200) != 0
                                           : is_in_group(edge, group) ? (mode & 0020) != 0
                                                                      : (mode & 0002) != 0);
  if (may) return;
  const bool uwsgi = !app.gunicorn;
  auto place = app.place_of("chmod-socket", "umask");
  if (!place) place = app.place_of("socket", "bind");
  chain.say(Severity::kError, "socket-access", place.value_or(app.start),
            fmt::format("{} belongs to {}:{} with mode {:03o}: nginx's user {} may not open it", pass.address.unix_path,
                        owner, group, mode, edge.user),
            uwsgi ? fmt::format("chown-socket = {}:{} and chmod-socket = 660", edge.user, edge.group)
                  : fmt::format("--umask 0, or --user {}", edge.user));
}

void check_bodies(Chain& chain, const Pass& pass) {
  if (pass.app == nullptr || pass.app->gunicorn) return;
  const std::uint64_t app_most = pass.app->settings.edge.body_bytes_max;
  if (app_most == 0) return;  // Any.
  const std::int64_t edge_most = size_of(*pass.scope, "client_max_body_size", kBodyDefault);
  const Place place = pass.app->place_of("limit-post", "").value_or(pass.app->start);
  const Node* said = pass.scope->effective("client_max_body_size");
  const Place edge_place = chain.place_in(*pass.edge, (said != nullptr ? said : pass.statement)->place);
  const std::string edge_text = fmt::format("{}:{}", chain.image->shown(edge_place.file), edge_place.line);
  if (edge_most == 0 || static_cast<std::uint64_t>(edge_most) > app_most) {
    chain.say(
        Severity::kWarning, "body-limits", place,
        fmt::format("limit-post {} is less than what nginx lets through ({}, {}): larger bodies are taken whole and "
                    "then refused",
                    app_most, edge_most == 0 ? "client_max_body_size 0: any" : fmt::format("{} bytes", edge_most),
                    edge_text),
        fmt::format("client_max_body_size {};", app_most));
  } else if (static_cast<std::uint64_t>(edge_most) < app_most) {
    chain.say(Severity::kNote, "body-limits", place,
              fmt::format("limit-post {} is never reached: nginx refuses bodies of more than {} bytes ({})", app_most,
                          edge_most, said == nullptr ? "client_max_body_size is 1m by default" : edge_text));
  }
}

std::int64_t somaxconn() {
  std::ifstream file("/proc/sys/net/core/somaxconn");
  std::int64_t most = 0;
  file >> most;
  return most;
}

void check_backlogs(Chain& chain) {
  const std::int64_t most = somaxconn();
  if (most == 0) return;
  const auto say = [&](const Place& place, const std::string& what, std::int64_t asked) {
    if (asked <= most) return;
    chain.say(Severity::kWarning, "backlog", place,
              fmt::format("{} {} is more than net.core.somaxconn of this machine, {}: the kernel takes {}", what, asked,
                          most, most),
              fmt::format("sysctl net.core.somaxconn={}", asked));
  };
  for (const auto& app : chain.apps) {
    const auto place = app->place_of("listen", "backlog");
    if (place) say(*place, app->gunicorn ? "backlog" : "listen", app->settings.backlog);
  }
  for (const auto& edge : chain.edges) {
    for (const auto& server : edge->made.model.servers) {
      for (const auto& listen : server->listens) {
        if (listen.options.backlog) say(chain.place_in(*edge, listen.place), "backlog", *listen.options.backlog);
      }
    }
  }
}

}  // namespace

void check_sockets(Chain& chain, const std::vector<EdgePasses>& edges) {
  for (const EdgePasses& each : edges) {
    check_upstream_names(chain, each);
    for (const Pass& pass : each.passes) {
      check_listening(chain, pass);
      check_access(chain, pass);
      check_bodies(chain, pass);
    }
  }
  check_backlogs(chain);
}

}  // namespace tierce::check

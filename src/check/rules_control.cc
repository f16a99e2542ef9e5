// Ports through which anybody may command a program or look into it.
#include <fmt/format.h>

#include "check/rules.h"

namespace tierce::check {
namespace {

bool is_local(const std::string& host) { return host.starts_with("127.") || host == "localhost" || host == "::1"; }

void check_supervisor(Chain& chain, const Supervisor& supervisor) {
  for (const auto& server : supervisor.settings.servers) {
    if (!server.password.empty()) continue;
    const auto* section = config::supervisord::find_section(supervisor.file, server.section());
    const auto* key = section == nullptr ? nullptr : section->find(server.is_unix ? "chmod" : "port");
    const Place place = key != nullptr       ? Place{key->place.file, key->place.line}
                        : section != nullptr ? Place{section->place.file, section->place.line}
                                             : Place{supervisor.path, 0};
    if (!server.is_unix) {
      chain.say(
          Severity::kWarning, "control-open", place,
          fmt::format("[inet_http_server] port {} has no password: every user and every program of this machine may "
                      "start programs as the supervisor's user",
                      server.port),
          "username and password, or [unix_http_server] instead");
    } else if ((server.mode & 0002) != 0) {
      chain.say(
          Severity::kWarning, "control-open", place,
          fmt::format("[unix_http_server] {} with mode {:o} and no password: every user may start programs as the "
                      "supervisor's user",
                      server.path, server.mode),
          "chmod=0700");
    }
  }
}

void check_stats(Chain& chain, const App& app) {
  const std::string& stats = app.settings.around.stats;
  if (stats.empty()) return;
  const auto endpoint = os::parse_endpoint(stats);
  if (!endpoint || endpoint->kind != os::Endpoint::Kind::kTcp || is_local(endpoint->host)) return;
  chain.say(Severity::kWarning, "control-open", app.place_of("stats", "").value_or(app.start),
            fmt::format("stats {}: whoever reaches the port sees requests and their variables", stats),
            fmt::format("127.0.0.1:{}, or the path of a socket", endpoint->port));
}

void check_status(Chain& chain, const Edge& edge, const Scope& scope) {
  const auto* status = scope.own("stub_status");
  if (status == nullptr) return;
  for (const char* guard : {"deny", "auth_basic", "auth_request", "internal"}) {
    if (scope.effective(guard) != nullptr) return;
  }
  if (const Scope* server = scope.around("server")) {
    bool all_local = !server->all_own("listen").empty();
    for (const auto* listen : server->all_own("listen")) {
      const auto address = config::nginx::parse_listen_address(listen->words[1]);
      all_local = all_local && address && (!address->unix_path.empty() || is_local(address->host));
    }
    if (all_local) return;
  }
  chain.say(Severity::kWarning, "control-open", chain.place_in(edge, status->place),
            fmt::format("stub_status in {}: anybody may read it", scope.title()), "allow 127.0.0.1; deny all;");
}

}  // namespace

void check_control(Chain& chain, const std::vector<EdgePasses>& edges) {
  for (const auto& supervisor : chain.supervisors) check_supervisor(chain, *supervisor);
  for (const auto& app : chain.apps) check_stats(chain, *app);
  for (const EdgePasses& each : edges) {
    for (const auto& scope : each.scopes) check_status(chain, *each.edge, *scope);
  }
}

}  // namespace tierce::check

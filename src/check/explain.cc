#include "check/explain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "check/passes.h"
#include "config/edge_welcome.h"
#include "config/nginx/meaning.h"
#include "config/supervisord/keys.h"
#include "config/uwsgi/option.h"

namespace tierce::check {
namespace {

namespace nginx = config::nginx;
using std::string_view;

constexpr const char* kDefault = "default";

std::string source_text(const Chain& chain, const Place& place) {
  return fmt::format("{}{}", chain.image->shown(place.file), place.line == 0 ? "" : fmt::format(":{}", place.line));
}

// --- nginx ---

std::string words_of(const nginx::Node& node) {
  std::string text;
  for (std::size_t i = 1; i < node.words.size(); ++i) {
    const std::string& word = node.words[i];
    const bool quoted = word.empty() || word.find_first_of(" \t;{}\"") != std::string::npos;
    text += fmt::format("{}{}{}{}", i == 1 ? "" : " ", quoted ? "'" : "", word, quoted ? "'" : "");
  }
  return text;
}

std::string title_of(const Scope& scope) {
  if (!scope.is("server")) return scope.title();
  std::string title = "server";
  if (const auto* names = scope.own("server_name")) return fmt::format("server {}", words_of(*names));
  if (const auto* listen = scope.own("listen")) return fmt::format("server {}", words_of(*listen));
  return title;
}

std::string path_of(const Scope& scope) {
  if (scope.outer == nullptr) return "main";
  if (scope.outer->outer == nullptr || (scope.outer->is("http") && !scope.is("http"))) return title_of(scope);
  return fmt::format("{} > {}", path_of(*scope.outer), title_of(scope));
}

bool is_inherited(string_view directive) {
  const auto& all = nginx::http_meanings();
  return std::any_of(all.begin(), all.end(),
                     [&](const nginx::Meaning& each) { return each.name == directive && each.inherit != nullptr; });
}

class EdgeTable {
 public:
  EdgeTable(const Chain& chain, const EdgePasses& edge) : chain_(chain), edge_(edge) {}

  Table made() {
    table_ = {.role = "nginx", .name = edge_.edge->name, .rows = {}};
    for (const auto& scope : edge_.scopes) add_scope(*scope);
    if (!edge_.edge->fragment) {
      for (const nginx::Meaning& meaning : nginx::main_meanings())
        add_default(meaning.name == "worker_connections" ? "events" : "main", meaning.name, meaning.fallback);
      add_default("http", "access_log", "/var/log/nginx/access.log combined");
    }
    for (const nginx::Meaning& meaning : nginx::http_meanings()) add_default("http", meaning.name, meaning.fallback);
    return std::move(table_);
  }

 private:
  void add_default(const char* scope, const std::string& name, const std::string& value) {
    if (!value.empty() && !said_.contains(name)) table_.rows.push_back({scope, name, value, kDefault});
  }

  void add_scope(const Scope& scope) {
    const std::string path = path_of(scope);
    // What a server or location says holds there alone: the default holds for the others.
    const bool for_all = scope.outer == nullptr || scope.is("http") || scope.is("events");
    std::set<string_view> here;
    for (const nginx::Node& node : *scope.nodes) {
      here.insert(node.words.front());
      if (for_all) said_.insert(node.words.front());
      const bool block = node.directive != nullptr && node.directive->block == nginx::Block::kDirectives;
      if (!block) add(path, node);
    }
    if (!scope.is("location") && !scope.is("server") && !scope.is("if")) return;
    // What an outer block says and this one does not.
    for (const Scope* outer = scope.outer; outer != nullptr; outer = outer->outer) {
      std::set<string_view> there;
      for (const nginx::Node& node : *outer->nodes) {
        if (here.contains(node.words.front()) || !is_inherited(node.words.front())) continue;
        there.insert(node.words.front());
        add(path, node);
      }
      here.merge(there);
    }
  }

  void add(const std::string& path, const nginx::Node& node) {
    table_.rows.push_back(
        {path, node.words.front(), words_of(node), source_text(chain_, chain_.place_in(*edge_.edge, node.place))});
  }

  const Chain& chain_;
  const EdgePasses& edge_;
  Table table_;
  std::set<std::string, std::less<>> said_;
};

// --- uWSGI ---

std::string seconds_or_none(std::chrono::milliseconds time) {
  return time.count() == 0 ? "none" : fmt::format("{}", time.count() / 1000);
}
std::string number_or(std::uint64_t number, const char* none) { return number == 0 ? none : fmt::format("{}", number); }

// What holds when nobody says it, of the options that matter most.
struct Effective {
  const char* option;
  std::string (*value)(const config::RunSettings&);
};
using S = config::RunSettings;
constexpr Effective kUwsgi[] = {
    {"processes", [](const S& s) { return fmt::format("{}", s.workers); }},
    {"threads", [](const S& s) { return fmt::format("{}", s.threads); }},
    {"harakiri", [](const S& s) { return seconds_or_none(s.edge.request_timeout); }},
    {"worker-reload-mercy", [](const S& s) { return seconds_or_none(s.edge.graceful_timeout); }},
    {"listen", [](const S& s) { return fmt::format("{}", s.backlog); }},
    {"buffer-size", [](const S& s) { return fmt::format("{}", s.edge.variables_bytes_max); }},
    {"limit-post", [](const S& s) { return number_or(s.edge.body_bytes_max, "none"); }},
    {"max-requests", [](const S& s) { return number_or(s.max_requests, "none"); }},
    {"lazy-apps", [](const S& s) { return std::string(s.lazy_apps ? "true" : "false"); }},
    {"chdir", [](const S& s) { return s.chdir.empty() ? std::string("where it is started") : s.chdir; }},
    {"home", [](const S& s) { return s.python.empty() ? std::string("python3 on PATH") : s.python; }},
    {"uid", [](const S& s) { return s.user.empty() ? std::string("who starts it") : s.user; }},
    {"gid", [](const S& s) { return s.group.empty() ? std::string("who starts it") : s.group; }},
    {"chmod-socket",
     [](const S& s) { return s.socket_mode < 0 ? "by the umask" : fmt::format("{:o}", s.socket_mode); }},
    {"chown-socket", [](const S& s) { return s.socket_owner.empty() ? std::string("uid and gid") : s.socket_owner; }},
    {"stats", [](const S& s) { return s.around.stats.empty() ? std::string("none") : s.around.stats; }},
    {"logto", [](const S& s) { return s.edge.error_log == "-" ? std::string("standard error") : s.edge.error_log; }},
};

Table uwsgi_table(const Chain& chain, const App& app) {
  Table table{.role = "uwsgi", .name = app.name, .rows = {}};
  for (const auto& line : app.uwsgi.assignments) {
    const auto place = chain.place_of(line.source);
    table.rows.push_back(
        {"", line.name, line.value.value_or("true"), line.source.line == 0 ? place.file : source_text(chain, place)});
  }
  for (const Effective& each : kUwsgi) {
    if (app.line_of(each.option) == nullptr)
      table.rows.push_back({"", each.option, each.value(app.settings), kDefault});
  }
  return table;
}

// --- Gunicorn ---

Table gunicorn_table(const App& app) {
  Table table{.role = "gunicorn", .name = app.name, .rows = {}};
  for (const auto& setting : config::gunicorn_settings()) {
    const auto list = app.gunicorn->list(setting.name);
    const string_view place = app.gunicorn->place(setting.name);
    table.rows.push_back({"", std::string(setting.name), fmt::format("{}", fmt::join(list, " ")),
                          place.empty() ? kDefault : std::string(place)});
  }
  return table;
}

// --- supervisord ---

Table supervisor_table(const Chain& chain, const Supervisor& supervisor) {
  Table table{.role = "supervisord", .name = supervisor.path, .rows = {}};
  for (const auto& section : supervisor.file.sections) {
    const auto kind = config::supervisord::section_kind(section.name);
    if (!kind) continue;
    const std::string scope = fmt::format("[{}]", section.name);
    for (const auto& row : config::supervisord::key_rows()) {
      if ((row.sections & config::supervisord::in(*kind)) == 0) continue;
      const auto* said = section.find(row.name);
      table.rows.push_back({scope, std::string(row.name), said != nullptr ? said->value : std::string(row.fallback),
                            said != nullptr ? source_text(chain, {said->place.file, said->place.line}) : kDefault});
    }
  }
  return table;
}

// --- what is passed where ---

// As docs/up.md has it.
std::string why_not_fused(const App& app, const AppSocket& socket) {
  const config::RunSettings& settings = app.settings;
  if (socket.bind.tls != config::Tls::kOff) return "it speaks TLS there";
  if (settings.edge.proxy_protocol) return "it expects a PROXY header";
  if (!settings.edge.files.maps.empty()) return "it serves files";
  if (!settings.edge.routes.empty()) return "it has routes";
  return "";
}

std::string way_of(const Pass& pass) {
  if (!pass.program.empty()) {
    if (pass.app == nullptr) return "no application of this name";
    const std::string why = config::why_not_shared(pass.app->settings.edge);
    return why.empty() ? fmt::format("fused with {}", pass.program) : fmt::format("nowhere: {}", why);
  }
  if (pass.app == nullptr)
    return is_remote(pass.address) ? "another machine" : "socket: nobody of these files listens there";
  if (pass.spoken != pass.protocol) return fmt::format("socket: {} expects {}", pass.app->name, name_of(pass.spoken));
  for (const AppSocket& socket : sockets_of(*pass.app)) {
    if (!is_same(socket.endpoint, pass.address)) continue;
    const std::string why = why_not_fused(*pass.app, socket);
    return why.empty() ? fmt::format("fused with {}", pass.app->name)
                       : fmt::format("socket of {}: {}", pass.app->name, why);
  }
  return "socket";
}

Table passes_table(const Chain& chain, const std::vector<EdgePasses>& edges) {
  Table table{.role = "fused", .name = "tierce up", .rows = {}};
  for (const EdgePasses& edge : edges) {
    for (const Pass& pass : edge.passes) {
      table.rows.push_back({path_of(*pass.scope), fmt::format("{} {}", pass.statement->words.front(), pass.target()),
                            way_of(pass), source_text(chain, chain.place_in(*pass.edge, pass.place()))});
    }
  }
  return table;
}

}  // namespace

std::vector<Table> explain(const Chain& chain) {
  std::vector<Table> tables;
  for (const auto& supervisor : chain.supervisors) tables.push_back(supervisor_table(chain, *supervisor));
  const auto edges = passes_of(chain);
  for (const EdgePasses& edge : edges) tables.push_back(EdgeTable(chain, edge).made());
  for (const auto& app : chain.apps) tables.push_back(app->gunicorn ? gunicorn_table(*app) : uwsgi_table(chain, *app));
  if (Table passes = passes_table(chain, edges); !passes.rows.empty()) tables.push_back(std::move(passes));
  return tables;
}

std::string text_of(const std::vector<Table>& tables) {
  // Longer ones push the rest of their line aside and nothing else.
  constexpr std::size_t kWidthMax = 44;
  std::string out;
  for (const Table& table : tables) {
    std::size_t scope = 0, name = 0, value = 0;
    for (const Row& row : table.rows) {
      scope = std::max(scope, std::min(row.scope.size(), kWidthMax));
      name = std::max(name, std::min(row.name.size(), kWidthMax));
      value = std::max(value, std::min(row.value.size(), kWidthMax));
    }
    out += fmt::format("{}== {}: {}\n", out.empty() ? "" : "\n", table.role, table.name);
    for (const Row& row : table.rows) {
      std::string shown = row.value;
      std::replace(shown.begin(), shown.end(), '\n', ' ');
      out += fmt::format("{:<{}}{}{:<{}}  {:<{}}  {}\n", row.scope, scope, scope == 0 ? "" : "  ", row.name, name,
                         shown, value, row.source);
    }
  }
  return out;
}

std::string json_of(const std::vector<Table>& tables) {
  auto all = nlohmann::ordered_json::array();
  for (const Table& table : tables) {
    auto rows = nlohmann::ordered_json::array();
    for (const Row& row : table.rows)
      rows.push_back({{"scope", row.scope}, {"name", row.name}, {"value", row.value}, {"source", row.source}});
    all.push_back({{"role", table.role}, {"name", table.name}, {"values", std::move(rows)}});
  }
  return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace tierce::check

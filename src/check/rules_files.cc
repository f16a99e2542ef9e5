// What is named and is not there. Of an image only what the Dockerfile copies is known.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>

#include "base/nearest_name.h"
#include "check/edge_user.h"
#include "check/rules.h"

namespace tierce::check {
namespace {

namespace fs = std::filesystem;
using config::nginx::Node;
using std::string_view;

bool is_number(string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == string_view::npos; }

// --- nginx ---

struct PathDirective {
  string_view name;
  bool required;         // nginx does not start without it.
  bool directory;        // It is the directory of the path that must be there.
  bool by_conf = false;  // Relative ones begin in the configuration's folder; else at the prefix.
};
constexpr std::array kPaths = {
    PathDirective{"ssl_certificate", true, false, true},
    PathDirective{"ssl_certificate_key", true, false, true},
    PathDirective{"ssl_dhparam", true, false, true},
    PathDirective{"ssl_trusted_certificate", true, false, true},
    PathDirective{"ssl_client_certificate", true, false, true},
    PathDirective{"auth_basic_user_file", false, false, true},
    PathDirective{"root", false, false},
    PathDirective{"alias", false, false},
    PathDirective{"access_log", true, true},
    PathDirective{"error_log", true, true},
    PathDirective{"pid", true, true},
};

bool is_path(string_view text) { return text.starts_with('/') && text.find('$') == string_view::npos; }

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

// As nginx opens it; "" where that is not known, or no file.
std::string path_of(const Edge& edge, const PathDirective& row, const std::string& word) {
  if (is_path(word)) return word;
  if (word.empty() || word.find_first_of("$:") != std::string::npos) return "";
  // "access_log off", "error_log stderr", "auth_basic_user_file off"
  for (const char* other : {"off", "stderr", "memory", "on"}) {
    if (word == other) return "";
  }
  if (edge.fragment || (!row.by_conf && !edge.prefix)) return "";
  return (row.by_conf ? folder_of(edge.path) : *edge.prefix) + word;
}

std::string group_name(gid_t gid) {
  const ::group* entry = ::getgrgid(gid);
  return entry != nullptr ? entry->gr_name : "";
}

// nginx walks to a file as its workers' user: each directory on the way must let it through. Of this machine alone, and
// where it is root that starts it: others keep their own user.
void check_way(Chain& chain, const Edge& edge, const Node& node, const std::string& path) {
  if (edge.fragment || chain.image->is_container() || ::geteuid() != 0) return;
  const EdgeUser who = edge_user(edge);
  const passwd* user = ::getpwnam(who.user.c_str());
  if (user == nullptr || user->pw_uid == 0) return;
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string directory = path.substr(0, slash);
    struct stat info {};
    if (::stat(directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) return;
    const bool may = info.st_uid == user->pw_uid                 ? (info.st_mode & S_IXUSR) != 0
                     : is_in_group(who, group_name(info.st_gid)) ? (info.st_mode & S_IXGRP) != 0
                                                                 : (info.st_mode & S_IXOTH) != 0;
    if (!may) {
      chain.say(Severity::kWarning, "files-access", chain.place_in(edge, node.place),
                fmt::format("{} {}: nginx's user {} may not enter {}: its files are answered 403", node.words.front(),
                            path, who.user, directory),
                fmt::format("chmod o+x {}, put the files elsewhere, or `user` in nginx's file", directory));
      return;
    }
    if (slash == std::string::npos) return;
  }
}

void check_edge_paths(Chain& chain, const Edge& edge, const Scope& scope) {
  for (const Node& node : *scope.nodes) {
    const auto row = std::find_if(kPaths.begin(), kPaths.end(),
                                  [&](const PathDirective& each) { return each.name == node.words.front(); });
    if (row == kPaths.end() || node.words.size() < 2) continue;
    const std::string named = path_of(edge, *row, node.words[1]);
    const std::string path = row->directory ? fs::path(named).parent_path().string() : named;
    if (!path.empty() && !row->required) check_way(chain, edge, node, path);
    if (path.empty() || chain.image->presence(path) != Image::Presence::kMissing) continue;
    // Directories of packages and volumes are not part of what is copied.
    if (row->directory && chain.image->is_container()) continue;
    chain.say(
        row->required ? Severity::kError : Severity::kWarning, "file-missing", chain.place_in(edge, node.place),
        fmt::format("{}: there is no {} {}", node.words.front(), row->directory ? "directory" : "such path", path));
  }
}

// --- the application ---

struct PathOption {
  const char* option;
  bool required;
};
constexpr std::array kAppPaths = {PathOption{"chdir", true}, PathOption{"home", true}, PathOption{"pythonpath", false},
                                  PathOption{"touch-reload", false}, PathOption{"ca-file", false}};

void check_app_paths(Chain& chain, const App& app) {
  for (const PathOption& each : kAppPaths) {
    const auto* line = app.gunicorn ? nullptr : app.line_of(each.option);
    if (line == nullptr || !is_path(line->value.value_or(""))) continue;
    if (chain.image->presence(*line->value) != Image::Presence::kMissing) continue;
    chain.say(each.required ? Severity::kError : Severity::kWarning, "file-missing",
              app.place_of(each.option, "").value_or(app.start),
              fmt::format("{}: there is no {}", line->name, *line->value));
  }
}

// A module that is in none of the directories may be installed, so it is only said where the directory is known to hold
// the application.
void check_module(Chain& chain, const App& app) {
  std::string module = app.gunicorn ? std::string(app.settings.app) : "";
  std::optional<Place> place =
      app.gunicorn ? app.place_of("", "wsgi_app").value_or(app.start) : app.place_of("module", "");
  if (!app.gunicorn) {
    const auto* line = app.line_of("module");
    if (line == nullptr || !place) return;
    module = line->value.value_or("");
  }
  module = module.substr(0, module.find(':'));
  const std::string top = module.substr(0, module.find('.'));
  if (top.empty() || top.find('/') != std::string::npos) return;
  std::vector<std::string> others;
  for (const std::string& directory : import_directories(chain, app)) {
    for (const std::string& candidate : {directory + "/" + top + ".py", directory + "/" + top}) {
      if (chain.image->presence(candidate) == Image::Presence::kThere) return;
    }
    const auto found = chain.image->python_files(directory);
    others.insert(others.end(), found.begin(), found.end());
  }
  std::sort(others.begin(), others.end());
  others.erase(std::unique(others.begin(), others.end()), others.end());
  if (others.empty()) return;
  constexpr std::size_t kNamedMax = 3;
  chain.say(Severity::kWarning, "module-missing", *place,
            fmt::format("module {}: there is no {}.py in {}, so it must be an installed package", module, top,
                        import_directories(chain, app).front()),
            others.size() > kNamedMax ? "" : fmt::format("what is there: {}", fmt::join(others, ", ")));
}

void check_identity(Chain& chain, const App& app, const char* option, const char* setting, const std::string& name,
                    bool group) {
  const auto place = app.place_of(option, setting);
  if (!place || name.empty() || is_number(name)) return;
  const bool known = group ? ::getgrnam(name.c_str()) != nullptr : ::getpwnam(name.c_str()) != nullptr;
  if (known) return;
  const bool image = chain.image->is_container();
  chain.say(image ? Severity::kNote : Severity::kError, "user-unknown", *place,
            fmt::format("{}: there is no {} {}{}", app.gunicorn ? setting : option, group ? "group" : "user", name,
                        image ? " on this machine; the image may have it" : ""));
}

void check_identities(Chain& chain, const App& app) {
  const config::RunSettings& settings = app.settings;
  check_identity(chain, app, "uid", "user", settings.user, false);
  check_identity(chain, app, "gid", "group", settings.group, true);
  const std::size_t colon = settings.socket_owner.find(':');
  check_identity(chain, app, "chown-socket", "", settings.socket_owner.substr(0, colon), false);
  if (colon != std::string::npos)
    check_identity(chain, app, "chown-socket", "", settings.socket_owner.substr(colon + 1), true);
}

void check_name(Chain& chain, const config::supervisord::IniKey* key, const std::string& section,
                const std::string& name, bool group) {
  if (key == nullptr || name.empty() || is_number(name)) return;
  if (group ? ::getgrnam(name.c_str()) != nullptr : ::getpwnam(name.c_str()) != nullptr) return;
  const bool image = chain.image->is_container();
  chain.say(image ? Severity::kNote : Severity::kError, "user-unknown", {key->place.file, key->place.line},
            fmt::format("[{}] {}: there is no {} {}{}", section, key->name, group ? "group" : "user", name,
                        image ? " on this machine; the image may have it" : ""));
}

// Of the supervisor itself; its reader knows those of programs.
void check_supervisor_identities(Chain& chain, const Supervisor& supervisor) {
  using config::supervisord::find_section;
  if (const auto* main = find_section(supervisor.file, "supervisord"))
    check_name(chain, main->find("user"), "supervisord", supervisor.settings.user, false);
  const auto* server = find_section(supervisor.file, "unix_http_server");
  if (server == nullptr) return;
  for (const auto& each : supervisor.settings.servers) {
    const std::size_t colon = each.owner.find(':');
    check_name(chain, server->find("chown"), "unix_http_server", each.owner.substr(0, colon), false);
    if (colon != std::string::npos)
      check_name(chain, server->find("chown"), "unix_http_server", each.owner.substr(colon + 1), true);
  }
}

// Where it cannot be made, supervisord does not start.
void check_control_socket(Chain& chain, const Supervisor& supervisor) {
  const auto* section = config::supervisord::find_section(supervisor.file, "unix_http_server");
  const auto* file = section == nullptr ? nullptr : section->find("file");
  if (file == nullptr || chain.image->is_container()) return;
  for (const auto& each : supervisor.settings.servers) {
    if (!each.is_unix || !is_path(each.path)) continue;
    const std::string directory = fs::path(each.path).parent_path().string();
    if (chain.image->presence(directory) != Image::Presence::kMissing) continue;
    chain.say(Severity::kError, "file-missing", {file->place.file, file->place.line},
              fmt::format("[unix_http_server] file: there is no directory {}", directory));
  }
}

// --- programs ---

bool is_on_path(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
  std::error_code ignored;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    if (fs::exists(fs::path(rest.substr(0, end)) / name, ignored)) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

// The section that a program stands in, and the place of one of its keys.
struct ProgramSection {
  std::string name;
  Place place;
};
ProgramSection section_of(const Supervisor& supervisor, const config::supervisord::ProcessSettings& process,
                          const char* key) {
  ProgramSection found{"program:" + process.program, {process.place.file, process.place.line}};
  for (const auto& section : supervisor.file.sections) {
    if (section.place.file != process.place.file || section.place.line != process.place.line) continue;
    found.name = section.name;
    if (const auto* at = section.find(key)) found.place = {at->place.file, at->place.line};
  }
  return found;
}

void check_programs(Chain& chain, const Supervisor& supervisor) {
  for (const auto& group : supervisor.settings.groups) {
    for (const auto& process : group.processes) {
      const auto [section, place] = section_of(supervisor, process, "command");
      if (is_path(process.directory) && chain.image->presence(process.directory) == Image::Presence::kMissing)
        chain.say(Severity::kError, "file-missing", section_of(supervisor, process, "directory").place,
                  fmt::format("[{}] directory: there is no {}", section, process.directory));
      if (config::chain::read_program(process.command).role != config::chain::ProgramRole::kOther) continue;
      const auto words = config::supervisord::split_command(process.command);
      if (!words || words->empty()) {
        chain.say(Severity::kError, "supervisord", place,
                  fmt::format("[{}] command: {}", section, words ? "empty" : words.error().text()));
        continue;
      }
      const std::string& program = words->front();
      const bool missing = is_path(program) ? chain.image->presence(program) == Image::Presence::kMissing
                                            : !chain.image->is_container() && program.find('/') == std::string::npos &&
                                                  !is_on_path(program);
      if (missing)
        chain.say(Severity::kError, "file-missing", place,
                  fmt::format("[{}] command: there is no program {}", section, program));
    }
  }
}

}  // namespace

std::vector<std::string> import_directories(const Chain& chain, const App& app) {
  std::vector<std::string> all;
  std::string directory = app.settings.chdir;
  if (directory.empty() && app.started) directory = app.started->process.directory;
  if (directory.empty()) {
    directory = chain.image->is_container() ? chain.dockerfile.directory : fs::current_path().string();
  }
  all.push_back(directory);
  for (const std::string& path : app.settings.pythonpath)
    all.push_back(path.starts_with('/') ? path : directory + "/" + path);
  if (app.file && is_path(app.file->value.value_or("")))
    all.push_back(fs::path(*app.file->value).parent_path().string());
  return all;
}

void check_files(Chain& chain, const std::vector<EdgePasses>& edges) {
  for (const EdgePasses& each : edges) {
    for (const auto& scope : each.scopes) check_edge_paths(chain, *each.edge, *scope);
  }
  for (const auto& app : chain.apps) {
    check_app_paths(chain, *app);
    check_module(chain, *app);
    check_identities(chain, *app);
  }
  for (const auto& supervisor : chain.supervisors) {
    check_supervisor_identities(chain, *supervisor);
    check_control_socket(chain, *supervisor);
    check_programs(chain, *supervisor);
  }
}

}  // namespace tierce::check

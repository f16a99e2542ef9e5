#include "config/supervisord/reader.h"

#include <fmt/format.h>
#include <glob.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/nearest_name.h"
#include "config/files_beside.h"
#include "config/supervisord/keys.h"
#include "config/supervisord/programs.h"
#include "config/supervisord/section_view.h"

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace tierce::config::supervisord {
namespace {

constexpr std::uintmax_t kFileBytesMax = 16u << 20;

Result<std::string> read_file(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status))
    return fail(Error(fmt::format("could not find config file {}{}", path, what_lies_beside(path))));
  if (std::filesystem::is_directory(status))
    return fail(Error(fmt::format("could not read config file {}: it is a directory", path)));
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return fail(errno_error("could not read config file " + path));
  std::ostringstream text;
  text << stream.rdbuf();
  std::string content = std::move(text).str();
  if (content.size() > kFileBytesMax) return fail(Error(path + ": larger than 16 MiB, which no configuration is"));
  if (content.find('\0') != std::string::npos)
    return fail(Error(path + ": holds a NUL byte, so it is not a configuration"));
  return content;
}

void replace_here(std::vector<IniSection>& sections, const std::string& here) {
  constexpr std::string_view kHere = "%(here)s";
  for (IniSection& section : sections) {
    for (IniKey& key : section.keys) {
      for (std::size_t at = 0; (at = key.value.find(kHere, at)) != std::string::npos; at += here.size())
        key.value.replace(at, kHere.size(), here);
    }
  }
}

std::string folder_of(const std::string& path) {
  return std::filesystem::path(normal_path(path)).parent_path().string();
}

Result<void> read_one_file(const std::string& path, const Surroundings& around, std::vector<IniSection>& sections) {
  const auto given = around.texts.find(path);
  auto text = given != around.texts.end() ? Result<std::string>(given->second) : read_file(path);
  if (!text) return fail(std::move(text).error());
  std::vector<IniSection> own;
  if (auto read = read_ini(*text, path, own); !read) return read;
  replace_here(own, folder_of(path));
  for (IniSection& section : own) {
    const auto there =
        std::find_if(sections.begin(), sections.end(), [&](const auto& s) { return s.name == section.name; });
    if (there == sections.end()) {
      sections.push_back(std::move(section));
      continue;
    }
    for (IniKey& key : section.keys) {
      std::erase_if(there->keys, [&](const IniKey& old) { return old.name == key.name; });
      there->keys.push_back(std::move(key));
    }
  }
  return {};
}

std::vector<std::string> glob_files(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> files;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  std::sort(files.begin(), files.end());
  return files;
}

Expansions expansions_of(const Surroundings& around) {
  Expansions known;
  for (const auto& [name, value] : around.environment) known.texts["ENV_" + name] = value;
  known.texts["host_node_name"] = around.host_name;
  return known;
}

Result<void> read_includes(IniFile& file, const Surroundings& around) {
  const IniSection* include = find_section(file, "include");
  if (include == nullptr) return {};
  Expansions known = expansions_of(around);
  known.texts["here"] = file.here;
  SectionView view(*include, SectionKind::kInclude, known);
  if (!view.has("files"))
    return fail(Error(include->place.text() + ": .ini file has [include] section, but no files setting"));
  std::istringstream words(view.text("files"));
  if (view.error()) return fail(Error(*view.error()));
  std::string pattern;
  while (words >> pattern) {
    if (!pattern.starts_with('/')) pattern.insert(0, file.here + "/");
    const auto files = glob_files(pattern);
    if (files.empty())
      file.warnings.push_back(
          fmt::format("{}: No file matches via include \"{}\"", include->find("files")->place.text(), pattern));
    for (const std::string& path : files) {
      file.infos.push_back(fmt::format("Included extra file \"{}\" during parsing", path));
      if (auto read = read_one_file(path, around, file.sections); !read) return read;
    }
  }
  return {};
}

void warn_of_unknown(const IniFile& file, std::vector<std::string>& warnings) {
  for (const IniSection& section : file.sections) {
    const auto kind = section_kind(section.name);
    if (!kind) {
      std::set<std::string_view> names;
      for (const SectionRow& row : section_rows()) names.insert(row.name);
      const std::string_view near =
          nearest_name(std::string_view(section.name).substr(0, section.name.find(':')), names);
      warnings.push_back(fmt::format("{}: [{}] is not a section of supervisord{}", section.place.text(), section.name,
                                     near.empty() ? "" : fmt::format(" (did you mean [{}]?)", near)));
      continue;
    }
    if (*kind == SectionKind::kRpcInterface) {
      // Its other keys belong to whoever wrote the interface.
      const IniKey* factory = section.find("supervisor.rpcinterface_factory");
      if (factory != nullptr && factory->value != "supervisor.rpcinterface:make_main_rpcinterface")
        warnings.push_back(
            fmt::format("{}: [{}] {}: interfaces written in Python are not supported, its methods are "
                        "not there",
                        factory->place.text(), section.name, factory->value));
      continue;
    }
    for (const IniKey& key : section.keys) {
      if (find_key(*kind, key.name) != nullptr) continue;
      const std::string_view near = nearest_key(*kind, key.name);
      warnings.push_back(fmt::format("{}: [{}] {}: unknown key, it has no effect{}", key.place.text(), section.name,
                                     key.name, near.empty() ? "" : fmt::format(" (did you mean {}?)", near)));
    }
  }
}

Result<Level> parse_level(std::string_view text) {
  const std::string word = lower(text);
  if (word == "blat" || word == "blather") return Level::kBlather;
  if (word == "trac" || word == "trace") return Level::kTrace;
  if (word == "debg" || word == "debug") return Level::kDebug;
  if (word == "info") return Level::kInfo;
  if (word == "warn" || word == "warning") return Level::kWarn;
  if (word == "erro" || word == "error") return Level::kError;
  if (word == "crit" || word == "critical") return Level::kCritical;
  return fail(Error(fmt::format("bad logging level name '{}'", text)));
}

Result<std::string> parse_directory(std::string_view text) {
  if (text.empty()) return std::string();
  std::string path = normal_path(text);
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored))
    return fail(Error(fmt::format("{} is not an existing directory", text)));
  return path;
}

Result<std::string> parse_file_path(std::string_view text) {
  std::string path = normal_path(text);
  std::error_code ignored;
  if (!std::filesystem::is_directory(std::filesystem::path(path).parent_path(), ignored))
    return fail(Error(fmt::format("The directory named as part of the path {} does not exist", text)));
  return path;
}

Result<std::string> parse_log_path(std::string_view text) {
  const std::string word = lower(trimmed(text));
  if (word == "none" || word == "off" || word.empty()) return std::string();
  return parse_file_path(text);
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host == "[::1]" || host.starts_with("127.");
}

Result<HttpServerSettings> read_server(const IniSection& section, SectionKind kind, const Expansions& known) {
  SectionView view(section, kind, known);
  HttpServerSettings server;
  server.is_unix = kind == SectionKind::kUnixHttpServer;
  server.username = view.text("username");
  server.password = view.text("password");
  if (view.has("username") != view.has("password"))
    view.wrong("username",
               fmt::format("Section [{}] contains incomplete authentication: If a username or a password is "
                           "specified, both the username and password must be specified",
                           section.name));
  if (server.is_unix) {
    server.path = view.text("file");
    if (server.path.empty()) view.wrong("file", fmt::format("section [{}] has no file value", section.name));
    server.path = normal_path(server.path);
    server.mode = static_cast<mode_t>(view.as("chmod", &parse_octal));
    server.owner = view.text("chown");
  } else {
    const std::string text = trimmed(view.text("port"));
    if (text.empty()) view.wrong("port", fmt::format("section [{}] has no port value", section.name));
    const std::size_t colon = text.rfind(':');
    const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
    if (colon != std::string::npos) server.host = text.substr(0, colon);
    if (server.host == "*") server.host.clear();
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), server.port);
    if (error != std::errc() || end != port.data() + port.size())
      view.wrong("port", fmt::format("not a valid port number: '{}'", port));
    // CVE-2019-12105: whoever reaches the port owns the machine.
    if (server.username.empty() && !is_loopback(server.host)) {
      view.wrong("port",
                 "a control port that others can reach needs a username and a password (or bind it to 127.0.0.1)");
    }
  }
  if (view.error()) return fail(Error(*view.error()));
  return server;
}

}  // namespace

Surroundings surroundings() {
  Surroundings around;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t sign = text.find('=');
    if (sign != std::string_view::npos) around.environment.emplace(text.substr(0, sign), text.substr(sign + 1));
  }
  utsname names{};
  if (::uname(&names) == 0) around.host_name = names.nodename;
  for (const char* name : {"TMPDIR", "TEMP", "TMP"}) {
    const auto found = around.environment.find(name);
    if (found == around.environment.end() || found->second.empty()) continue;
    around.temporary_directory = found->second;
    break;
  }
  around.is_root = ::geteuid() == 0;
  return around;
}

const IniSection* find_section(const IniFile& file, std::string_view name) {
  for (const IniSection& section : file.sections) {
    if (section.name == name) return &section;
  }
  return nullptr;
}

Result<IniFile> read_ini_file(const std::string& path, const Surroundings& around) {
  IniFile file;
  file.path = path;
  file.here = folder_of(path);
  if (auto read = read_one_file(path, around, file.sections); !read) return fail(std::move(read).error());
  if (auto read = read_includes(file, around); !read) return fail(std::move(read).error());
  return file;
}

namespace {

// `every`: see read_groups().
Result<Settings> settings_of(const std::string& path, const Overrides& overrides, const Surroundings& around,
                             std::vector<Error>* every) {
  auto file = read_ini_file(path, around);
  if (!file) return fail(std::move(file).error());
  const IniSection* given = find_section(*file, "supervisord");
  if (given == nullptr) return fail(Error(".ini file " + path + " does not include supervisord section"));
  IniSection main = *given;
  for (const auto& [name, value] : overrides.values) {
    std::erase_if(main.keys, [&name = name](const IniKey& key) { return key.name == name; });
    main.keys.push_back({name, value, {"command line", 0}});
  }

  Expansions known = expansions_of(around);
  known.texts["here"] = file->here;
  SectionView view(main, SectionKind::kSupervisord, known, every);
  Settings settings;
  settings.config_file = normal_path(path);
  settings.here = file->here;
  settings.infos = file->infos;
  settings.warnings = file->warnings;
  // The programs see the variables that [supervisord] sets, in their expansions too.
  if (auto pairs = parse_pairs(view.text("environment"))) {
    settings.environment = std::move(*pairs);
  } else {
    view.wrong("environment", pairs.error().text());
  }
  for (const auto& [name, value] : settings.environment) known.texts["ENV_" + name] = value;
  settings.nodaemon = view.boolean("nodaemon") || overrides.nodaemon;
  settings.directory = view.as("directory", &parse_directory);
  settings.logfile = view.as("logfile", &parse_log_path);
  settings.logfile_maxbytes = view.size("logfile_maxbytes");
  settings.logfile_backups = view.integer("logfile_backups");
  settings.logfile_daily = view.boolean("logfile_daily");
  settings.logfile_compress = view.boolean("logfile_compress");
  settings.loglevel = view.as("loglevel", &parse_level);
  settings.pidfile = view.as("pidfile", &parse_file_path);
  settings.umask = static_cast<mode_t>(view.as("umask", &parse_octal));
  settings.silent = view.boolean("silent") || overrides.silent;
  settings.minfds = view.integer("minfds");
  settings.minprocs = view.integer("minprocs");
  settings.nocleanup = view.boolean("nocleanup") || overrides.nocleanup;
  settings.childlogdir = view.as("childlogdir", &parse_directory);
  if (settings.childlogdir.empty()) settings.childlogdir = around.temporary_directory;
  settings.user = trimmed(view.text("user"));
  settings.strip_ansi = view.boolean("strip_ansi") || overrides.strip_ansi;
  settings.identifier = view.text("identifier");
  if (view.error() && every == nullptr) return fail(Error(*view.error()));

  for (const SectionKind kind : {SectionKind::kInetHttpServer, SectionKind::kUnixHttpServer}) {
    const IniSection* section =
        find_section(*file, kind == SectionKind::kInetHttpServer ? "inet_http_server" : "unix_http_server");
    if (section == nullptr) continue;
    auto server = read_server(*section, kind, known);
    if (server) {
      settings.servers.push_back(std::move(*server));
    } else if (every != nullptr) {
      add_once(*every, server.error());
    } else {
      return fail(std::move(server).error());
    }
  }
  auto groups = read_groups(*file, known, settings.warnings, every);
  if (!groups) return fail(std::move(groups).error());
  settings.groups = std::move(*groups);
  warn_of_unknown(*file, settings.warnings);
  return settings;
}

}  // namespace

Result<Settings> read_settings(const std::string& path, const Overrides& overrides, const Surroundings& around) {
  return settings_of(path, overrides, around, nullptr);
}

Result<Settings> read_settings_as_far_as_possible(const std::string& path, const Overrides& overrides,
                                                  const Surroundings& around, std::vector<Error>& errors) {
  return settings_of(path, overrides, around, &errors);
}

}  // namespace tierce::config::supervisord

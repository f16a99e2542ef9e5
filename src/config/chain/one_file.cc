#include "config/chain/one_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "config/line_mark.h"

namespace tierce::config::chain {
namespace {

using std::string_view;
namespace conf = config::nginx;

// Lines that say where they come from.
class Lines {
 public:
  explicit Lines(const conf::Configuration& file) : file_(file) {}

  void put(conf::Place place, const std::string& text) { add(file_.files[place.file].path, place.line, text); }
  // What nobody has written.
  void put(const std::string& text) { add("tierce up", 0, text); }
  std::string take() { return std::move(text_); }

 private:
  void add(const std::string& path, std::uint32_t line, const std::string& text) {
    text_ += line_mark(path, line) + text + '\n';
  }

  const conf::Configuration& file_;
  std::string text_;
};

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words.begin() + 1, words.end(), " "));
}

// A value over several lines goes on with indented ones.
std::string continued(const std::string& value) {
  std::string out;
  for (const char c : value) out.append(1, c).append(c == '\n' ? " " : "");
  return out;
}

// Sections of supervisord by the name of their block: the second word is behind a colon.
std::string section_of(const conf::Node& node) {
  return node.words.size() > 1 ? node.words[0] + ":" + node.words[1] : node.words[0];
}

// Where the edge can reach it without shared memory.
bool has_uwsgi_socket(const conf::Node& app) {
  constexpr auto kSockets = std::to_array<string_view>({"socket", "uwsgi-socket", "s"});
  return std::any_of(app.block.begin(), app.block.end(), [&](const conf::Node& line) {
    return std::find(kSockets.begin(), kSockets.end(), line.words.front()) != kSockets.end();
  });
}

std::string quoted(const std::string& word) {
  std::string out = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
    if (c == '%') out += '%';  // supervisord's own.
  }
  return out + "\"";
}

std::string uwsgi_value(const conf::Node& line) {
  const std::string value = joined(line.words);
  // nginx's flags; uWSGI's have no value or "true".
  return value.empty() || value == "on" ? "true" : value == "off" ? "false" : value;
}

// Relative paths begin where the file is, and nobody looks for the edge by a pid file who has not asked for one.
std::string edge_command(const std::string& path, bool has_pid) {
  return fmt::format("tierce nginx -p {} -c {} -g \"daemon off;{}\"", quoted(path.substr(0, path.rfind('/') + 1)),
                     quoted(path), has_pid ? "" : " pid /dev/null;");
}

Result<conf::Configuration> read(const std::string& path) {
  return conf::read_configuration({.path = path, .globals = {}}, conf::this_machine());
}

// A program that an app or the edge is.
void put_role(Lines& lines, conf::Place place, const std::string& name, const std::string& command,
              string_view signal) {
  lines.put(place, fmt::format("[program:{}]", name));
  lines.put("command=" + command);
  lines.put(fmt::format("stopsignal={}", signal));
  for (const char* line : {"stopwaitsecs=30", "essential=true", "stdout_logfile=/dev/fd/1", "stdout_logfile_maxbytes=0",
                           "stderr_logfile=/dev/fd/2", "stderr_logfile_maxbytes=0"})
    lines.put(line);
}

constexpr auto kProcesses = std::to_array<string_view>({"app", "program", "eventlistener"});
constexpr const char* kEdgeName = "nginx";

std::string title_of(const conf::Node& node) { return fmt::format("{}", fmt::join(node.words, " ")); }

}  // namespace

bool is_block_of_one_file(string_view directive) {
  constexpr auto kAll = std::to_array<string_view>(
      {"app", "program", "group", "eventlistener", "supervisord", "unix_http_server", "inet_http_server"});
  return std::find(kAll.begin(), kAll.end(), directive) != kAll.end();
}

bool is_one_file(string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    return line.front() != '[';
  }
  return false;
}

std::vector<Error> names_given_twice(const conf::Configuration& file) {
  std::map<string_view, const conf::Node*> processes, groups;
  std::vector<Error> errors;
  // The edge has its name from us, so it is the others that are wrong, wherever they stand.
  for (const conf::Node& node : file.nodes) {
    if (node.words.front() == "http") processes.emplace(kEdgeName, &node);
  }
  for (const conf::Node& node : file.nodes) {
    const string_view kind = node.words.front();
    const bool process = std::find(kProcesses.begin(), kProcesses.end(), kind) != kProcesses.end();
    if (!process && kind != "group") continue;
    const auto [there, is_new] = (process ? processes : groups).emplace(node.words[1], &node);
    if (is_new) continue;
    const conf::Node& first = *there->second;
    errors.emplace_back(fmt::format("\"{}\" is the name of {} ({}) already, and of \"{}\" in {}", node.words[1],
                                    first.words.front() == "http" ? "the edge, http {}" : '"' + title_of(first) + '"',
                                    file.where(first.place), title_of(node), file.where(node.place)));
  }
  return errors;
}

std::string as_supervisord_conf(const conf::Configuration& file, const std::string& path) {
  Lines lines(file);
  for (const conf::Node& node : file.nodes) {
    const string_view name = node.words.front();
    if (name == "app") {
      put_role(lines, node.place, node.words[1],
               fmt::format("tierce uwsgi --ini {}", quoted(path + ":" + node.words[1])), "TERM");
    } else if (name == "http") {
      put_role(lines, node.place, kEdgeName, edge_command(path, file.has("pid")), "QUIT");
    } else if (is_block_of_one_file(name)) {
      lines.put(node.place, fmt::format("[{}]", section_of(node)));
      for (const conf::Node& line : node.block)
        lines.put(line.place, fmt::format("{}={}", line.words.front(), continued(joined(line.words))));
    }
  }
  if (file.has("unix_http_server") || file.has("inet_http_server")) {
    lines.put("[rpcinterface:supervisor]");
    lines.put("supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface");
  }
  if (!file.has("supervisord")) {
    lines.put("[supervisord]");
    lines.put("logfile=/dev/null");
    lines.put("logfile_maxbytes=0");
  }
  return lines.take();
}

Result<std::string> supervisor_text(const std::string& path) {
  auto file = read(path);
  if (!file) return fail(std::move(file).error());
  if (auto twice = names_given_twice(*file); !twice.empty()) return fail(std::move(twice.front()));
  return as_supervisord_conf(*file, path);
}

std::string as_uwsgi_ini(const conf::Configuration& file, const std::string& run_directory) {
  Lines lines(file);
  for (const conf::Node& node : file.nodes) {
    if (node.words.front() != "app") continue;
    lines.put(node.place, fmt::format("[{}]", node.words[1]));
    for (const conf::Node& line : node.block)
      lines.put(line.place, fmt::format("{} = {}", line.words.front(), uwsgi_value(line)));
    // Who may enter the folder may connect.
    if (!has_uwsgi_socket(node)) {
      lines.put(fmt::format("socket = {}/{}.sock", run_directory, node.words[1]));
      lines.put("chmod-socket = 666");
    }
    lines.put("master = true");
  }
  return lines.take();
}

Result<Users> users_of(const std::string& path) {
  auto file = read(path);
  if (!file) return fail(std::move(file).error());
  Users users;
  for (const conf::Node& node : file->nodes) {
    if (node.words.front() == "user") users.edge.assign(node.words.begin() + 1, node.words.end());
    if (node.words.front() != "supervisord") continue;
    for (const conf::Node& line : node.block) {
      if (line.words.front() == "user") users.supervisor = joined(line.words);
    }
  }
  return users;
}

std::optional<std::string> application_text(const std::string& path, string_view text,
                                            const std::string& run_directory) {
  if (!is_one_file(text)) return std::nullopt;
  auto file = read(path);
  if (!file || !file->has("app")) return std::nullopt;
  return as_uwsgi_ini(*file, run_directory);
}

}  // namespace tierce::config::chain

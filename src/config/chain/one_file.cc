#include "config/chain/one_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/nginx/reader.h"

namespace tierce::config::chain {
namespace {

using std::string_view;
namespace conf = config::nginx;

// Lines, each at its number where that is not taken yet.
class Lines {
 public:
  void put(std::uint32_t line, const std::string& text) {
    while (next_ < line) add("");
    add(text);
  }
  std::string take() { return std::move(text_); }

 private:
  void add(const std::string& text) {
    text_ += text;
    text_ += '\n';
    ++next_;
  }
  std::string text_;
  std::uint32_t next_ = 1;
};

// Parts of included files have numbers of their own: they stand behind each other.
std::uint32_t line_of(const conf::Node& node) { return node.place.file == 0 ? node.place.line : 0; }

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words.begin() + 1, words.end(), " "));
}

// Sections of supervisord by the name of their block: the second word is behind a colon.
std::string section_of(const conf::Node& node) {
  return node.words.size() > 1 ? node.words[0] + ":" + node.words[1] : node.words[0];
}

bool is_supervisors(const conf::Node& node) {
  constexpr auto kSections = std::to_array<string_view>(
      {"program", "group", "eventlistener", "supervisord", "unix_http_server", "inet_http_server"});
  return std::find(kSections.begin(), kSections.end(), node.words.front()) != kSections.end();
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

}  // namespace

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

Result<std::string> supervisor_text(const std::string& path) {
  auto file = read(path);
  if (!file) return fail(std::move(file).error());
  Lines lines;
  std::string roles;
  const auto role = [&roles](const std::string& name, const std::string& command, string_view signal) {
    roles += fmt::format(
        "[program:{}]\ncommand={}\nstopsignal={}\nstopwaitsecs=60\nessential=true\nstdout_logfile=/dev/fd/1\n"
        "stdout_logfile_maxbytes=0\nstderr_logfile=/dev/fd/2\nstderr_logfile_maxbytes=0\n",
        name, command, signal);
  };
  for (const conf::Node& node : file->nodes) {
    if (node.words.front() == "app") {
      role(node.words[1], fmt::format("tierce uwsgi --ini {}", quoted(path + ":" + node.words[1])), "TERM");
    } else if (node.words.front() == "http") {
      role("nginx", edge_command(path, file->has("pid")), "QUIT");
    } else if (is_supervisors(node)) {
      lines.put(line_of(node), fmt::format("[{}]", section_of(node)));
      for (const conf::Node& line : node.block)
        lines.put(line_of(line), fmt::format("{}={}", line.words.front(), joined(line.words)));
    }
  }
  // What nobody has written stands behind it all.
  if (file->has("unix_http_server") || file->has("inet_http_server")) {
    lines.put(0, "[rpcinterface:supervisor]");
    lines.put(0, "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface");
  }
  if (!file->has("supervisord")) {
    lines.put(0, "[supervisord]");
    lines.put(0, "logfile=/dev/null");
    lines.put(0, "logfile_maxbytes=0");
  }
  return lines.take() + roles;
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
  Lines lines;
  for (const conf::Node& node : file->nodes) {
    if (node.words.front() != "app") continue;
    lines.put(line_of(node), fmt::format("[{}]", node.words[1]));
    for (const conf::Node& line : node.block)
      lines.put(line_of(line), fmt::format("{} = {}", line.words.front(), uwsgi_value(line)));
    // Behind the block: its lines are the file's.
    // Who may enter the folder may connect.
    if (!has_uwsgi_socket(node)) {
      lines.put(0, fmt::format("socket = {}/{}.sock", run_directory, node.words[1]));
      lines.put(0, "chmod-socket = 666");
    }
    lines.put(0, "master = true");
  }
  return lines.take();
}

}  // namespace tierce::config::chain

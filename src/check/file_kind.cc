#include "check/file_kind.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include "config/chain/one_file.h"
#include "config/nginx/directive.h"
#include "config/nginx/lexer.h"
#include "config/supervisord/keys.h"

namespace tierce::check {
namespace {

using std::string_view;

// The kind of the first section that is known.
std::optional<FileKind> by_section(string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (const std::size_t begin = line.find_first_not_of(" \t\r\xef\xbb\xbf"); begin != string_view::npos)
      line.remove_prefix(begin);
    const std::size_t close = line.find(']');
    if (!line.starts_with('[') || close == string_view::npos) continue;
    const string_view name = line.substr(1, close - 1);
    if (name == "uwsgi") return FileKind::kUwsgi;
    if (config::supervisord::section_kind(name)) return FileKind::kSupervisor;
  }
  return std::nullopt;
}

// Begins with directives of nginx.
bool is_nginx(string_view text) {
  config::nginx::Lexer lexer(text);
  const auto first = lexer.next();
  if (!first || first->words.empty()) return false;
  return !config::nginx::directives_named(first->words.front()).empty();
}

// Has blocks of the one file outside all others.
bool is_one_file(string_view text) {
  config::nginx::Lexer lexer(text);
  using End = config::nginx::Statement::End;
  std::size_t open = 0;
  for (;;) {
    const auto statement = lexer.next();
    if (!statement || statement->end == End::kTextEnds) return false;
    if (statement->end == End::kBlockEnds) {
      if (open > 0) --open;
      continue;
    }
    if (statement->end != End::kBlockBegins) continue;
    if (open++ == 0 && config::chain::is_block_of_one_file(statement->words.front())) return true;
  }
}

// A Python file that gives names of Gunicorn's settings, among them one that hardly any other program has.
bool is_gunicorn(string_view text) {
  std::set<string_view> given;
  for (const char* each : {"bind", "workers", "worker_class", "accesslog", "errorlog", "loglevel", "wsgi_app",
                           "worker_connections", "max_requests", "preload_app", "keepalive", "graceful_timeout"}) {
    const string_view name(each);
    for (std::size_t at = text.find(name); at != string_view::npos; at = text.find(name, at + 1)) {
      const std::size_t behind = text.find_first_not_of(" \t", at + name.size());
      const bool begins = at == 0 || text[at - 1] == '\n';
      if (begins && behind != string_view::npos && text[behind] == '=' && text.substr(behind, 2) != "==")
        given.insert(name);
    }
  }
  return given.size() > 1 && (given.count("bind") + given.count("workers") + given.count("worker_class")) > 0;
}

}  // namespace

FileKind kind_of_file(const std::string& path, string_view text) {
  const std::filesystem::path whole(path);
  const std::string name = whole.filename(), ending = whole.extension();
  if (name == "Dockerfile" || name == "Containerfile" || name.starts_with("Dockerfile.") || ending == ".Dockerfile")
    return FileKind::kDockerfile;
  if (ending == ".py") {
    const bool is_its = name.find("gunicorn") != std::string::npos || is_gunicorn(text);
    return is_its ? FileKind::kGunicorn : FileKind::kPython;
  }
  if (name.ends_with(".md") || name.ends_with(".txt")) return FileKind::kUnknown;
  if (const auto kind = by_section(text)) return *kind;
  const bool other_format = ending == ".yaml" || ending == ".yml" || ending == ".json" || ending == ".xml";
  if (other_format) {
    // Its reader says that only ini files are read.
    const bool is_its = name.find("uwsgi") != std::string::npos || text.find("<uwsgi") != string_view::npos ||
                        text.starts_with("uwsgi:") || text.find("\nuwsgi:") != string_view::npos;
    return is_its ? FileKind::kUwsgi : FileKind::kUnknown;
  }
  if (ending == ".ini") {
    if (name.find("uwsgi") != std::string::npos) return FileKind::kUwsgi;
    if (name.find("supervisor") != std::string::npos) return FileKind::kSupervisor;
    return FileKind::kUnknown;
  }
  if (name == "tierce.conf" || is_one_file(text)) return FileKind::kOneFile;
  if (name.find("nginx") != std::string::npos || is_nginx(text)) return FileKind::kNginx;
  return FileKind::kUnknown;
}

}  // namespace tierce::check

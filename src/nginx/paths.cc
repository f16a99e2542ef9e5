#include "nginx/paths.h"

#include <algorithm>

#include "nginx/request.h"
#include "nginx/site.h"

namespace tierce::nginx {
namespace {

std::string root_text(Request& request, const conf::DocumentRoot& root) {
  std::string room;
  return request.site.full_path(request.site.text(request, root.path, room));
}

bool needs_escape(unsigned char c, Escape how) {
  if (how == Escape::kComponent) {
    const bool letter = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return !letter && c != '-' && c != '.' && c != '_' && c != '~';
  }
  if (c <= 0x20 || c >= 0x7f || c == '%' || c == '#' || c == '"' || c == '<' || c == '>' || c == '\\' || c == '^' ||
      c == '`' || c == '{' || c == '|' || c == '}')
    return true;
  if (how == Escape::kUri) return c == '?';
  return c == '&' || c == '+';
}

}  // namespace

std::string document_root_of(Request& request) {
  const auto& root = request.settings->root;
  if (!root) return request.site.full_path("html");
  return root_text(request, *root);
}

std::string file_path_of(Request& request, std::string_view uri) {
  const auto& root = request.settings->root;
  std::string path = document_root_of(request);
  if (!root || !root->alias) return path.append(uri);
  // The captures of a location's expression make the whole path.
  if (root->replaces == std::string::npos) return path;
  if (root->replaces < uri.size()) path.append(uri.substr(root->replaces));
  return path;
}

bool leads_outside(std::string_view below) {
  int depth = 0;
  while (!below.empty()) {
    const std::string_view part = below.substr(0, below.find('/'));
    below.remove_prefix(std::min(part.size() + 1, below.size()));
    if (part == "..") --depth;
    if (depth < 0) return true;
    if (!part.empty() && part != "." && part != "..") ++depth;
  }
  return false;
}

bool is_outside_alias(const Request& request) {
  const auto& root = request.settings->root;
  if (!root || !root->alias || root->replaces == std::string::npos || root->replaces >= request.uri.size())
    return false;
  return leads_outside(std::string_view(request.uri).substr(root->replaces));
}

std::string_view first_name(const conf::Server& server) {
  if (server.names.empty()) return {};
  const conf::ServerName& name = server.names.front();
  // nginx says ".example.com" as "example.com", all others as they were written.
  return name.kind == conf::ServerName::Kind::kExactAndBelow ? std::string_view(name.text)
                                                             : std::string_view(name.written);
}

void append_escaped(std::string& out, std::string_view text, Escape how) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  for (const char each : text) {
    const auto c = static_cast<unsigned char>(each);
    if (!needs_escape(c, how)) {
      out += each;
    } else {
      out += '%';
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
}

bool is_safe_uri(std::string_view uri) {
  if (uri.empty() || uri.find('\0') != std::string_view::npos) return false;
  const std::string_view path = uri.substr(0, uri.find('?'));
  if (path.starts_with("../") || path == "..") return false;
  for (std::size_t at = path.find("/.."); at != std::string_view::npos; at = path.find("/..", at + 1)) {
    if (at + 3 == path.size() || path[at + 3] == '/') return false;
  }
  return true;
}

}  // namespace tierce::nginx

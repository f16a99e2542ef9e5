#include "config/nginx/server_name.h"

#include <fmt/format.h>

#include <algorithm>

namespace tierce::config::nginx {
namespace {

using std::string_view;

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

Result<ServerName> parse_server_name(string_view text) {
  const auto invalid = [text] { return fail(Error(fmt::format("server name \"{}\" is invalid", text))); };
  if ((text.starts_with('*') && (text.size() < 3 || text[1] != '.')) || text == ".") return invalid();
  ServerName name{.written = std::string(text)};
  if (text.starts_with('~')) {
    if (text.size() == 1) return fail(Error(fmt::format("empty regex in server name \"{}\"", text)));
    name.kind = ServerName::Kind::kRegex;
    name.text = text.substr(1);
    // nginx ignores the case of letters where the expression has capitals.
    const bool capitals = std::any_of(name.text.begin(), name.text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    auto expression = compile_expression(name.text, capitals ? Regex::Case::kIgnored : Regex::Case::kMatters);
    if (!expression) return fail(std::move(expression).error());
    name.regex = std::move(expression->regex);
    return name;
  }
  name.text.assign(text);
  std::transform(name.text.begin(), name.text.end(), name.text.begin(), small);
  name.written = name.text;
  if (text.starts_with("*.")) {
    name.kind = ServerName::Kind::kBelow;
    name.text.erase(0, 2);
  } else if (text.starts_with('.')) {
    name.kind = ServerName::Kind::kExactAndBelow;
    name.text.erase(0, 1);
  } else if (text.ends_with(".*")) {
    name.kind = ServerName::Kind::kAnyEnding;
    name.text.resize(name.text.size() - 2);
  }
  return name;
}

std::optional<std::string> normal_host(string_view host) {
  std::string name;
  std::size_t last_dot = string_view::npos;
  bool in_literal = false, in_port = false;
  for (std::size_t i = 0; i < host.size(); ++i) {
    const char c = host[i];
    if (c == '[' && i == 0) in_literal = true;
    if (c == '.') {
      if (last_dot != string_view::npos && i == last_dot + 1) return std::nullopt;
      last_dot = i;
    }
    if (c == ':' && !in_literal) in_port = true;
    if (c == ']') in_literal = false;
    if (c == '/' || c == '\0' || static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return std::nullopt;
    if (!in_port) name += small(c);
  }
  if (name.ends_with('.')) name.pop_back();
  if (name.empty()) return std::nullopt;
  return name;
}

bool ServerNames::add(const ServerName& name, std::size_t server) {
  switch (name.kind) {
    case ServerName::Kind::kExact:
      return exact_.try_emplace(name.text, server).second;
    case ServerName::Kind::kExactAndBelow: {
      const bool itself = exact_.try_emplace(name.text, server).second;
      return below_.try_emplace(name.text, server).second && itself;
    }
    case ServerName::Kind::kBelow:
      return below_.try_emplace(name.text, server).second;
    case ServerName::Kind::kAnyEnding:
      return any_ending_.try_emplace(name.text, server).second;
    case ServerName::Kind::kRegex:
      expressions_.emplace_back(name.regex, server);
      return true;
  }
  return true;
}

std::optional<std::size_t> ServerNames::find(string_view host, const Regex** by) const {
  if (by != nullptr) *by = nullptr;
  if (const auto found = exact_.find(std::string(host)); found != exact_.end()) return found->second;
  for (std::size_t dot = host.find('.'); dot != string_view::npos; dot = host.find('.', dot + 1)) {
    if (const auto found = below_.find(std::string(host.substr(dot + 1))); found != below_.end()) return found->second;
  }
  for (std::size_t dot = host.rfind('.'); dot != string_view::npos && dot != 0; dot = host.rfind('.', dot - 1)) {
    if (const auto found = any_ending_.find(std::string(host.substr(0, dot))); found != any_ending_.end())
      return found->second;
  }
  for (const auto& [regex, server] : expressions_) {
    if (!regex->matches(host)) continue;
    if (by != nullptr) *by = regex.get();
    return server;
  }
  return std::nullopt;
}

}  // namespace tierce::config::nginx

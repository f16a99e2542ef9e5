#include "config/chain/program_role.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

namespace tierce::config::chain {
namespace {

using std::string_view;
using Words = std::span<const std::string>;

string_view last_part(string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == string_view::npos ? path : path.substr(slash + 1);
}

struct Known {
  string_view name;
  ProgramRole role;
};
// With the names that Debian's packages give them.
constexpr std::array kKnown = {
    Known{"nginx", ProgramRole::kNginx},        Known{"uwsgi", ProgramRole::kUwsgi},
    Known{"uwsgi-core", ProgramRole::kUwsgi},   Known{"gunicorn", ProgramRole::kGunicorn},
    Known{"gunicorn3", ProgramRole::kGunicorn}, Known{"gunicorn.app.wsgiapp", ProgramRole::kGunicorn},
};

ProgramRole role_named(string_view name) {
  for (const Known& known : kKnown) {
    if (known.name == name) return known.role;
  }
  // One for each version: uwsgi_python311.
  constexpr string_view kOfAVersion = "uwsgi_python3";
  if (name.starts_with(kOfAVersion) && name.find_first_not_of("0123456789.", kOfAVersion.size()) == string_view::npos)
    return ProgramRole::kUwsgi;
  return ProgramRole::kOther;
}

bool is_shell(string_view path) {
  const string_view name = last_part(path);
  return name == "sh" || name == "bash" || name == "dash";
}

// python, python3, python3.11
bool is_python(string_view path) {
  string_view name = last_part(path);
  if (!name.starts_with("python")) return false;
  name.remove_prefix(6);
  return name.find_first_not_of("0123456789.") == string_view::npos;
}

bool is_assignment(string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == string_view::npos || equals == 0 || std::isdigit(static_cast<unsigned char>(word[0])) != 0)
    return false;
  return std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals),
                     [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; });
}

// Nothing that a shell would do more than split words: what is quoted by '...' means itself.
bool is_plain(string_view text) {
  char quote = 0;
  for (const char c : text) {
    if (quote == '\'') {
      if (c == '\'') quote = 0;
      continue;
    }
    if (c == '$' || c == '`' || c == '\\') return false;
    if (quote == '"') {
      if (c == '"') quote = 0;
      continue;
    }
    if (c == '\'' || c == '"') {
      quote = c;
    } else if (string_view("&|;<>()*?[]{}~#!\n").find(c) != string_view::npos) {
      return false;
    }
  }
  return quote == 0;
}

class Reader {
 public:
  Program read(Words words, bool in_shell) {
    words = without_prefixes(words, in_shell);
    if (words.empty()) return {};
    if (!in_shell && is_shell(words.front())) return read_shell(words);
    if (is_python(words.front())) return read_python(words);
    const string_view name = last_part(words.front());
    if (name == "tierce") {
      // Under the names of our commands alone.
      if (words.size() < 2 || words[1] != name_of(role_named(words[1]))) return {};
      return made(role_named(words[1]), words.front(), words.subspan(2));
    }
    return made(role_named(name), words.front(), words.subspan(1));
  }

 private:
  Words without_prefixes(Words words, bool in_shell) {
    take_assignments(words, in_shell);
    if (!words.empty() && words.front() == "exec") words = words.subspan(1);
    if (!words.empty() && last_part(words.front()) == "env") {
      words = words.subspan(1);
      take_assignments(words, true);
    }
    return words;
  }

  void take_assignments(Words& words, bool allowed) {
    while (allowed && !words.empty() && is_assignment(words.front())) {
      const string_view word = words.front();
      const std::size_t equals = word.find('=');
      environment_.emplace_back(word.substr(0, equals), word.substr(equals + 1));
      words = words.subspan(1);
    }
  }

  Program read_shell(Words words) {
    if (words.size() != 3 || words[1] != "-c" || !is_plain(words[2])) return {};
    auto inner = supervisord::split_command(words[2]);
    if (!inner) return {};
    return read(*inner, true);
  }

  Program read_python(Words words) {
    const std::string python = words.front();
    words = words.subspan(1);
    // Of no consequence for a server.
    while (!words.empty() && (words.front() == "-u" || words.front() == "-B")) words = words.subspan(1);
    if (words.size() >= 2 && words[0] == "-m") words = words.subspan(1);
    if (words.empty() || role_named(last_part(words.front())) != ProgramRole::kGunicorn) return {};
    Program program = made(ProgramRole::kGunicorn, words.front(), words.subspan(1));
    program.python = python;
    return program;
  }

  Program made(ProgramRole role, const std::string& path, Words arguments) {
    if (role == ProgramRole::kOther) return {};
    return {.role = role,
            .path = path,
            .arguments = {arguments.begin(), arguments.end()},
            .environment = std::move(environment_),
            .python = {}};
  }

  supervisord::Pairs environment_;
};

}  // namespace

Program read_program(string_view command) {
  const auto words = supervisord::split_command(command);
  if (!words) return {};
  return Reader().read(*words, false);
}

string_view name_of(ProgramRole role) {
  switch (role) {
    case ProgramRole::kOther:
      return "";
    case ProgramRole::kNginx:
      return "nginx";
    case ProgramRole::kUwsgi:
      return "uwsgi";
    case ProgramRole::kGunicorn:
      return "gunicorn";
  }
  return "";
}

}  // namespace tierce::config::chain

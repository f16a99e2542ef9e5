#include "config/chain/program_role.h"

#include <algorithm>
#include <array>
#include <utility>

#include "config/supervisord/words.h"

namespace tierce::config::chain {
namespace {

using std::string_view;

string_view base_name(string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_assignment(string_view word) {
  const std::size_t equals = word.find('=');
  return equals != string_view::npos && equals > 0 && word.substr(0, equals).find('/') == string_view::npos;
}

bool is_python(string_view name) {
  constexpr string_view kPython = "python";
  return name.starts_with(kPython) && name.find_first_not_of("0123456789.", kPython.size()) == string_view::npos;
}

bool is_shell(string_view name) { return name == "sh" || name == "bash" || name == "dash"; }

// "uwsgi", and what Debian calls the builds with one plugin: uwsgi-core, uwsgi_python3.
ProgramRole role_of_name(string_view name) {
  if (name == "nginx") return ProgramRole::kNginx;
  if (name == "gunicorn" || name == "gunicorn3") return ProgramRole::kGunicorn;
  constexpr auto kUwsgis =
      std::to_array<string_view>({"uwsgi", "uwsgi-core", "uwsgi_python3", "uwsgi_python", "uwsgi3"});
  const bool uwsgi = std::find(kUwsgis.begin(), kUwsgis.end(), name) != kUwsgis.end();
  return uwsgi ? ProgramRole::kUwsgi : ProgramRole::kOther;
}

void drop_first(std::vector<std::string>& words, std::size_t count) {
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(count));
}

RoleCommand found(ProgramRole role, std::vector<std::string> words, std::size_t name_at,
                  std::vector<std::string> environment) {
  RoleCommand command{.role = role, .program = words[name_at], .environment = std::move(environment)};
  drop_first(words, name_at + 1);
  command.arguments = std::move(words);
  return command;
}

}  // namespace

string_view name_of(ProgramRole role) {
  switch (role) {
    case ProgramRole::kNginx:
      return "nginx";
    case ProgramRole::kUwsgi:
      return "uwsgi";
    case ProgramRole::kGunicorn:
      return "gunicorn";
    case ProgramRole::kOther:
      break;
  }
  return {};
}

RoleCommand role_of(std::vector<std::string> words) {
  std::vector<std::string> environment;
  bool in_shell = false;
  while (!words.empty()) {
    const string_view name = base_name(words.front());
    if (name == "env" && words.size() > 1 && !words[1].starts_with('-')) {
      drop_first(words, 1);
      while (!words.empty() && is_assignment(words.front())) {
        environment.push_back(words.front());
        drop_first(words, 1);
      }
      continue;
    }
    if (in_shell && name == "exec" && words.size() > 1) {
      drop_first(words, 1);
      continue;
    }
    if (!in_shell && is_shell(name) && words.size() == 3 && words[1] == "-c") {
      auto inner = supervisord::split_command(words[2]);
      // More than one command, or anything that only a shell can do, stays the shell's.
      const bool plain = inner && words[2].find_first_of(";&|<>()$`\\*?[#~\n{}!") == std::string::npos;
      if (!plain || inner->empty() || is_assignment(inner->front())) return {};
      words = std::move(*inner);
      in_shell = true;
      continue;
    }
    if (const ProgramRole role = role_of_name(name); role != ProgramRole::kOther)
      return found(role, std::move(words), 0, std::move(environment));
    if (is_python(name) && words.size() > 2 && words[1] == "-m" && role_of_name(words[2]) == ProgramRole::kGunicorn) {
      std::string python = words[0];
      RoleCommand command = found(ProgramRole::kGunicorn, std::move(words), 2, std::move(environment));
      command.program = std::move(python);
      return command;
    }
    if (name == "tierce" && words.size() > 1) {
      if (const ProgramRole role = role_of_name(words[1]); role != ProgramRole::kOther) {
        std::string program = words[0];
        RoleCommand command = found(role, std::move(words), 1, std::move(environment));
        command.program = std::move(program);
        return command;
      }
    }
    return {};
  }
  return {};
}

}  // namespace tierce::config::chain

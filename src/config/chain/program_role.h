// Which of the servers whose place we take a supervised command starts, and with what arguments.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tierce::config::chain {

enum class ProgramRole : std::uint8_t { kOther, kNginx, kUwsgi, kGunicorn };
// "nginx", "uwsgi", "gunicorn"; "" for kOther.
std::string_view name_of(ProgramRole role);

struct RoleCommand {
  ProgramRole role = ProgramRole::kOther;
  std::string program;                 // As it was named: a path, or a name to be looked for.
  std::vector<std::string> arguments;  // Behind the program's name.
  // "NAME=value" that env(1) was to set.
  std::vector<std::string> environment;
};

// `words` as supervisord splits a command (config/supervisord/words.h). Looked through: env with assignments, `exec`,
// `python -m gunicorn`, `sh -c` of one plain command, and `tierce` itself. No system calls.
RoleCommand role_of(std::vector<std::string> words);

}  // namespace tierce::config::chain

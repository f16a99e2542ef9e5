// Which of the servers whose place we take a supervisor's program starts: what `tierce up` runs inside, and what
// `tierce check` reads the files of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/supervisord/words.h"

namespace tierce::config::chain {

enum class ProgramRole : std::uint8_t { kOther, kNginx, kUwsgi, kGunicorn };

struct Program {
  ProgramRole role = ProgramRole::kOther;
  std::string path;                    // The server's, as written: "/usr/local/bin/uwsgi", "tierce".
  std::vector<std::string> arguments;  // Behind its name. Of kOther: none, the command is run as it is.
  supervisord::Pairs environment;      // "env X=Y uwsgi": set for this program.
  std::string python;                  // Of "PYTHON -m gunicorn" and "PYTHON /path/gunicorn"; "" else.
};

// `command` as supervisord has it, expanded. Seen through are env, exec, "tierce ROLE" and a shell that does nothing
// but start the server ("sh -c 'exec uwsgi ...'"); whatever else stands before a server's name makes it kOther, and
// so does a command that cannot be split.
Program read_program(std::string_view command);

// "nginx", "uwsgi", "gunicorn"; "" for kOther.
std::string_view name_of(ProgramRole role);

}  // namespace tierce::config::chain

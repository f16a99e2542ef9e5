// tierce supervisord: supervisord's command line and file.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/play_role.h"
#include "config/supervisord/reader.h"
#include "supervisord/chain.h"

namespace tierce::cli {

// What a server is started with, of the command line.
struct SupervisordStart {
  std::string file;
  config::supervisord::Overrides overrides;
  bool check = false;
  // Programs that are servers whose place we take are roles of this binary, under `tierce up`; else only those that are
  // links to it.
  supervisord::Chain::Rules roles{.play = play_role, .fuses = true, .links_only = true};
  bool writes_pid_file = true;
  // Makes the text of a file of another language one of supervisord's; read anew by a restart.
  std::function<Result<std::string>(const std::string& path)> translate;
};
// Serves until it is told to end; the exit status.
int run_supervisord(SupervisordStart start);

// 0 after a shutdown, 2 for what keeps it from starting, as supervisord.
int supervisord_command(const std::vector<std::string>& arguments);

}  // namespace tierce::cli

// uWSGI's command line, as getopt_long cuts it: "--name value", "--name=value", "-p4", "-Mp 4", unique
// beginnings of long names; what is no option is a word.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace tierce::config::uwsgi {

struct CommandLine {
  struct Given {
    std::string name;  // The full name.
    std::optional<std::string> value;
  };
  std::vector<Given> options;
  std::vector<std::string> words;
};

Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments);

}  // namespace tierce::config::uwsgi

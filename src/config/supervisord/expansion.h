// "%(name)s" in values, as Python's % operator expands it: s and d with the flags 0 - + and a width; "%%" is "%".
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tierce::config::supervisord {

struct Expansions {
  std::map<std::string, std::string, std::less<>> texts;  // ENV_HOME, program_name, here ...
  std::map<std::string, long, std::less<>> numbers;       // process_num, numprocs: for %d too.
};

// `what` is named in the error: "program:x.command".
Result<std::string> expand(std::string_view text, const Expansions& known, std::string_view what);

}  // namespace tierce::config::supervisord

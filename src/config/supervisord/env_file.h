// A file of variables, as docker and systemd have them: NAME=value, one a line, "#" begins a comment line.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/supervisord/words.h"

namespace tierce::config::supervisord {

// "export " before the name and quotes around the value are taken away; nothing is expanded. `file` is named in errors.
Result<Pairs> parse_env_file(std::string_view text, const std::string& file);
Result<Pairs> read_env_file(const std::string& path);

}  // namespace tierce::config::supervisord

// Commands and lists taken apart as Python's shlex does it for supervisord.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tierce::config::supervisord {

// A command as the words of exec: quotes and backslashes as in a POSIX shell, nothing else of a shell.
// Errors are Python's: "No closing quotation", "No escaped character".
Result<std::vector<std::string>> split_command(std::string_view command);

// What in a command looks like it was meant for a shell ("&&", "|", "$HOME", "*"), for a warning; empty: nothing.
// Not for commands that start one ("sh -c '...'").
std::string shell_sign_in(const std::vector<std::string>& words);

using Pairs = std::vector<std::pair<std::string, std::string>>;
// KEY="value",KEY2='value' with quotes where a value has other characters than letters, digits and _/.+-():
// A name given twice keeps its first place and its last value.
Result<Pairs> parse_pairs(std::string_view text);

}  // namespace tierce::config::supervisord

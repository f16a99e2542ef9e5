// The options of `tierce run`: one row each, which parser, --help and docs/options.md read. Names and
// meanings are gunicorn's where gunicorn has the option, nginx's for the limits.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/run_settings.h"

namespace tierce::config {

struct RunOption {
  std::string_view names;     // "-w,--workers"; the long name is the last.
  std::string_view argument;  // "INT"; "" for a switch.
  std::string_view fallback;  // The default, for people.
  std::string_view help;
  Result<void> (*apply)(RunSettings&, std::string_view value);
};

std::span<const RunOption> run_options();

// Reads a command line behind "run". Errors name the option, what was expected, and for an unknown
// option the nearest known one.
Result<RunSettings> parse_run_options(const std::vector<std::string>& arguments);

std::string run_help();
// docs/options.md
std::string run_help_markdown();

}  // namespace tierce::config

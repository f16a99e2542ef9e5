#include "cli/run_command.h"

#include <algorithm>
#include <cstdio>

#include "cli/serve.h"
#include "config/run_options.h"

namespace tierce::cli {

int run_command(const std::vector<std::string>& arguments) {
  const auto given = [&](const char* name) {
    return std::find(arguments.begin(), arguments.end(), name) != arguments.end();
  };
  if (given("--help") || given("-h")) {
    std::fputs(config::run_help().c_str(), stdout);
    return 0;
  }
  if (given("--help-markdown")) {
    std::fputs(config::run_help_markdown().c_str(), stdout);
    return 0;
  }
  if (given("--version") || given("-v")) {
    std::puts("tierce " TIERCE_VERSION);
    return 0;
  }
  auto settings = config::parse_run_options(arguments);
  if (!settings) {
    std::fprintf(stderr, "tierce run: %s\n(tierce run --help lists the options)\n", settings.error().text().c_str());
    return 2;
  }
  return serve(*settings);
}

}  // namespace tierce::cli

// Dispatches to the commands; each has a file of its own.
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "cli/run_command.h"
#include "cli/uwsgi_command.h"

namespace {

constexpr const char* kUsage =
    "usage: tierce COMMAND ...\n\n"
    "  run MODULE:CALLABLE   serve a Python web application (tierce run --help)\n"
    "  uwsgi [OPTIONS]       the same from uWSGI's files and options (tierce uwsgi --help)\n"
    "  --version             the version\n";

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  // A link named uwsgi takes uWSGI's place in scripts.
  const std::string_view called = argv[0];
  if (called.substr(called.rfind('/') + 1) == "uwsgi") return tierce::cli::uwsgi_command(arguments);
  if (arguments.empty()) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  const std::string_view command = arguments.front();
  if (command == "--version" || command == "-v") {
    std::puts("tierce " TIERCE_VERSION);
    return 0;
  }
  if (command == "--help" || command == "-h" || command == "help") {
    std::fputs(kUsage, stdout);
    return 0;
  }
  if (command == "run") return tierce::cli::run_command({arguments.begin() + 1, arguments.end()});
  if (command == "uwsgi") return tierce::cli::uwsgi_command({arguments.begin() + 1, arguments.end()});
  std::fprintf(stderr, "tierce: unknown command '%s'\n\n%s", arguments.front().c_str(), kUsage);
  return 2;
}

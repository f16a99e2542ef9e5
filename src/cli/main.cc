// Dispatches to the commands; each has a file of its own.
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "cli/check_command.h"
#include "cli/ctl_command.h"
#include "cli/explain_command.h"
#include "cli/gunicorn_command.h"
#include "cli/init_command.h"
#include "cli/nginx_command.h"
#include "cli/run_command.h"
#include "cli/supervisord_command.h"
#include "cli/up_command.h"
#include "cli/uwsgi_command.h"

namespace {

constexpr const char* kUsage =
    "usage: tierce COMMAND ...\n\n"
    "  up -c FILE                 the whole chain, from supervisord.conf and the files it leads to (tierce up --help)\n"
    "  init                       writes a first configuration for the Flask or Django project in this folder\n"
    "  run MODULE:CALLABLE        serve a Python web application (tierce run --help)\n"
    "  uwsgi [OPTIONS]            the same from uWSGI's files and options (tierce uwsgi --help)\n"
    "  gunicorn MODULE:CALLABLE   the same with gunicorn's command line and gunicorn.conf.py\n"
    "  supervisord [OPTIONS]      keeps programs alive, from supervisord.conf (tierce supervisord --help)\n"
    "  ctl COMMAND ...            drives a supervisord, ours or the original (tierce ctl --help)\n"
    "  nginx -t -c FILE           take the place of nginx, from its files\n"
    "  check FILE...              what is wrong with configurations, with file, line and a suggestion\n"
    "  explain FILE...            every value that holds, with its line, and what is fused\n"
    "  --version                  the version\n";

// Linked under the name of a server whose place we take, the program is that server.
std::string_view called_as(const char* path) {
  std::string_view name(path);
  name.remove_prefix(name.rfind('/') == std::string_view::npos ? 0 : name.rfind('/') + 1);
  return name;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::string_view name = argc > 0 ? called_as(argv[0]) : "";
  if (name == "uwsgi") return tierce::cli::uwsgi_command(arguments);
  if (name == "gunicorn") return tierce::cli::gunicorn_command(arguments);
  if (name == "supervisord") return tierce::cli::supervisord_command(arguments);
  if (name == "supervisorctl") return tierce::cli::ctl_command(arguments);
  if (name == "nginx") return tierce::cli::nginx_command(arguments);
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
  if (command == "nginx") {
    // nginx itself has no long options.
    if (arguments.size() == 2 && arguments[1] == "--help") return tierce::cli::nginx_command({"-h"});
    return tierce::cli::nginx_command({arguments.begin() + 1, arguments.end()});
  }
  if (command == "gunicorn") return tierce::cli::gunicorn_command({arguments.begin() + 1, arguments.end()});
  if (command == "supervisord") return tierce::cli::supervisord_command({arguments.begin() + 1, arguments.end()});
  if (command == "up") return tierce::cli::up_command({arguments.begin() + 1, arguments.end()});
  if (command == "check") return tierce::cli::check_command({arguments.begin() + 1, arguments.end()});
  if (command == "explain") return tierce::cli::explain_command({arguments.begin() + 1, arguments.end()});
  if (command == "init") return tierce::cli::init_command({arguments.begin() + 1, arguments.end()});
  if (command == "ctl") return tierce::cli::ctl_command({arguments.begin() + 1, arguments.end()});
  std::fprintf(stderr, "tierce: unknown command '%s'\n\n%s", arguments.front().c_str(), kUsage);
  return 2;
}

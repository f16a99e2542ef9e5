#include "cli/gunicorn_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "config/gunicorn_settings.h"
#include "edge/edge_process.h"
#include "os/daemon.h"
#include "supervise/gunicorn_reader.h"
#include "supervise/succession.h"
#include "supervise/supervisor.h"

namespace tierce::cli {
namespace {

int say_error(const std::string& text) {
  std::fprintf(stderr, "\nError: %s\n", text.c_str());
  return 1;
}

// Our one option that Gunicorn does not have; taken out of the arguments. What stands behind "--" is not looked at.
Result<std::string> take_python(std::vector<std::string>& arguments) {
  constexpr std::string_view kName = "--python";
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  const auto found = std::find_if(arguments.begin(), end, [&](const std::string& argument) {
    return argument == kName || argument.starts_with("--python=");
  });
  if (found == end) return std::string();
  if (found->size() > kName.size()) {
    std::string python = found->substr(kName.size() + 1);
    arguments.erase(found);
    return python;
  }
  if (found + 1 == end) return fail("--python needs a value (PATH)");
  std::string python = *(found + 1);
  arguments.erase(found, found + 2);
  return python;
}

bool given(const std::vector<std::string>& arguments, const char* name) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  return std::find(arguments.begin(), end, name) != end;
}

int print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace

int gunicorn_command(std::vector<std::string> arguments) {
  if (given(arguments, "--help") || given(arguments, "-h")) return print(config::gunicorn_help());
  if (given(arguments, "--help-markdown")) return print(config::gunicorn_help_markdown());
  if (given(arguments, "--version") || given(arguments, "-v"))
    return print(fmt::format("tierce {} (settings of gunicorn {})\n", TIERCE_VERSION, config::kGunicornVersion));

  auto python = take_python(arguments);
  if (!python) return say_error(python.error().text());
  config::GunicornSource source{.arguments = std::move(arguments),
                                .directory = std::filesystem::current_path().string(),
                                .table = config::gunicorn_table()};
  auto reading = supervise::read_gunicorn(source, *python);
  if (!reading) return say_error(reading.error().text());
  if (reading->exit_code != 0) return reading->exit_code;
  const auto values = config::GunicornValues::read(reading->outcome);
  auto run = config::run_settings_of(values);
  if (!run) return say_error(run.error().text());
  const bool only_check = values.on("check_config") || values.on("print_config");
  if (only_check) {
    for (const std::string& warning : run->settings.warnings) std::fprintf(stderr, "Warning: %s\n", warning.c_str());
    for (const std::string& remark : run->remarks) std::fprintf(stderr, "Note: %s\n", remark.c_str());
    return 0;
  }
  config::RunSettings& settings = run->settings;
  settings.python = *python;
  settings.gunicorn = std::move(source);
  if (settings.daemon && !supervise::Succession::expected()) {
    const auto stdio = settings.daemon_keeps_stdio ? os::DaemonStdio::kKept : os::DaemonStdio::kToNull;
    if (auto done = os::daemonize(stdio); !done) return say_error(done.error().text());
  }
  return supervise::run_supervisor(settings, edge::run_edge);
}

}  // namespace tierce::cli

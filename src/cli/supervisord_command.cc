#include "cli/supervisord_command.h"

#include <fmt/format.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): setenv
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "base/getopt.h"
#include "cli/supervisord_files.h"
#include "config/supervisord/keys.h"
#include "config/supervisord/reader.h"
#include "os/daemon.h"
#include "os/user_identity.h"
#include "supervisord/server.h"

namespace tierce::cli {
namespace {

namespace conf = config::supervisord;

constexpr const char* kUsage =
    "usage: tierce supervisord [options]\n\n"
    "  -c, --configuration FILE   the configuration (looked for where supervisord does if not given)\n"
    "  -n, --nodaemon             stay in the foreground\n"
    "  -s, --silent               no log lines on standard output\n"
    "  -u, --user USER            run as this user\n"
    "  -m, --umask UMASK          the umask, octal\n"
    "  -d, --directory DIR        change to this folder when it becomes a daemon\n"
    "  -l, --logfile FILE         the activity log\n"
    "  -y, --logfile_maxbytes N   its size before it is rotated (KB, MB, GB)\n"
    "  -z, --logfile_backups N    rotated ones that are kept\n"
    "  -e, --loglevel LEVEL       critical, error, warn, info, debug, trace or blather\n"
    "  -j, --pidfile FILE         the file with the process number\n"
    "  -i, --identifier NAME      the name of this server\n"
    "  -q, --childlogdir DIR      where AUTO logs are put\n"
    "  -k, --nocleanup            leave AUTO logs of an earlier run alone\n"
    "  -a, --minfds N             descriptors that must be available\n"
    "      --minprocs N           processes that must be available\n"
    "  -t, --strip_ansi           remove ANSI escape sequences from logs\n"
    "      --check                read the configuration, say what is wrong with it, and end\n"
    "      --help-markdown        docs/supervisord-options.md\n"
    "  -v, --version              the version of supervisor that this is compatible with\n"
    "  -h, --help                 this text\n";

constexpr OptionRow kOptions[] = {
    {'c', "configuration", true},   {'n', "nodaemon", false},
    {'s', "silent", false},         {'u', "user", true},
    {'m', "umask", true},           {'d', "directory", true},
    {'l', "logfile", true},         {'y', "logfile_maxbytes", true},
    {'z', "logfile_backups", true}, {'e', "loglevel", true},
    {'j', "pidfile", true},         {'i', "identifier", true},
    {'q', "childlogdir", true},     {'k', "nocleanup", false},
    {'a', "minfds", true},          {'\0', "minprocs", true},
    {'t', "strip_ansi", false},     {'\0', "check", false},
    {'\0', "help-markdown", false}, {'v', "version", false},
    {'h', "help", false},           {'\0', "profile_options", true},
};

int refuse(const std::string& why) {
  std::fprintf(stderr, "Error: %s\nFor help, use tierce supervisord -h\n", why.c_str());
  return 2;
}

// What was asked for instead of a start.
bool answer_question(const GivenOptions& given) {
  for (const auto& option : given.options) {
    if (option.name == "help") return std::fputs(kUsage, stdout), true;
    if (option.name == "version") return std::puts("4.3.0"), true;
    if (option.name == "help-markdown") return std::fputs(conf::options_reference().c_str(), stdout), true;
  }
  return false;
}

Result<SupervisordStart> invocation_of(const GivenOptions& given) {
  if (!given.words.empty())
    return fail(Error(fmt::format("positional arguments are not supported: {}", given.words.front())));
  SupervisordStart invocation;
  conf::Overrides& over = invocation.overrides;
  for (const auto& [name, value] : given.options) {
    if (name == "configuration") {
      invocation.file = value;
    } else if (name == "nodaemon") {
      over.nodaemon = true;
    } else if (name == "silent") {
      over.silent = true;
    } else if (name == "nocleanup") {
      over.nocleanup = true;
    } else if (name == "strip_ansi") {
      over.strip_ansi = true;
    } else if (name == "check") {
      invocation.check = true;
    } else if (name != "profile_options") {  // Of Python's profiler.
      over.values.insert_or_assign(std::string(name), value);
    }
  }
  if (!invocation.file.empty()) return invocation;
  auto found = find_supervisord_conf();
  if (!found) return fail(std::move(found).error());
  invocation.file = std::move(*found);
  return invocation;
}

Result<void> become_user(conf::Settings& settings) {
  if (settings.user.empty()) return {};
  auto identity = os::find_identity(settings.user, "");
  if (!identity) return fail(std::move(identity).error().during("[supervisord] user"));
  if (auto done = os::become(*identity); !done) return done;
  settings.infos.push_back(fmt::format("Set uid to user {} succeeded", identity->uid));
  return {};
}

void settle(const conf::Settings& settings) {
  for (const auto& [name, value] : settings.environment) ::setenv(name.c_str(), value.c_str(), 1);
  ::umask(settings.umask);
}

// Without -n: on its own, once everything that can be wrong was found to be right.
Result<void> leave_terminal(const conf::Settings& settings) {
  if (auto done = os::daemonize(os::DaemonStdio::kToNull); !done) return done;
  if (!settings.directory.empty() && ::chdir(settings.directory.c_str()) != 0)
    return fail(errno_error("chdir " + settings.directory));
  return {};
}

}  // namespace

int supervisord_command(const std::vector<std::string>& arguments) {
  auto given = read_options(arguments, kOptions);
  if (!given) return refuse(given.error().text());
  if (answer_question(*given)) return 0;
  auto invocation = invocation_of(*given);
  if (!invocation) return refuse(invocation.error().text());
  return run_supervisord(std::move(*invocation));
}

int run_supervisord(SupervisordStart start) {
  // Read again after the working directory has changed.
  std::string& file = start.file;
  if (char* whole = file.starts_with("/proc/") ? nullptr : ::realpath(file.c_str(), nullptr); whole != nullptr) {
    file = whole;
    ::free(whole);  // NOLINT(cppcoreguidelines-no-malloc): realpath's
  }
  const auto read = [&]() -> Result<conf::Settings> {
    conf::Surroundings around = conf::surroundings();
    if (start.translate) {
      auto text = start.translate(file);
      if (!text) return fail(std::move(text).error());
      around.texts[file] = std::move(*text);
    }
    return conf::read_settings(file, start.overrides, around);
  };
  bool first = true;
  while (true) {
    auto settings = read();
    if (!settings) return refuse(settings.error().text());
    if (start.check) {
      for (const std::string& warning : settings->warnings) std::fprintf(stderr, "%s\n", warning.c_str());
      return 0;
    }
    if (first) {
      if (auto done = become_user(*settings); !done) return refuse(done.error().text());
    }
    if (!start.writes_pid_file) settings->pidfile.clear();
    settle(*settings);
    const bool daemon = !settings->nodaemon;
    const conf::Settings kept = *settings;
    supervisord::Server server(std::move(*settings), read);
    server.play_roles(start.roles);
    if (auto prepared = server.prepare(); !prepared) return refuse(prepared.error().text());
    if (first && daemon) {
      if (auto left = leave_terminal(kept); !left) return refuse(left.error().text());
    }
    first = false;
    const auto mood = server.run();
    if (!mood) return refuse(mood.error().text());
    if (*mood == supervisord::Mood::kShutdown) return server.exit_code();
  }
}

}  // namespace tierce::cli

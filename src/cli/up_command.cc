#include "cli/up_command.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "base/getopt.h"
#include "cli/supervisord_command.h"
#include "cli/supervisord_files.h"
#include "cli/uwsgi_command.h"
#include "config/chain/one_file.h"
#include "config/files_beside.h"
#include "nginx/worker_process.h"
#include "os/file_text.h"
#include "os/real_path.h"
#include "os/shared_text.h"
#include "os/user_identity.h"

namespace tierce::cli {
namespace {

constexpr const char* kUsage =
    "usage: tierce up -c FILE [options]\n"
    "       tierce up -c FILE             one file: nginx's syntax with app NAME {} and program NAME {}\n"
    "       tierce up --nginx FILE (--uwsgi FILE | --gunicorn 'ARGUMENTS')... [options]\n\n"
    "Runs the chain that a supervisord.conf describes as one tree of processes. Programs that are nginx, uwsgi or\n"
    "gunicorn become roles of this binary, under their own names; requests of the edge reach a local application\n"
    "through shared memory, whatever socket the files name. All other programs run as they are.\n\n"
    "  -c, --configuration FILE   a supervisord.conf or one file (else tierce.conf here, or where supervisord looks)\n"
    "      --nginx FILE           an edge from this nginx.conf\n"
    "      --uwsgi FILE           an application from this uwsgi.ini; may be repeated\n"
    "      --gunicorn ARGUMENTS   an application from gunicorn's command line; may be repeated\n"
    "      --no-fuse              requests go through the sockets\n"
    "  -e, --loglevel LEVEL       critical, error, warn, info, debug, trace or blather\n"
    "  -l, --logfile FILE         the activity log\n"
    "  -j, --pidfile FILE         the file with the process number\n"
    "  -d, --directory DIR        change to this folder first\n"
    "  -s, --silent               no log lines on standard output\n"
    "  -h, --help                 this text\n";

constexpr OptionRow kOptions[] = {
    {'c', "configuration", true}, {'\0', "nginx", true},    {'\0', "uwsgi", true},   {'\0', "gunicorn", true},
    {'\0', "no-fuse", false},     {'n', "nodaemon", false}, {'e', "loglevel", true}, {'l', "logfile", true},
    {'j', "pidfile", true},       {'d', "directory", true}, {'s', "silent", false},  {'h', "help", false},
};

int refuse(const std::string& why) {
  std::fprintf(stderr, "tierce up: %s\nFor help, use tierce up -h\n", why.c_str());
  return 2;
}

// What `tierce init` has written here; "" for none.
std::string find_one_file() { return ::access("tierce.conf", R_OK) == 0 ? "tierce.conf" : ""; }

// Under root the edge serves as somebody else: whose group may enter, and nobody else.
Result<void> let_edge_enter(const std::string& folder, const std::string& file) {
  if (::geteuid() != 0) return {};
  const auto users = config::chain::users_of(file);
  if (!users) return {};  // Said by who reads the file for good.
  auto owner = os::find_identity(users->supervisor, "");
  if (!owner) return fail(std::move(owner).error());
  auto edge = users->supervisor.empty() ? nginx::worker_identity(users->edge) : owner;
  if (!edge) return fail(std::move(edge).error());
  if (::chown(folder.c_str(), owner->uid, edge->gid) != 0 || ::chmod(folder.c_str(), 0710) != 0)
    return fail(errno_error("giving " + folder + " to who serves"));
  return {};
}

// For sockets that nobody else needs to know.
Result<std::string> make_run_directory(const std::string& file) {
  std::string path = "/tmp/tierce-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return fail(errno_error("making a folder for sockets in /tmp"));
  if (auto done = let_edge_enter(path, file); !done) {
    ::rmdir(path.c_str());
    return fail(std::move(done).error());
  }
  ::setenv(kRunDirectory, path.c_str(), 1);
  return path;
}

// supervisord's own expansion leaves it alone.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '%') out += '%';
    out += c;
  }
  return out;
}

std::string quoted(const std::string& word) {
  std::string out = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

// Before anything starts: what a role cannot read ends the chain much later.
Result<void> must_be_readable(std::string_view option, const std::string& file) {
  const auto text = os::read_file(file);
  if (text) return {};
  // uWSGI's FILE:SECTION.
  if (option == "uwsgi" && os::read_file(file.substr(0, file.rfind(':')))) return {};
  const std::string beside = text.error() == ENOENT ? config::what_lies_beside(file) : "";
  return fail(Error(errno_error(fmt::format("--{}: cannot read {}", option, file), text.error()).text() + beside));
}

// A chain that no file describes, as a supervisord.conf. What ends for good ends all of it, as a container wants it.
class MadeChain {
 public:
  void add(const std::string& kind, const std::string& arguments) {
    const int number = ++count_[kind];
    programs_ += fmt::format(
        "[program:{}{}]\ncommand={} {}\nessential=true\nstopsignal={}\nstopwaitsecs=30\n"
        "stdout_logfile=/dev/fd/1\nstdout_logfile_maxbytes=0\nstderr_logfile=/dev/fd/2\nstderr_logfile_maxbytes=0\n",
        kind, number > 1 ? fmt::format("-{}", number) : "", kind, escaped(arguments),
        kind == "nginx" ? "QUIT" : "TERM");
  }
  bool empty() const { return count_.empty(); }
  std::string text() const {
    return "[supervisord]\nnodaemon=true\nlogfile=/dev/null\nlogfile_maxbytes=0\n" + programs_;
  }

 private:
  std::map<std::string, int> count_;
  std::string programs_;
};

}  // namespace

int up_command(const std::vector<std::string>& arguments) {
  auto given = read_options(arguments, kOptions);
  if (!given) return refuse(given.error().text());
  SupervisordStart start;
  start.roles.links_only = false;
  start.overrides.nodaemon = true;
  MadeChain made;
  for (const auto& [name, value] : given->options) {
    if (name == "help") return std::fputs(kUsage, stdout), 0;
    if (name == "nginx" || name == "uwsgi") {
      if (auto readable = must_be_readable(name, value); !readable) return refuse(readable.error().text());
    }
    if (name == "configuration") {
      start.file = value;
    } else if (name == "no-fuse") {
      start.roles.fuses = false;
    } else if (name == "silent") {
      start.overrides.silent = true;
    } else if (name == "nginx") {
      // Without "daemon off": the file may say it, and a role stays where it is anyway.
      made.add("nginx", fmt::format("-c {}", quoted(os::real_path(value))));
    } else if (name == "uwsgi") {
      made.add("uwsgi", quoted(os::real_path(value)));
    } else if (name == "gunicorn") {
      made.add("gunicorn", value);
    } else if (name != "nodaemon") {
      start.overrides.values.insert_or_assign(std::string(name), value);
    }
  }
  if (start.file.empty() && given->words.size() == 1) {
    start.file = given->words.front();
  } else if (!given->words.empty()) {
    return refuse(fmt::format("{}: no such option", given->words.front()));
  }
  if (!start.file.empty() && !made.empty()) return refuse("-c, or --nginx, --uwsgi and --gunicorn: not both");
  os::UniqueFd text;  // Read again by a restart.
  if (!made.empty()) {
    auto shared = os::share_text(made.text());
    if (!shared) return refuse(shared.error().text());
    text = std::move(*shared);
    start.writes_pid_file = start.overrides.values.contains("pidfile");
    start.file = fmt::format("/proc/{}/fd/{}", ::getpid(), text.get());
  }
  if (start.file.empty()) start.file = find_one_file();
  if (start.file.empty()) {
    auto found = find_supervisord_conf();
    if (!found) return refuse(found.error().text());
    start.file = std::move(*found);
  }
  std::string run_directory;
  if (auto given_text = os::read_file(start.file); given_text && config::chain::is_one_file(*given_text)) {
    start.translate = config::chain::supervisor_text;
    start.writes_pid_file = start.overrides.values.contains("pidfile");
    auto folder = make_run_directory(start.file);
    if (!folder) return refuse(folder.error().text());
    run_directory = std::move(*folder);
  }
  const int status = run_supervisord(std::move(start));
  if (!run_directory.empty()) ::rmdir(run_directory.c_str());  // Applications have removed their sockets.
  return status;
}

}  // namespace tierce::cli

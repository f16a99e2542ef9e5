#include "check/collect.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <set>

#include "base/getopt.h"
#include "base/nearest_name.h"
#include "check/file_kind.h"
#include "check/gunicorn_start.h"
#include "config/chain/one_file.h"
#include "config/files_beside.h"
#include "config/nginx/lexer.h"
#include "config/supervisord/programs.h"
#include "config/uwsgi/missing_file.h"
#include "config/uwsgi/option.h"
#include "config/wire_protocol.h"
#include "os/file_text.h"
#include "supervise/gunicorn_reader.h"

namespace tierce::check {
namespace {

namespace fs = std::filesystem;
namespace nginx = config::nginx;
namespace uwsgi = config::uwsgi;
namespace supervisord = config::supervisord;
using config::chain::Program;
using config::chain::ProgramRole;
using std::string_view;

constexpr std::uintmax_t kFileBytesMax = 4u << 20;

constexpr OptionRow kNginxOptions[] = {{'c', "c", true},  {'p', "p", true},  {'g', "g", true},
                                       {'e', "e", true},  {'s', "s", true},  {'q', "q", false},
                                       {'t', "t", false}, {'T', "T", false}, {'v', "v", false}};

// Of supervisord and of `tierce up`.
constexpr OptionRow kSupervisorOptions[] = {
    {'c', "configuration", true},   {'n', "nodaemon", false},  {'s', "silent", false}, {'u', "user", true},
    {'m', "umask", true},           {'d', "directory", true},  {'l', "logfile", true}, {'y', "logfile_maxbytes", true},
    {'z', "logfile_backups", true}, {'e', "loglevel", true},   {'j', "pidfile", true}, {'i', "identifier", true},
    {'q', "childlogdir", true},     {'k', "nocleanup", false}, {'a', "minfds", true},  {'\0', "minprocs", true},
    {'t', "strip_ansi", false},     {'\0', "nginx", true},     {'\0', "uwsgi", true},  {'\0', "gunicorn", true},
    {'\0', "no-fuse", false},
};

// They read at the same time.
constexpr std::size_t kInterpretersMax = 8;

std::string text_of_file(const std::string& path) {
  auto text = os::read_file(path);
  return text ? std::move(*text) : "";
}

// For comparing: files are named from the working directory, and wholly.
std::string same_name(const std::string& path) {
  std::error_code ignored;
  return fs::absolute(path, ignored).lexically_normal().string();
}

// What has to stand around a fragment of a configuration, which is included by another file: "" for a whole one.
string_view around_fragment(const std::string& text) {
  nginx::Lexer lexer(text);
  std::size_t open = 0;
  std::uint16_t contexts = 0xffff;
  for (;;) {
    const auto statement = lexer.next();
    if (!statement || statement->end == nginx::Statement::End::kTextEnds) break;
    if (statement->end == nginx::Statement::End::kBlockEnds) {
      if (open == 0) break;
      --open;
      continue;
    }
    if (open == 0 && statement->words.front() != "include") {
      std::uint16_t allowed = 0;
      for (const auto* row : nginx::directives_named(statement->words.front())) allowed |= row->contexts;
      if ((allowed & contexts) != 0) contexts &= allowed;
    }
    if (statement->end == nginx::Statement::End::kBlockBegins) ++open;
  }
  const auto fits = [&](nginx::Context context) { return (contexts & static_cast<std::uint16_t>(context)) != 0; };
  if (fits(nginx::Context::kMain)) return "";
  if (fits(nginx::Context::kHttp)) return "events {{}} http {{ include {}; }}";
  if (fits(nginx::Context::kServer)) return "events {{}} http {{ server {{ include {}; }} }}";
  if (fits(nginx::Context::kLocation)) return "events {{}} http {{ server {{ location / {{ include {}; }} }} }}";
  return "";
}

// Of a program that a supervisor starts in another directory: relative paths are found from there.
class InDirectory final : public uwsgi::Surroundings {
 public:
  InDirectory(const uwsgi::Surroundings& real, std::string directory) : real_(real), directory_(std::move(directory)) {}

  std::vector<std::pair<std::string, std::string>> environment() const override { return real_.environment(); }
  Result<std::string> read_file(const std::string& path) const override { return real_.read_file(within(path)); }
  Kind kind_of(const std::string& path) const override { return real_.kind_of(within(path)); }
  std::vector<std::string> glob(const std::string& pattern) const override { return real_.glob(within(pattern)); }
  std::string absolute(const std::string& path) const override { return real_.absolute(within(path)); }
  std::uint64_t inode(const std::string& path) const override { return real_.inode(within(path)); }
  Machine machine() const override {
    Machine machine = real_.machine();
    machine.working_directory = directory_;
    return machine;
  }

 private:
  std::string within(const std::string& path) const {
    return path.starts_with('/') || path == "-" ? path : (fs::path(directory_) / path).string();
  }
  const uwsgi::Surroundings& real_;
  const std::string directory_;
};

class Collector {
 public:
  explicit Collector(const CollectOptions& options) : options_(options) { chain_.image = std::make_unique<Image>(); }

  Chain run(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) add_path(path);
    for (const auto& [path, kind] : files_) {
      if (kind != FileKind::kDockerfile && kind != FileKind::kSupervisor && kind != FileKind::kPython)
        chain_.image->stand_in(path);
    }
    // A Dockerfile says where the others are found, a supervisor which of them belong together.
    for (const FileKind kind : {FileKind::kDockerfile, FileKind::kSupervisor, FileKind::kOneFile, FileKind::kNginx,
                                FileKind::kUwsgi, FileKind::kGunicorn, FileKind::kPython}) {
      const auto waiting = files_;
      for (const auto& [path, of] : waiting) {
        if (of == kind && (kind != FileKind::kNginx || !is_fragment(path))) add_file(path, path, kind);
      }
    }
    // Those that no other one includes.
    const auto waiting = files_;
    for (const auto& [path, of] : waiting) {
      if (of == FileKind::kNginx) add_file(path, path, of);
    }
    while (!gunicorns_.empty()) finish_gunicorn();
    add_further_addresses();
    return std::move(chain_);
  }

 private:
  void add_path(const std::string& path) {
    std::error_code error;
    if (!fs::exists(path, error)) {
      chain_.say(Severity::kError, "file-missing", {path}, "there is no such file");
      return;
    }
    if (!fs::is_directory(path, error)) {
      const FileKind kind = kind_of_file(path, readable(path));
      if (kind == FileKind::kUnknown) {
        chain_.say(Severity::kError, "file-unknown", {path},
                   "neither a configuration of nginx, uWSGI, Gunicorn or supervisord, nor a Dockerfile");
        return;
      }
      files_.emplace_back(path, kind);
      return;
    }
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path, error)) {
      if (entry.is_regular_file(error)) names.push_back(entry.path().string());
    }
    std::sort(names.begin(), names.end());
    bool any = false;
    for (const std::string& name : names) {
      const FileKind kind = kind_of_file(name, readable(name));
      any = any || (kind != FileKind::kUnknown && kind != FileKind::kPython);
      if (kind != FileKind::kUnknown && kind != FileKind::kPython)
        files_.emplace_back(fs::path(name).lexically_normal().string(), kind);
    }
    if (!any) chain_.say(Severity::kError, "file-missing", {path}, "no configuration stands in this directory");
  }

  static bool is_fragment(const std::string& path) { return !around_fragment(readable(path)).empty(); }

  static std::string readable(const std::string& path) {
    std::error_code error;
    return fs::file_size(path, error) > kFileBytesMax ? "" : text_of_file(path);
  }

  // `path` as the programs know it, `local` where it is read.
  void add_file(const std::string& path, const std::string& local, FileKind kind) {
    if (used_.contains(same_name(local))) return;
    switch (kind) {
      case FileKind::kDockerfile:
        return add_dockerfile(local);
      case FileKind::kSupervisor:
        return add_supervisor(local);
      case FileKind::kOneFile:
        return add_one_file(inside_of(path));
      case FileKind::kNginx:
        return add_edge(path, "", fs::path(local).filename(), std::nullopt);
      case FileKind::kUwsgi:
        return add_uwsgi({"--ini", path}, {path}, fs::path(local).filename(), std::nullopt);
      case FileKind::kGunicorn:
        return add_gunicorn({"-c", inside_of(local)}, "", {local}, fs::path(local).filename(), std::nullopt);
      case FileKind::kPython:
        chain_.python_files.push_back(local);
        return;
      case FileKind::kUnknown:
        return;
    }
  }

  // --- the image ---

  void add_dockerfile(const std::string& path) {
    if (!chain_.dockerfile_path.empty()) {
      chain_.say(Severity::kNote, "dockerfile-more", {path},
                 fmt::format("not looked at: {} says already where the files are", chain_.dockerfile_path));
      return;
    }
    used_.insert(same_name(path));
    chain_.dockerfile_path = path;
    chain_.dockerfile = read_dockerfile(text_of_file(path));
    chain_.image = std::make_unique<Image>(chain_.dockerfile, path, chain_.findings);
    const Dockerfile& docker = chain_.dockerfile;
    const Place command{path, docker.command_line};
    if (docker.command_broken)
      chain_.say(Severity::kError, "dockerfile-list", command,
                 "the command is a list over several lines, which Docker refuses",
                 "write it in one line, or end each line with a backslash");
    add_command(docker.command, command);
    // Those that nothing names, too.
    for (const std::string& inside : chain_.image->copied_files()) {
      if (!may_be_configuration(inside)) continue;
      const std::string local = chain_.image->shown(inside);
      const FileKind kind = kind_of_file(local, readable(local));
      if (kind == FileKind::kUnknown || kind == FileKind::kPython || kind == FileKind::kDockerfile) continue;
      const bool known = std::any_of(files_.begin(), files_.end(),
                                     [&](const auto& file) { return same_name(file.first) == same_name(local); });
      inside_.emplace(same_name(local), inside);
      if (!known) files_.emplace_back(local, kind);
    }
  }

  // Deep below a copied directory lies much else, in which nobody wants to be told of mistakes.
  bool may_be_configuration(const std::string& inside) const {
    if (!chain_.image->is_deep(inside)) return true;
    for (const fs::path& part : fs::path(inside).parent_path()) {
      const std::string name = part;
      for (const char* usual : {"nginx", "uwsgi", "supervisor", "gunicorn", "conf.d", "sites-"}) {
        if (name.find(usual) != std::string::npos) return true;
      }
    }
    return false;
  }

  // The command that the container is.
  void add_command(const std::vector<std::string>& words, const Place& place) {
    if (words.empty()) return;
    const bool ours = words.size() > 1 && fs::path(words[0]).filename() == "tierce";
    chain_.is_up = ours && words[1] == "up";
    if (!chain_.is_up && !(ours && words[1] == "supervisord") && fs::path(words[0]).filename() != "supervisord") {
      std::string text;
      for (const std::string& word : words) text += fmt::format("'{}' ", word);
      const Program program = config::chain::read_program(text);
      return add_program(program, fs::path(program.path).filename(), place, std::nullopt);
    }
    const auto given = read_options({words.begin() + (ours ? 2 : 1), words.end()}, kSupervisorOptions);
    if (!given) return say_message(given.error().text(), "supervisord", Severity::kError, place.file, place.line);
    for (const auto& [name, value] : given->options) {
      if (name == "configuration") check_copied(value, place);
      if (name == "nginx") add_nginx({.arguments = {"-c", value}}, "nginx", place, std::nullopt);
      if (name == "uwsgi") add_uwsgi({value}, place, "uwsgi", std::nullopt);
      if (name == "gunicorn") {
        if (const auto arguments = supervisord::split_command(value))
          add_gunicorn(*arguments, "", place, "gunicorn", std::nullopt);
      }
    }
    for (const std::string& file : given->words) check_copied(file, place);
  }

  // What supervisord is to read.
  void check_copied(const std::string& file, const Place& place) {
    if (chain_.image->presence(file) == Image::Presence::kThere) return;
    std::string beside;
    for (const std::string& other : chain_.image->copied_files()) {
      const std::string local = chain_.image->shown(other);
      if (fs::path(other).parent_path() == fs::path(file).parent_path() &&
          kind_of_file(local, readable(local)) == FileKind::kSupervisor)
        beside += (beside.empty() ? "" : ", ") + other;
    }
    chain_.say(Severity::kError, "file-missing", place,
               fmt::format("supervisord cannot read {}: nothing copies it", file),
               beside.empty() ? "" : fmt::format("{} lies beside it", beside));
  }

  // --- the supervisor ---

  // The one file of `tierce up` is all of the chain.
  void add_one_file(const std::string& path) {
    used_.insert(same_name(chain_.image->shown(path)));
    const auto reading =
        nginx::read_as_far_as_possible({.path = path, .globals = "", .go_on = true}, chain_.image->for_nginx());
    const nginx::Configuration& file = reading.configuration;
    // With the edge comes what is wrong with the file as an nginx.conf.
    if (!file.has("http")) read_edge(path, "", path, std::nullopt);
    for (const Error& error : config::chain::names_given_twice(file))
      say_message(error.text(), "name-twice", Severity::kError, path);
    chain_.image->translate_for_uwsgi(path, config::chain::as_uwsgi_ini(file, std::string(kSocketFolder)));
    add_supervisor(path, config::chain::as_supervisord_conf(file, path));
  }

  // `text`: what it is as a supervisord.conf, where it is none itself.
  void add_supervisor(const std::string& path, const std::optional<std::string>& text = std::nullopt) {
    used_.insert(same_name(chain_.image->shown(path)));
    auto around = supervisord::surroundings();
    if (text) around.texts[path] = *text;
    auto file = supervisord::read_ini_file(path, around);
    if (!file) return say_message(file.error().text(), "supervisord", Severity::kError, path);
    auto made = std::make_unique<Supervisor>();
    made->path = path;
    made->one_file = text.has_value();
    made->file = std::move(*file);
    for (const auto& section : made->file.sections) used_.insert(same_name(section.place.file));
    if (supervisord::find_section(made->file, "supervisord") == nullptr) {
      // A file of conf.d, which another one includes.
      made->settings.nodaemon = true;
      supervisord::Expansions known;
      for (const auto& [name, value] : around.environment) known.texts["ENV_" + name] = value;
      known.texts["here"] = made->file.here;
      known.texts["host_node_name"] = around.host_name;
      std::vector<Error> errors;
      auto groups = supervisord::read_groups(made->file, known, made->settings.warnings, &errors);
      if (groups) made->settings.groups = std::move(*groups);
      say_supervisor_errors(errors, path);
    } else {
      std::vector<Error> errors;
      auto settings = supervisord::read_settings_as_far_as_possible(path, {}, around, errors);
      if (settings && made->one_file) settings->nodaemon = true;
      say_supervisor_errors(errors, path);
      if (!settings) return say_message(settings.error().text(), "supervisord", Severity::kError, path);
      made->settings = std::move(*settings);
    }
    for (const std::string& warning : made->settings.warnings)
      say_message(warning, "supervisord", Severity::kWarning, path);
    const Supervisor& supervisor = *chain_.supervisors.emplace_back(std::move(made));
    for (const auto& group : supervisor.settings.groups) {
      std::set<std::string> seen;
      for (const auto& process : group.processes) {
        // The first of several stands for all, but each has its own address.
        if (seen.insert(process.program).second) {
          add_process(supervisor, process);
        } else {
          further_.emplace_back(process.program, process.command);
        }
      }
    }
  }

  void say_supervisor_errors(const std::vector<Error>& errors, const std::string& path) {
    for (const Error& error : errors) {
      // Users and directories of this machine are not those of the image.
      const bool of_machine = error.text().find("does not exist") != std::string::npos ||
                              error.text().find("Invalid user name") != std::string::npos;
      say_message(error.text(), "supervisord",
                  of_machine && chain_.image->is_container() ? Severity::kNote : Severity::kError, path);
    }
  }

  void add_process(const Supervisor& supervisor, const supervisord::ProcessSettings& process) {
    const Program program = config::chain::read_program(process.command);
    StartedBy started{.process = process};
    for (const auto& section : supervisor.file.sections) {
      if (section.place.file == process.place.file && section.place.line == process.place.line)
        started.section = &section;
    }
    Place place{process.place.file, process.place.line};
    if (started.section != nullptr) {
      const auto* key = started.section->find("command");
      if (key != nullptr && key->place.line != 0) place = {key->place.file, key->place.line};
      started.made = key != nullptr && key->place.line == 0;
    }
    add_program(program, process.program, place, std::move(started));
  }

  void add_program(const Program& program, const std::string& name, const Place& place,
                   std::optional<StartedBy> started) {
    switch (program.role) {
      case ProgramRole::kOther:
        return;
      case ProgramRole::kNginx:
        return add_nginx(program, name, place, std::move(started));
      case ProgramRole::kUwsgi:
        return add_uwsgi(program.arguments, place, name, std::move(started));
      case ProgramRole::kGunicorn:
        return add_gunicorn(program.arguments, program.python, place, name, std::move(started));
    }
  }

  // numprocs: where the words of another process's command end otherwise than an address of the first, there is its
  // own.
  void add_further_addresses() {
    for (const auto& [program, command] : further_) {
      const auto app = std::find_if(chain_.apps.begin(), chain_.apps.end(),
                                    [&, name = program](const auto& each) { return each->name == name; });
      if (app == chain_.apps.end() || !(*app)->started) continue;
      const auto first = supervisord::split_command((*app)->started->process.command);
      const auto other = supervisord::split_command(command);
      if (!first || !other || first->size() != other->size()) continue;
      const std::vector<std::string> binds = (*app)->settings.binds;
      for (const std::string& bind : binds) {
        const std::string endpoint = config::split_bind(bind).endpoint;
        for (std::size_t i = 0; i < first->size(); ++i) {
          const std::string& ours = (*first)[i];
          const std::string& theirs = (*other)[i];
          if (ours == theirs || !ours.ends_with(endpoint)) continue;
          const std::size_t before = ours.size() - endpoint.size();
          if (theirs.compare(0, before, ours, 0, before) != 0) continue;
          const std::string scheme = bind.substr(0, bind.size() - endpoint.size());
          (*app)->settings.binds.push_back(scheme + theirs.substr(before));
        }
      }
    }
  }

  // --- the edge ---

  void add_nginx(const Program& program, const std::string& name, const Place& place,
                 std::optional<StartedBy> started) {
    std::string file = "/etc/nginx/nginx.conf", globals;
    const auto given = read_options(program.arguments, kNginxOptions);
    if (!given) return say_message(given.error().text(), "nginx", Severity::kError, place.file, place.line);
    std::string prefix;
    bool named = false;
    for (const auto& [option, value] : given->options) {
      if (option == "c") file = value, named = true;
      if (option == "p") prefix = value;
      if (option == "g") globals = value;
    }
    // One file is named as it was to us, from the working directory on.
    const bool of_one_file = started && started->made;
    if (!file.starts_with('/') && !prefix.empty() && !of_one_file)
      file = prefix + (prefix.ends_with('/') ? "" : "/") + file;
    if (chain_.image->presence(file) != Image::Presence::kThere) {
      // Nobody says that the package's own file is not there.
      if (named)
        chain_.say(Severity::kError, "file-missing", place, fmt::format("nginx cannot read {}: it is not there", file));
      return;
    }
    add_edge(file, globals, name, std::move(started));
    if (of_one_file && prefix.empty()) prefix = ".";  // The folder one stands in.
    if (!prefix.empty()) chain_.edges.back()->prefix = prefix + (prefix.ends_with('/') ? "" : "/");
  }

  void add_edge(const std::string& given, const std::string& globals, const std::string& name,
                std::optional<StartedBy> started) {
    chain_.edges.push_back(read_edge(given, globals, name, std::move(started)));
  }

  // Says what is wrong with it.
  std::unique_ptr<Edge> read_edge(const std::string& given, const std::string& globals, const std::string& name,
                                  std::optional<StartedBy> started) {
    const std::string path = inside_of(given);
    auto edge = std::make_unique<Edge>();
    edge->path = path;
    edge->name = name;
    edge->started = std::move(started);
    const nginx::Surroundings& around = chain_.image->for_nginx();
    const auto text = around.read(path);
    const string_view frame = text ? around_fragment(*text) : "";
    if (frame.empty()) {
      edge->reading = nginx::read_as_far_as_possible({.path = path, .globals = globals, .go_on = true}, around);
    } else {
      edge->fragment = true;
      // Beside the file, so that what it includes is found.
      const std::string frame_path = path + " (around)";
      const nginx::Surroundings framed{.read = [&](const std::string& asked) -> Result<std::string> {
                                         if (asked == frame_path) return fmt::format(fmt::runtime(frame), quoted(path));
                                         return around.read(asked);
                                       },
                                       .glob = around.glob};
      edge->reading = nginx::read_as_far_as_possible({.path = frame_path, .globals = "", .go_on = true}, framed);
    }
    std::vector<Error> errors;
    edge->made = nginx::interpret_as_far_as_possible(edge->reading, errors);
    for (const auto& file : edge->reading.configuration.files) used_.insert(same_name(chain_.image->shown(file.path)));
    for (const Error& error : errors) {
      const bool of_machine =
          error.text().find("getpwnam(") != std::string::npos || error.text().find("getgrnam(") != std::string::npos;
      if (of_machine) {
        say_unknown_user(error.text(), path);
      } else {
        say_message(error.text(), "nginx", Severity::kError, path);
      }
    }
    for (const std::string& warning : edge->made.warnings) say_message(warning, "nginx", Severity::kWarning, path);
    return edge;
  }

  static std::string quoted(const std::string& path) {
    return fmt::format("\"{}\"", fs::path(path).filename().string());
  }

  void say_unknown_user(const std::string& message, const std::string& path) {
    Finding finding = finding_of_message(message, "user-unknown", Severity::kError, path);
    const std::size_t begin = finding.text.find('"'), end = finding.text.rfind('"');
    const bool group = finding.text.starts_with("getgrnam");
    finding.text = fmt::format("user: there is no {} {}", group ? "group" : "user",
                               finding.text.substr(begin + 1, end - begin - 1));
    if (chain_.image->is_container()) {
      finding.severity = Severity::kNote;
      finding.text += " on this machine; the image may have it";
    }
    finding.place.file = chain_.image->shown(finding.place.file);
    chain_.findings.push_back(std::move(finding));
  }

  // --- the application ---

  void add_uwsgi(const std::vector<std::string>& given, const Place& place, const std::string& name,
                 std::optional<StartedBy> started) {
    std::vector<std::string> arguments = given;
    for (std::string& each : arguments) each = inside_of(each);
    std::optional<InDirectory> within;
    if (started && !started->made && !started->process.directory.empty())
      within.emplace(chain_.image->for_uwsgi(), started->process.directory);
    const uwsgi::Surroundings& around = within ? *within : chain_.image->for_uwsgi();
    auto reading = uwsgi::read_configuration(arguments, around);
    if (!reading) return say_message(reading.error().text(), "uwsgi", Severity::kError, place.file, place.line);
    auto app = std::make_unique<App>();
    app->name = name;
    app->start = place;
    app->started = std::move(started);
    std::vector<uwsgi::Finding> errors;
    uwsgi::Applied applied = uwsgi::apply_as_far_as_possible(*reading, errors);
    app->uwsgi = std::move(*reading);
    app->settings = std::move(applied.settings);
    app->file = applied.file;
    for (const auto& line : app->uwsgi.assignments) {
      if (line.source.line != 0) used_.insert(same_name(chain_.image->shown(line.source.place)));
    }
    // What nothing of the Dockerfile starts, the image that it builds upon starts: with what is missing here.
    const bool by_base = chain_.image->is_container() && !app->started;
    for (const auto& error : errors) {
      const bool given_elsewhere = by_base && error.text.starts_with("no address to serve at");
      say_uwsgi(error, given_elsewhere ? Severity::kNote : Severity::kError, "uwsgi", place);
    }
    for (const auto& finding : applied.findings) {
      // Said below, with the paths of the files at hand.
      if (finding.text.find("is used only when the application of") == std::string::npos)
        say_uwsgi(finding, Severity::kWarning, "uwsgi", place);
    }
    say_application_twice(*app);
    applied.settings.chdir = app->settings.chdir;
    if (const auto missing = uwsgi::missing_file(applied, around))
      say_uwsgi(*missing, Severity::kError, "file-missing", place);
    chain_.apps.push_back(std::move(app));
  }

  void say_application_twice(const App& app) {
    const auto* module = app.line_of("module");
    if (module == nullptr || !app.file) return;
    const Place file = chain_.place_of(app.file->source);
    const Place used = app.place_of("module", "").value_or(app.start);
    chain_.say(
        Severity::kWarning, "application-twice", file.line == 0 ? app.start : file,
        fmt::format("{} and {} ({}:{}) both name the application: {} {} is used, and {} only when that cannot be "
                    "loaded",
                    app.file->name, module->name, chain_.image->shown(used.file), used.line, module->name,
                    module->value.value_or(""), app.file->name),
        "leave one of them away");
  }

  void say_uwsgi(const uwsgi::Finding& found, Severity severity, const std::string& code, const Place& start) {
    Finding finding{.severity = severity,
                    .code = code,
                    .place = found.source.line != 0 ? Place{found.source.place, found.source.line} : start,
                    .text = found.text,
                    .suggestion = {}};
    finding.place.file = chain_.image->shown(finding.place.file);
    const Finding taken = finding_of_message("x:1: " + found.text, "", severity, "");
    finding.text = taken.text;
    finding.suggestion = taken.suggestion;
    chain_.findings.push_back(std::move(finding));
  }

  // Begins to read: interpreters take long to start, and do so beside each other.
  void add_gunicorn(const std::vector<std::string>& arguments, const std::string& python, const Place& place,
                    const std::string& name, std::optional<StartedBy> started) {
    const GunicornStart start = gunicorn_start(arguments, started ? started->process.directory : "", *chain_.image);
    used_.insert(same_name(start.configuration));
    if (!start.missing.empty())
      chain_.say(Severity::kError, "file-missing", place,
                 fmt::format("gunicorn cannot read {}: it is not there{}", start.missing,
                             config::what_lies_beside(chain_.image->shown(start.missing))));
    std::error_code ignored;
    std::string wanted = python.empty() ? options_.python : python;
    if (chain_.image->is_container() && !fs::exists(wanted, ignored)) wanted = options_.python;
    using Reader = supervise::GunicornReader;
    auto reader = Reader::begin(start.source, wanted, Reader::Purpose::kCheck);
    if (!reader) return say_message(reader.error().text(), "gunicorn", Severity::kWarning, place.file, place.line);
    auto app = std::make_unique<App>();
    app->role = ProgramRole::kGunicorn;
    app->name = name;
    app->start = place;
    app->started = std::move(started);
    if (gunicorns_.size() == kInterpretersMax) finish_gunicorn();
    gunicorns_.emplace_back(app.get(), std::move(*reader));
    chain_.apps.push_back(std::move(app));  // In its place among the others.
  }

  // The one that was begun first.
  void finish_gunicorn() {
    App& app = *gunicorns_.front().first;
    auto read = gunicorns_.front().second.end();
    gunicorns_.pop_front();
    if (read && read->exit_code == 0 && take_gunicorn(app, read->outcome)) return;
    if (!read) say_message(read.error().text(), "gunicorn", Severity::kWarning, app.start.file, app.start.line);
    if (read && read->exit_code != 0)
      chain_.say(Severity::kError, "gunicorn", app.start, "the configuration cannot be read: Python says why above");
    std::erase_if(chain_.apps, [&app](const auto& each) { return each.get() == &app; });
  }

  // false: no application comes of it.
  bool take_gunicorn(App& app, const std::string& outcome) {
    app.gunicorn = config::GunicornValues::read(outcome);
    for (const auto& wrong : app.gunicorn->wrong()) say_gunicorn(app, wrong);
    auto run = config::run_settings_of(*app.gunicorn);
    if (!run)
      return say_message(run.error().text(), "gunicorn", Severity::kError, app.start.file, app.start.line), false;
    for (const std::string& warning : run->settings.warnings)
      say_message(warning, "gunicorn", Severity::kWarning, app.start.file, app.start.line);
    app.settings = std::move(run->settings);
    return true;
  }

  void say_gunicorn(const App& app, const config::GunicornValues::Wrong& wrong) {
    const Place place = place_of_text(wrong.place).value_or(app.start);
    if (wrong.kind == "name") {
      std::vector<string_view> names;
      for (const auto& setting : config::gunicorn_settings()) names.push_back(setting.name);
      string_view near = nearest_name(wrong.text, names);
      // `preload` is preload_app rather than reload.
      for (const string_view name : names) {
        if (name.starts_with(wrong.text + "_")) near = name;
      }
      // Next to the setting itself it is a name of the user's own.
      if (!near.empty() && app.gunicorn->place(near).empty())
        chain_.say(Severity::kWarning, "gunicorn", place,
                   fmt::format("{} is no setting of Gunicorn and has no effect", wrong.text),
                   fmt::format("did you mean {}?", near));
      return;
    }
    const bool of_machine = wrong.kind == "machine";
    const char* code = !of_machine ? "gunicorn" : wrong.text.starts_with("chdir") ? "file-missing" : "user-unknown";
    chain_.say(of_machine && chain_.image->is_container() ? Severity::kNote : Severity::kError, code, place,
               wrong.text);
  }

  // --- both ---

  // A local file as the programs of the image know it.
  std::string inside_of(const std::string& local) const {
    const auto found = inside_.find(same_name(local));
    return found == inside_.end() ? local : found->second;
  }

  void say_message(const std::string& message, const std::string& code, Severity severity, const std::string& file,
                   int line = 0) {
    Finding finding = finding_of_message(message, code, severity, file);
    if (finding.place.line == 0) finding.place.line = line;
    finding.place.file = chain_.image->shown(finding.place.file);
    chain_.findings.push_back(std::move(finding));
  }

  const CollectOptions& options_;
  Chain chain_;
  std::deque<std::pair<App*, supervise::GunicornReader>> gunicorns_;  // Being read.
  std::vector<std::pair<std::string, std::string>> further_;  // Programs and commands of processes but the first.
  std::vector<std::pair<std::string, FileKind>> files_;
  std::set<std::string> used_;                 // Local paths that have been read for a role.
  std::map<std::string, std::string> inside_;  // Local path -> path in the image.
};

}  // namespace

Chain collect(const std::vector<std::string>& paths, const CollectOptions& options) {
  return Collector(options).run(paths);
}

}  // namespace tierce::check

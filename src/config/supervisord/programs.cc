#include "config/supervisord/programs.h"

#include <fmt/format.h>
#include <pwd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "config/supervisord/dependencies.h"
#include "config/supervisord/event_names.h"
#include "config/supervisord/extras.h"
#include "config/supervisord/section_view.h"

namespace tierce::config::supervisord {
namespace {

// More of one program is a typing error.
constexpr long kProcessesMax = 10000;

bool is_user(const std::string& name) {
  if (parse_integer(name)) return true;
  return ::getpwnam(name.c_str()) != nullptr;
}

Result<AutoRestart> parse_autorestart(std::string_view text) {
  if (lower(text) == "unexpected") return AutoRestart::kUnexpected;
  auto plain = parse_boolean(lower(text));
  if (plain) return *plain ? AutoRestart::kAlways : AutoRestart::kNever;
  return fail(Error(fmt::format("invalid 'autorestart' value '{}'", text)));
}

std::string suffix_of(const std::string& section) { return trimmed(section.substr(section.find(':') + 1)); }

class ProgramReader {
 public:
  ProgramReader(const IniSection& section, SectionKind kind, const std::string& group, const Expansions& known,
                std::vector<std::string>& warnings, std::vector<Error>* every)
      : section_(section),
        kind_(kind),
        known_(known),
        warnings_(warnings),
        every_(every),
        program_(suffix_of(section.name)) {
    known_.texts["program_name"] = program_;
    known_.texts["group_name"] = group;
  }

  Result<std::vector<ProcessSettings>> read() {
    if (auto name = parse_name(program_); !name) return fail(Error(section_.place.text() + ": " + name.error().text()));
    SectionView view(section_, kind_, known_, every_);
    const long count = view.integer("numprocs");
    const long first = view.integer("numprocs_start");
    if (count < 0 || count > kProcessesMax)
      view.wrong("numprocs", fmt::format("{} is outside 0..{}", count, kProcessesMax));
    if (count > 1 && view.raw("process_name").find("%(process_num)") == std::string::npos)
      view.wrong("process_name", "%(process_num) must be present within process_name when numprocs > 1");
    if (view.raw("command").empty())
      return fail(Error(
          fmt::format("{}: program section {} does not specify a command", section_.place.text(), section_.name)));
    if (view.error()) return fail(Error(*view.error()));
    std::vector<ProcessSettings> processes;
    std::set<std::string> names;
    for (long number = first; number < first + count; ++number) {
      known_.numbers["process_num"] = number;
      known_.numbers["numprocs"] = count;
      auto process = read_one(number == first);
      if (!process) return fail(std::move(process).error());
      if (!names.insert(process->name).second)
        return fail(Error(fmt::format("{}: two processes of [{}] have the name {}", section_.place.text(),
                                      section_.name, process->name)));
      processes.push_back(std::move(*process));
    }
    std::stable_sort(processes.begin(), processes.end(), [](const auto& a, const auto& b) {
      return a.priority != b.priority ? a.priority < b.priority : a.name < b.name;
    });
    return processes;
  }

 private:
  Result<ProcessSettings> read_one(bool warn) {
    SectionView view(section_, kind_, known_, every_);
    ProcessSettings process;
    process.place = section_.place;
    process.program = program_;
    process.name = view.as("process_name", &parse_name);
    process.priority = view.integer("priority");
    process.autostart = view.boolean("autostart");
    process.autorestart = view.as("autorestart", &parse_autorestart);
    process.startsecs = view.integer("startsecs");
    process.startretries = view.integer("startretries");
    process.user = trimmed(view.text("user"));
    if (!process.user.empty() && !is_user(process.user)) view.wrong("user", "Invalid user name " + process.user);
    process.stopsignal = view.as("stopsignal", &parse_signal);
    process.stopwaitsecs = view.integer("stopwaitsecs");
    process.stopasgroup = view.boolean("stopasgroup");
    process.killasgroup = view.has("killasgroup") ? view.boolean("killasgroup") : process.stopasgroup;
    if (process.stopasgroup && !process.killasgroup)
      view.wrong("killasgroup", "Cannot set stopasgroup=true and killasgroup=false");
    process.exitcodes = view.as("exitcodes", &parse_exit_codes);
    process.redirect_stderr = view.boolean("redirect_stderr");
    read_output(view, "stdout", process.out);
    read_output(view, "stderr", process.err);
    if (process.redirect_stderr) drop_stderr(process, warn);
    if (view.has("umask")) process.umask = static_cast<mode_t>(view.as("umask", &parse_octal));
    const std::string url = trimmed(view.text("serverurl"));
    if (lower(url) != "auto") process.serverurl = url;
    process.directory = view.text("directory");
    if (!process.directory.empty() && process.directory.starts_with('~'))
      process.directory = normal_path(process.directory);
    if (auto pairs = parse_pairs(view.text("environment"))) {
      process.environment = std::move(*pairs);
    } else {
      view.wrong("environment", pairs.error().text());
    }
    read_extras(view, process);
    process.command = view.text("command");
    if (warn) warn_of_shell(view, process.command);
    if (view.error()) return fail(Error(*view.error()));
    return process;
  }

  void read_output(SectionView& view, const std::string& channel, OutputSettings& output) {
    const std::string key = channel + "_logfile";
    const std::string value = trimmed(view.text(key));
    const std::string word = lower(value);
    using Kind = OutputSettings::Kind;
    if (value.empty() || word == "none" || word == "off") {
      output.kind = Kind::kNone;
    } else if (word == "auto") {
      output.kind = Kind::kAuto;
    } else if (word == "syslog") {
      output.kind = Kind::kSyslog;
    } else {
      output.kind = Kind::kFile;
      output.path = value.starts_with('~') ? normal_path(value) : value;
      std::error_code ignored;
      const auto folder = std::filesystem::path(normal_path(value)).parent_path();
      if (!std::filesystem::is_directory(folder, ignored))
        view.wrong(key, fmt::format("The directory named as part of the path {} does not exist", value));
    }
    output.syslog = view.boolean(channel + "_syslog") || output.kind == Kind::kSyslog;
    output.maxbytes = view.size(channel + "_logfile_maxbytes");
    output.backups = view.integer(channel + "_logfile_backups");
    output.daily = view.boolean(channel + "_logfile_daily");
    output.compress = view.boolean(channel + "_logfile_compress");
    output.capture_maxbytes = view.size(channel + "_capture_maxbytes");
    output.events_enabled = view.boolean(channel + "_events_enabled");
    if (output.kind == Kind::kFile && output.maxbytes != 0 && !can_rotate(output.path)) {
      // supervisord fails at the first write with "Illegal seek"; here it can only mean one thing.
      output.maxbytes = 0;
    }
  }

  static bool can_rotate(const std::string& path) {
    std::error_code ignored;
    const auto status = std::filesystem::status(path, ignored);
    return !std::filesystem::exists(status) || std::filesystem::is_regular_file(status);
  }

  void drop_stderr(ProcessSettings& process, bool warn) {
    if (process.err.kind == OutputSettings::Kind::kFile && warn) {
      warnings_.push_back(
          fmt::format("{}: For [{}], redirect_stderr=true but stderr_logfile has also been set to a filename, the "
                      "filename has been ignored",
                      section_.place.text(), section_.name));
    }
    process.err.kind = OutputSettings::Kind::kNone;
    process.err.path.clear();
  }

  void warn_of_shell(SectionView& view, const std::string& command) {
    const auto words = split_command(command);
    if (!words) return;  // The start of the program says so, as in supervisord.
    const std::string sign = shell_sign_in(*words);
    if (sign.empty()) return;
    const IniKey* key = view.section().find("command");
    warnings_.push_back(
        fmt::format("{}: [{}] command holds '{}', but no shell reads it: it is an argument of the program (sh -c '...' "
                    "starts a shell)",
                    key->place.text(), section_.name, sign));
  }

  const IniSection& section_;
  SectionKind kind_;
  Expansions known_;
  std::vector<std::string>& warnings_;
  std::vector<Error>* every_;
  std::string program_;
};

class GroupsReader {
 public:
  GroupsReader(const IniFile& file, const Expansions& known, std::vector<std::string>& warnings,
               std::vector<Error>* every)
      : file_(file), known_(known), warnings_(warnings), every_(every) {}

  Result<std::vector<GroupSettings>> read() {
    for (const IniSection& section : file_.sections) {
      if (section_kind(section.name) != SectionKind::kGroup) continue;
      if (auto done = keep(read_group(section)); !done) return fail(std::move(done).error());
    }
    for (const IniSection& section : file_.sections) {
      const auto kind = section_kind(section.name);
      if (!kind || grouped_.contains(section.name)) continue;
      auto done = Result<void>();
      if (*kind == SectionKind::kProgram) done = read_alone(section, *kind);
      if (*kind == SectionKind::kEventListener) done = read_listener(section);
      if (*kind == SectionKind::kFcgiProgram) done = read_fcgi(section);
      if (done = keep(std::move(done)); !done) return fail(std::move(done).error());
    }
    for (const GroupSettings& group : groups_) {
      if (std::count_if(groups_.begin(), groups_.end(), [&](const auto& other) { return other.name == group.name; }) >
          1)
        return fail(Error(fmt::format("{}: two groups have the name '{}'", file_.path, group.name)));
    }
    if (auto good = keep(check_dependencies(groups_)); !good) return fail(std::move(good).error());
    std::stable_sort(groups_.begin(), groups_.end(), [](const auto& a, const auto& b) {
      return a.priority != b.priority ? a.priority < b.priority : a.name < b.name;
    });
    return std::move(groups_);
  }

 private:
  // With `every` an error is kept there, and what it is about left out.
  Result<void> keep(Result<void> done) {
    if (done || every_ == nullptr) return done;
    add_once(*every_, done.error());
    return {};
  }

  Result<void> add_processes(const IniSection& section, SectionKind kind, GroupSettings& group) {
    auto processes = ProgramReader(section, kind, group.name, known_, warnings_, every_).read();
    if (!processes) return fail(std::move(processes).error());
    std::move(processes->begin(), processes->end(), std::back_inserter(group.processes));
    return {};
  }

  Result<void> read_group(const IniSection& section) {
    GroupSettings group;
    auto name = parse_name(suffix_of(section.name));
    if (!name) return fail(Error(section.place.text() + ": " + name.error().text()));
    group.name = *name;
    SectionView view(section, SectionKind::kGroup, known_, every_);
    group.priority = view.integer("priority");
    const std::string programs = view.text("programs");
    if (programs.empty()) view.wrong("programs", "the group has no programs");
    if (view.error()) return fail(Error(*view.error()));
    for (const std::string& program : parse_list(programs)) {
      const IniSection* plain = find_section(file_, "program:" + program);
      const IniSection* fcgi = find_section(file_, "fcgi-program:" + program);
      if (plain == nullptr && fcgi == nullptr)
        view.wrong("programs", fmt::format("[{}] names unknown program or fcgi-program {}", section.name, program));
      if (plain != nullptr && fcgi != nullptr)
        view.wrong("programs", fmt::format("[{}] name {} is ambiguous (exists as program and fcgi-program)",
                                           section.name, program));
      if (view.error()) return fail(Error(*view.error()));
      const IniSection& chosen = plain != nullptr ? *plain : *fcgi;
      grouped_.insert(chosen.name);
      const auto kind = plain != nullptr ? SectionKind::kProgram : SectionKind::kFcgiProgram;
      if (auto done = add_processes(chosen, kind, group); !done) return done;
    }
    std::stable_sort(group.processes.begin(), group.processes.end(), [](const auto& a, const auto& b) {
      return a.priority != b.priority ? a.priority < b.priority : a.name < b.name;
    });
    groups_.push_back(std::move(group));
    return {};
  }

  Result<void> read_alone(const IniSection& section, SectionKind kind) {
    GroupSettings group;
    group.name = suffix_of(section.name);
    SectionView view(section, kind, known_, every_);
    group.priority = view.integer("priority");
    if (view.error()) return fail(Error(*view.error()));
    if (auto done = add_processes(section, kind, group); !done) return done;
    groups_.push_back(std::move(group));
    return {};
  }

  Result<void> read_listener(const IniSection& section) {
    GroupSettings group;
    group.kind = GroupSettings::Kind::kListeners;
    group.name = suffix_of(section.name);
    SectionView view(section, SectionKind::kEventListener, known_, every_);
    group.priority = view.integer("priority");
    group.buffer_size = view.integer("buffer_size");
    if (group.buffer_size < 1)
      view.wrong("buffer_size",
                 fmt::format("[{}] section sets invalid buffer_size ({})", section.name, group.buffer_size));
    for (const std::string& name : parse_list(view.text("events"))) {
      std::string event = name;
      std::transform(event.begin(), event.end(), event.begin(),
                     [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      if (!is_event_name(event))
        view.wrong("events", fmt::format("[{}] unknown event type {} in \"events\" line", section.name, event));
      group.events.push_back(event);
    }
    if (group.events.empty())
      view.wrong("events", fmt::format("[{}] section requires an \"events\" line", section.name));
    if (view.boolean("redirect_stderr")) {
      view.wrong("redirect_stderr",
                 fmt::format("[{}] section sets redirect_stderr=true but this is not allowed because it will interfere "
                             "with the eventlistener protocol",
                             section.name));
    }
    if (view.has("result_handler") &&
        view.text("result_handler") != find_key(SectionKind::kEventListener, "result_handler")->fallback) {
      warnings_.push_back(
          fmt::format("{}: [{}] result_handler={}: handlers written in Python are not supported, the "
                      "default one is used",
                      section.find("result_handler")->place.text(), section.name, view.text("result_handler")));
    }
    if (view.error()) return fail(Error(*view.error()));
    if (auto done = add_processes(section, SectionKind::kEventListener, group); !done) return done;
    groups_.push_back(std::move(group));
    return {};
  }

  Result<void> read_fcgi(const IniSection& section) {
    GroupSettings group;
    group.kind = GroupSettings::Kind::kFcgi;
    group.name = suffix_of(section.name);
    Expansions known = known_;
    known.texts["program_name"] = group.name;
    SectionView view(section, SectionKind::kFcgiProgram, known, every_);
    group.priority = view.integer("priority");
    group.socket.url = view.text("socket");
    if (group.socket.url.empty())
      view.wrong("socket", fmt::format("[{}] section requires a \"socket\" line", section.name));
    const bool is_unix = group.socket.url.starts_with("unix://");
    if (!is_unix && !group.socket.url.starts_with("tcp://"))
      view.wrong("socket", fmt::format("Bad socket format {}", group.socket.url));
    group.socket.owner = view.text("socket_owner");
    group.socket.mode = static_cast<mode_t>(view.as("socket_mode", &parse_octal));
    if (!is_unix && (view.has("socket_owner") || view.has("socket_mode")))
      view.wrong("socket", "socket_owner and socket_mode params should only be used with a Unix domain socket");
    if (view.has("socket_backlog")) group.socket.backlog = static_cast<int>(view.integer("socket_backlog"));
    if (view.error()) return fail(Error(*view.error()));
    if (auto done = add_processes(section, SectionKind::kFcgiProgram, group); !done) return done;
    groups_.push_back(std::move(group));
    return {};
  }

  const IniFile& file_;
  const Expansions& known_;
  std::vector<std::string>& warnings_;
  std::vector<Error>* every_;
  std::vector<GroupSettings> groups_;
  std::set<std::string> grouped_;
};

}  // namespace

Result<std::vector<GroupSettings>> read_groups(const IniFile& file, const Expansions& known,
                                               std::vector<std::string>& warnings, std::vector<Error>* every) {
  return GroupsReader(file, known, warnings, every).read();
}

}  // namespace tierce::config::supervisord

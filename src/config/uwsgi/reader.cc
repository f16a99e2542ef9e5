#include "config/uwsgi/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/uwsgi/command_line.h"
#include "config/uwsgi/ini_text.h"
#include "config/uwsgi/logic.h"
#include "config/uwsgi/magic.h"
#include "config/uwsgi/option.h"
#include "config/uwsgi/placeholders.h"
#include "config/uwsgi/written_value.h"

namespace tierce::config::uwsgi {
namespace {

using Done = Result<void>;
using std::string_view;

// A file that includes itself; and, since a loop may load files too, all lines together.
constexpr int kDepthMax = 32;
constexpr std::size_t kAssignmentsMax = 100'000;

std::string environment_option(string_view variable) {
  std::string name(variable.substr(string_view("UWSGI_").size()));
  for (char& c : name) {
    if (c == '_') c = '-';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return name;
}

// Variables that uWSGI sets for itself.
bool is_internal(string_view variable) {
  constexpr std::array<string_view, 6> kInternal = {"UWSGI_ORIGINAL_PROC_NAME", "UWSGI_RELOADS",  "UWSGI_EMPEROR_FD",
                                                    "UWSGI_EMPEROR_PROXY",      "UWSGI_JAIL_PID", "UWSGI_CHEAPER_PID"};
  return std::find(kInternal.begin(), kInternal.end(), variable) != kInternal.end();
}

class Reader {
 public:
  explicit Reader(const Surroundings& surroundings) : surroundings_(surroundings) {}

  Result<Reading> read(const std::vector<std::string>& arguments) {
    if (auto done = read_all(arguments); !done) return fail(std::move(done).error());
    if (block_) {
      note(block_->opened_by.source,
           fmt::format("{}: nothing ends this block: it reaches to the end", block_->opened_by.name));
    }
    note_referred();
    if (auto done = replace_placeholders(reading_.assignments, surroundings_); !done) {
      return fail(std::move(done).error());
    }
    say();
    return std::move(reading_);
  }

 private:
  Done read_all(const std::vector<std::string>& arguments) {
    for (const auto& [variable, value] : surroundings_.environment()) {
      if (!variable.starts_with("UWSGI_") || is_internal(variable)) continue;
      auto done = add({environment_option(variable), value, {"environment " + variable}});
      if (!done) return done;
    }
    auto line = parse_command_line(arguments);
    if (!line) return fail(std::move(line).error());
    for (auto& given : line->options) {
      if (auto done = add({given.name, given.value, {"command line"}}); !done) return done;
    }
    for (const std::string& word : line->words) {
      if (auto done = add_word(word); !done) return done;
    }
    return {};
  }

  // A bare argument: a file to load. uWSGI takes FILE.ini alone; with a section behind it, it means the same.
  Done add_word(const std::string& word) {
    const IniName name = split_ini_name(word);
    if (name.file.ends_with(".ini") || (name.file.empty() && word.starts_with(':'))) {
      return load({"ini", word, {"command line"}});  // uWSGI does not list it as an option.
    }
    for (const string_view other : {".yaml", ".yml", ".json", ".js", ".xml"}) {
      if (name.file.ends_with(other)) return fail(Error(unsupported_format(word)));
    }
    if (word.ends_with(".py") || word.ends_with(".wsgi")) {
      return fail(Error(fmt::format("{} is not a configuration: --wsgi-file {} serves it", word, word)));
    }
    return fail(Error(fmt::format("unable to load configuration from {}", word)));
  }

  static std::string unsupported_format(const std::string& file) {
    return fmt::format("{}: only ini files are read, not YAML, JSON or XML", file);
  }

  static Failure<Error> refuse(const Assignment& line, std::string_view why) {
    return fail(Error(fmt::format("{}: {}: {}", line.source.text(), line.name, why)));
  }

  void note(const Source& source, std::string text) { reading_.findings.push_back({source, std::move(text)}); }

  // One line, wherever it comes from.
  Done add(Assignment line) {
    const LogicWord word = logic_word(line.name);
    if (block_) return add_inside(std::move(line), word);
    if (word != LogicWord::kIf && word != LogicWord::kFor) return take(std::move(line));
    auto block = open_block(line, reading_.assignments, surroundings_);
    if (!block) return fail(std::move(block).error());
    block_ = std::move(*block);
    line.settled = true;
    return take(std::move(line));
  }

  Done add_inside(Assignment line, LogicWord word) {
    if (word == LogicWord::kEnd) {
      block_.reset();
      return take(std::move(line));
    }
    if (word == LogicWord::kElse && block_->kind == LogicWord::kIf) {
      turn_to_else(*block_);
      return take(std::move(line));
    }
    if (block_->rounds.empty()) return {};
    if (word == LogicWord::kIf || word == LogicWord::kFor) {
      return refuse(line, fmt::format("inside {}: uWSGI's blocks do not nest", block_->opened_by.name));
    }
    const auto rounds = block_->rounds;  // A file that is loaded here may end the block.
    for (const auto& round : rounds) {
      Assignment copy = line;
      if (round && copy.value) replace_all(*copy.value, "%(_)", *round);
      if (auto done = take(std::move(copy)); !done) return done;
    }
    return {};
  }

  // Into the list, and what has to happen at once.
  Done take(Assignment line) {
    if (reading_.assignments.size() >= kAssignmentsMax) {
      return refuse(line, fmt::format("more than {} options", kAssignmentsMax));
    }
    const Immediate* immediate = immediate_named(line.name);
    if (immediate != nullptr) line.settled = true;
    reading_.assignments.push_back(line);
    if (immediate == nullptr) return {};
    return (this->*immediate->act)(line);
  }

  struct Immediate {
    string_view name;
    Done (Reader::*act)(const Assignment&);
  };

  static const Immediate* immediate_named(string_view name) {
    static constexpr std::array kImmediate = {
        Immediate{"ini", &Reader::load},
        Immediate{"include", &Reader::load},
        Immediate{"inherit", &Reader::load},
        Immediate{"config", &Reader::load},
        Immediate{"set", &Reader::set},
        Immediate{"set-placeholder", &Reader::set_placeholder},
        Immediate{"set-ph", &Reader::set_placeholder},
        Immediate{"xml", &Reader::other_format},
        Immediate{"xmlconfig", &Reader::other_format},
        Immediate{"yaml", &Reader::other_format},
        Immediate{"yml", &Reader::other_format},
        Immediate{"json", &Reader::other_format},
        Immediate{"js", &Reader::other_format},
    };
    for (const Immediate& row : kImmediate) {
      if (row.name == name) return &row;
    }
    return nullptr;
  }

  Done other_format(const Assignment& line) { return refuse(line, unsupported_format(line.value.value_or(""))); }

  Done set(const Assignment& line) { return define(line, false); }

  Done set_placeholder(const Assignment& line) {
    const std::string value = line.value.value_or("");
    if (const std::string name = value.substr(0, value.find('=')); find(name) != nullptr) {
      return refuse(line, fmt::format("{} is an option and cannot be a placeholder: use set", name));
    }
    return define(line, true);
  }

  Done define(const Assignment& line, bool placeholder) {
    const std::string value = line.value.value_or("");
    const std::size_t equals = value.find('=');
    if (equals == std::string::npos) return refuse(line, fmt::format("expects NAME=VALUE, got '{}'", value));
    Assignment made{value.substr(0, equals), value.substr(equals + 1), line.source, placeholder};
    if (placeholder) {
      reading_.set_placeholders.push_back(made.name);
      reading_.assignments.push_back(std::move(made));
      return {};
    }
    return take(std::move(made));
  }

  Done load(const Assignment& line) {
    IniName name = split_ini_name(line.value.value_or(""));
    if (name.file.find("://") != std::string::npos) {
      return refuse(line, fmt::format("{} is not supported: only files are read", *line.value));
    }
    for (const string_view other : {".yaml", ".yml", ".json", ".js", ".xml"}) {
      if (name.file.ends_with(other)) return other_format(line);
    }
    // ":section" is of the file that was loaded last.
    ConfigFile file{name.file, "", name.section};
    if (name.file.empty()) {
      if (last_shown_.empty()) return refuse(line, fmt::format("{} needs a file before it", *line.value));
      file.path = last_path_;
    } else {
      file.path = name.file == "-" ? "" : surroundings_.absolute(name.file);
      auto text = surroundings_.read_file(name.file);
      if (!text) return refuse(line, text.error().text());
      last_path_ = file.path;
      last_shown_ = name.file;
      last_text_ = std::move(*text);
    }
    if (depth_ >= kDepthMax) return refuse(line, fmt::format("{} files include each other", kDepthMax));
    if (!original_) original_ = file;
    ++depth_;
    auto done = add_lines(file);
    --depth_;
    return done;
  }

  Done add_lines(const ConfigFile& file) {
    const std::string shown = last_shown_;
    // By value: a file loaded by one of the lines takes the place of this text.
    const auto lines = read_section(last_text_, file.section.empty() ? "uwsgi" : string_view(file.section));
    for (const IniLine& line : lines) {
      const Source source{line.file.empty() ? shown : line.file, line.number};
      Assignment made{replace_magic(line.key, file, *original_, surroundings_), "", source};
      made.value = replace_magic(meant(made.name, line.value, source), file, *original_, surroundings_);
      if (auto done = add(std::move(made)); !done) return done;
    }
    return {};
  }

  // The value without a comment behind it. Commands and formats are left alone: '#' and ';' are theirs.
  string_view meant(const std::string& name, string_view value, const Source& source) {
    const Option* option = find(name);
    if (option != nullptr && option->argument == Argument::kText) return value;
    const string_view without = without_comment(value);
    if (without.size() != value.size()) {
      note(source, fmt::format("{}: '{}' is taken for a comment (uWSGI makes it part of the value)", name,
                               trimmed(value.substr(without.size()))));
    }
    if (is_quoted(without)) {
      note(source, fmt::format("{}: the quotes are part of the value {}, as in uWSGI", name, without));
    }
    return without;
  }

  void note_referred() {
    for (const Assignment& line : reading_.assignments) {
      for (std::string& name : placeholders_in(line.value.value_or(""))) reading_.referred.push_back(std::move(name));
      if (line.name != "if-opt" && line.name != "if-not-opt" && line.name != "get") continue;
      reading_.referred.push_back(line.value.value_or("").substr(0, line.value.value_or("").find('=')));
    }
  }

  void say() {
    for (const Assignment& line : reading_.assignments) {
      if (line.name == "print") reading_.printed.push_back(line.value.value_or(""));
      if (line.name != "get") continue;
      reading_.only_get = true;
      const Assignment* found = find_first(reading_.assignments, line.value.value_or(""));
      if (found != nullptr) reading_.printed.push_back(found->value.value_or("true"));
    }
  }

  const Surroundings& surroundings_;
  Reading reading_;
  std::optional<Block> block_;
  std::optional<ConfigFile> original_;
  std::string last_path_;
  std::string last_shown_;
  std::string last_text_;
  int depth_ = 0;
};

}  // namespace

Result<Reading> read_configuration(const std::vector<std::string>& arguments, const Surroundings& surroundings) {
  return Reader(surroundings).read(arguments);
}

}  // namespace tierce::config::uwsgi

#include "config/nginx/reader.h"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "config/nginx/lexer.h"
#include "config/nginx/values.h"
#include "os/file_text.h"

namespace tierce::config::nginx {
namespace {

using std::string_view;

// Deeper than anybody writes, and far from the end of the stack.
constexpr std::size_t kDepthMax = 64;

Result<std::string> read_file(const std::string& path) {
  auto text = os::read_file(path);
  if (text) return std::move(*text);
  return fail(Error(fmt::format("{}: {}", text.error(), std::strerror(text.error()))));
}

std::vector<std::string> files_like(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) paths.emplace_back(found.gl_pathv[i]);
  }
  ::globfree(&found);
  return paths;
}

bool allowed(const Directive& row, std::uint16_t context) { return (row.contexts & context) != 0; }

bool takes(const Directive& row, std::size_t words) {
  if (words > 7) return (row.counts & kMore) != 0;
  return (row.counts & (1u << words)) != 0;
}

std::uint16_t inside_of(const Directive& row, std::uint16_t context) {
  if (row.inside != 0) return row.inside;
  return static_cast<std::uint16_t>(context == static_cast<std::uint16_t>(Context::kServer) ? Context::kIfInServer
                                                                                            : Context::kIfInLocation);
}

class Reader {
 public:
  Reader(const Start& start, const Surroundings& around) : start_(start), around_(around) {
    const std::size_t slash = start.path.rfind('/');
    directory_ = slash == std::string::npos ? "" : start.path.substr(0, slash + 1);
  }

  Reading run() {
    Reading reading;
    if (auto done = read_all(); !done) reading.error = std::move(done).error();
    reading.configuration = std::move(made_);
    reading.further = std::move(further_);
    reading.hosts = std::make_shared<HostAddresses>(around_.addresses);
    return reading;
  }

 private:
  // Where a block begins and what is read into it.
  struct Level {
    std::uint16_t context;
    bool lines;  // Of a language of its own.
    std::vector<Node>& into;
    std::set<string_view> given;  // What may be given once.
  };

  Result<void> read_all() {
    constexpr auto kMain = static_cast<std::uint16_t>(Context::kMain);
    // One level for both: what -g says may not be said again.
    Level level{.context = kMain, .lines = false, .into = made_.nodes, .given = {}};
    if (!start_.globals.empty()) {
      made_.files.push_back({"", start_.globals});
      if (auto done = read_text(0, level, TextKind::kParameter); !done) return done;
    }
    auto text = around_.read(start_.path);
    if (!text) return fail(cannot_open(start_.path, text.error()));
    made_.files.push_back({start_.path, std::move(*text)});
    const auto main = static_cast<std::uint32_t>(made_.files.size() - 1);
    return read_text(main, level, TextKind::kFile);
  }

  static Error cannot_open(const std::string& path, const Error& why) {
    return Error(fmt::format("open() \"{}\" failed ({})", path, why.text()));
  }

  Failure<Error> refuse(std::uint32_t file, std::uint32_t line, string_view what) const {
    const std::string& path = made_.files[file].path;
    if (path.empty()) return fail(Error(fmt::format("{} in command line", what)));
    return fail(Error(fmt::format("{} in {}:{}", what, path, line)));
  }

  Result<void> read_text(std::uint32_t file, Level& level, TextKind kind) {
    // By value: `files` grows while this one is read.
    const std::string text = made_.files[file].text;
    Lexer lexer(text, kind);
    return read_block(file, lexer, level, kind, false);
  }

  Result<void> read_block(std::uint32_t file, Lexer& lexer, Level& level, TextKind kind, bool braces) {
    if (++depth_ > kDepthMax) return give_up(file, lexer.line(), "blocks and includes are nested too deeply");
    for (;;) {
      auto statement = lexer.next();
      if (!statement) return give_up(file, lexer.line(), statement.error().text());
      if (statement->end == Statement::End::kBlockEnds) {
        if (!braces) return give_up(file, statement->line, "unexpected \"}\"");
        break;
      }
      if (statement->end == Statement::End::kTextEnds) {
        if (braces) return give_up(file, statement->line, "unexpected end of file, expecting \"}\"");
        break;
      }
      const bool begins = statement->end == Statement::End::kBlockBegins;
      if (begins && kind == TextKind::kParameter)
        return refuse(file, statement->line, "block directives are not supported in -g option");
      auto done = level.lines ? take_line(file, std::move(*statement), level)
                              : take(file, std::move(*statement), lexer, level, kind);
      if (done) continue;
      if (!start_.go_on || given_up_) return done;
      further_.push_back(std::move(done).error());
      if (!begins) continue;
      if (auto skipped = skip_block(file, lexer); !skipped) return skipped;
    }
    --depth_;
    return {};
  }

  // The rest of a block whose beginning was refused.
  Result<void> skip_block(std::uint32_t file, Lexer& lexer) {
    for (std::size_t open = 1; open > 0;) {
      auto statement = lexer.next();
      if (!statement) return give_up(file, lexer.line(), statement.error().text());
      if (statement->end == Statement::End::kTextEnds)
        return give_up(file, statement->line, "unexpected end of file, expecting \"}\"");
      if (statement->end == Statement::End::kBlockBegins) ++open;
      if (statement->end == Statement::End::kBlockEnds) --open;
    }
    return {};
  }

  // Behind such an error nobody knows what the words belong to.
  Failure<Error> give_up(std::uint32_t file, std::uint32_t line, string_view what) {
    given_up_ = true;
    return refuse(file, line, what);
  }

  // A line of types, map, geo ...: what it means is its directive's affair.
  Result<void> take_line(std::uint32_t file, Statement statement, Level& level) {
    if (statement.end == Statement::End::kBlockBegins) return refuse(file, statement.line, "unexpected \"{\"");
    if (statement.words.front() == "include" && statement.words.size() == 2)
      return include(file, statement.line, statement.words[1], level);
    level.into.push_back({.words = std::move(statement.words), .place = {file, statement.line}});
    return {};
  }

  Result<void> take(std::uint32_t file, Statement statement, Lexer& lexer, Level& level, TextKind kind) {
    const std::uint32_t line = statement.line;
    const std::string name = statement.words.front();
    const auto rows = directives_named(name);
    if (rows.empty()) {
      const string_view near = nearest_directive(name);
      return refuse(file, line,
                    fmt::format("unknown directive \"{}\"{}", name,
                                near.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", near)));
    }
    const auto row =
        std::find_if(rows.begin(), rows.end(), [&](const Directive* each) { return allowed(*each, level.context); });
    if (row == rows.end()) return refuse(file, line, fmt::format("\"{}\" directive is not allowed here", name));
    const Directive& directive = **row;
    const bool begins = statement.end == Statement::End::kBlockBegins;
    if (directive.block == Block::kNone && begins)
      return refuse(file, line, fmt::format("directive \"{}\" is not terminated by \";\"", name));
    if (directive.block != Block::kNone && !begins)
      return refuse(file, line, fmt::format("directive \"{}\" has no opening \"{{\"", name));
    if (!takes(directive, statement.words.size() - 1))
      return refuse(file, line, fmt::format("invalid number of arguments in \"{}\" directive", name));
    if (name == "include") return include(file, line, statement.words[1], level);
    if (directive.value != Value::kAny && !level.given.insert(directive.name).second)
      return refuse(file, line, fmt::format("\"{}\" directive is duplicate", name));
    if (directive.value != Value::kAny && directive.value != Value::kOnce) {
      if (auto read = check_value(directive.value, name, statement.words[1]); !read)
        return refuse(file, line, read.error().text());
    }
    // In its place at once, so that it is there when its block cannot be read to the end.
    level.into.push_back(
        {.directive = &directive, .words = std::move(statement.words), .place = {file, line}, .whole = !begins});
    if (directive.block == Block::kForeign) return refuse(file, line, not_built_yet(name));
    if (begins) {
      Node& node = level.into.back();
      Level inner{.context = inside_of(directive, level.context),
                  .lines = directive.block == Block::kLines,
                  .into = node.block,
                  .given = {}};
      if (auto done = read_block(file, lexer, inner, kind, true); !done) return done;
      node.whole = true;
    }
    return {};
  }

  Result<void> include(std::uint32_t file, std::uint32_t line, const std::string& name, Level& level) {
    const std::string path = name.starts_with('/') ? name : directory_ + name;
    if (path.find_first_of("*?[") != std::string::npos) {
      for (const std::string& each : around_.glob(path)) {
        if (auto done = include_file(file, line, each, level); !done) return done;
      }
      return {};
    }
    return include_file(file, line, path, level);
  }

  Result<void> include_file(std::uint32_t file, std::uint32_t line, const std::string& path, Level& level) {
    if (made_.files.size() >= kFilesMax) return give_up(file, line, "too many files are included");
    auto text = around_.read(path);
    if (!text) return refuse(file, line, cannot_open(path, text.error()).text());
    made_.files.push_back({path, std::move(*text)});
    return read_text(static_cast<std::uint32_t>(made_.files.size() - 1), level, TextKind::kFile);
  }

  static constexpr std::size_t kFilesMax = 10'000;

  const Start& start_;
  const Surroundings& around_;
  std::string directory_;
  Configuration made_;
  std::size_t depth_ = 0;
  bool given_up_ = false;
  std::vector<Error> further_;
};

}  // namespace

bool Configuration::has(std::string_view name) const {
  return std::any_of(nodes.begin(), nodes.end(), [name](const Node& node) { return node.words.front() == name; });
}

std::string Configuration::where(Place place) const {
  const std::string& path = files[place.file].path;
  return path.empty() ? "the command line" : fmt::format("{}:{}", path, place.line);
}

const Surroundings& this_machine() {
  static const Surroundings machine{.read = read_file, .glob = files_like, .addresses = addresses_of_host};
  return machine;
}

std::string not_built_yet(std::string_view name) {
  return fmt::format("\"{}\" directive is one of nginx that tierce does not have yet", name);
}

Reading read_as_far_as_possible(const Start& start, const Surroundings& around) { return Reader(start, around).run(); }

Result<Configuration> read_configuration(const Start& start, const Surroundings& around) {
  Reading reading = read_as_far_as_possible(start, around);
  if (reading.error) return fail(std::move(*reading.error));
  return std::move(reading.configuration);
}

}  // namespace tierce::config::nginx

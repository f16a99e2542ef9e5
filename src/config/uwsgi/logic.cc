#include "config/uwsgi/logic.h"

#include <array>
#include <functional>

#include "config/uwsgi/written_value.h"

namespace tierce::config::uwsgi {
namespace {

using std::string_view;
using Kind = Surroundings::Kind;

// Everything a condition may look at.
struct Question {
  const std::string& value;
  const std::vector<Assignment>& so_far;
  const Surroundings& surroundings;
};

struct Outcome {
  bool holds = false;
  std::optional<std::string> text;  // %(_)
};

struct NameAndValue {
  std::string name;
  std::optional<std::string> value;
};
NameAndValue split(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return {text, std::nullopt};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

Outcome is_option(const Question& q) {
  const auto [name, value] = split(q.value);
  const Assignment* found = find_first(q.so_far, name);
  if (found == nullptr) return {};
  return {!value || found->value.value_or("") == *value, found->value};
}

Outcome is_in_environment(const Question& q) {
  const auto [name, value] = split(q.value);
  const auto found = q.surroundings.environment(name);
  return {found && (!value || *found == *value), found};
}

Outcome is_there(const Question& q) { return {q.surroundings.kind_of(q.value) != Kind::kNothing, q.value}; }
Outcome is_file(const Question& q) { return {q.surroundings.kind_of(q.value) == Kind::kFile, q.value}; }
Outcome is_directory(const Question& q) { return {q.surroundings.kind_of(q.value) == Kind::kDirectory, q.value}; }
Outcome is_hostname(const Question& q) { return {q.surroundings.machine().hostname == q.value, q.value}; }

// A reload starts nothing anew here, so this is always the first start.
Outcome is_reload(const Question&) { return {}; }

// What uWSGI would have had to load as a plugin and tierce has built in.
Outcome is_plugin(const Question& q) {
  constexpr std::array<string_view, 4> kBuiltIn = {"python", "python3", "http", "0"};
  for (const string_view name : kBuiltIn) {
    if (q.value == name) return {true, q.value};
  }
  return {false, q.value};
}

struct Condition {
  string_view name;
  Outcome (*ask)(const Question&);
  bool negated = false;
};
constexpr std::array kConditions = {
    Condition{"if-opt", is_option},
    Condition{"if-not-opt", is_option, true},
    Condition{"if-env", is_in_environment},
    Condition{"if-not-env", is_in_environment, true},
    Condition{"ifenv", is_in_environment},
    Condition{"if-reload", is_reload},
    Condition{"if-not-reload", is_reload, true},
    Condition{"if-hostname", is_hostname},
    Condition{"if-not-hostname", is_hostname, true},
    Condition{"if-exists", is_there},
    Condition{"if-not-exists", is_there, true},
    Condition{"ifexists", is_there},
    Condition{"if-plugin", is_plugin},
    Condition{"if-not-plugin", is_plugin, true},
    Condition{"ifplugin", is_plugin},
    Condition{"if-file", is_file},
    Condition{"if-not-file", is_file, true},
    Condition{"if-dir", is_directory},
    Condition{"if-not-dir", is_directory, true},
    Condition{"ifdir", is_directory},
    Condition{"if-directory", is_directory},
};

std::vector<std::string> cut(string_view text, string_view separators) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

using Items = Result<std::vector<std::string>>;

Items words(const std::string& value, const Surroundings&) { return cut(value, " "); }
Items paths(const std::string& value, const Surroundings& around) { return around.glob(value); }
Items counted(const std::string& value, const Surroundings&) {
  // More rounds than anybody writes: each adds a line for every line of the block.
  constexpr std::int64_t kRoundsMax = 10'000;
  const std::int64_t last = number_of(value).value;
  if (last > kRoundsMax) return fail(Error("more than 10000 rounds"));
  std::vector<std::string> numbers;
  for (std::int64_t i = 1; i <= last; ++i) numbers.push_back(std::to_string(i));
  return numbers;
}
Items lines(const std::string& value, const Surroundings& around) {
  auto text = around.read_file(value);
  if (!text) return fail(std::move(text).error());
  std::vector<std::string> all;
  for (string_view rest = *text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    all.emplace_back(trimmed(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return all;
}

struct Loop {
  string_view name;
  Items (*items)(const std::string& value, const Surroundings&);
};
constexpr std::array kLoops = {
    Loop{"for", words},
    Loop{"for-glob", paths},
    Loop{"for-times", counted},
    Loop{"for-readline", lines},
};

template <typename Table>
auto row_named(const Table& table, string_view name) -> decltype(&table[0]) {
  for (const auto& row : table) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace

LogicWord logic_word(string_view name) {
  if (row_named(kConditions, name) != nullptr) return LogicWord::kIf;
  if (row_named(kLoops, name) != nullptr) return LogicWord::kFor;
  if (name == "else") return LogicWord::kElse;
  if (name == "endif" || name == "end-if" || name == "endfor" || name == "end-for") return LogicWord::kEnd;
  return LogicWord::kNone;
}

Result<Block> open_block(const Assignment& line, const std::vector<Assignment>& so_far, const Surroundings& around) {
  const std::string value = line.value.value_or("");
  Block block;
  block.opened_by = line;
  if (const Loop* loop = row_named(kLoops, line.name)) {
    block.kind = LogicWord::kFor;
    auto items = loop->items(value, around);
    if (!items) return fail(std::move(items).error().during(line.source.text() + ": " + line.name));
    block.rounds.assign(items->begin(), items->end());
    return block;
  }
  const Condition* condition = row_named(kConditions, line.name);
  const Outcome outcome = condition->ask({value, so_far, around});
  // For what is not there, %(_) is the path or host name that was asked for; an absent variable has none.
  if (outcome.holds != condition->negated)
    block.rounds.emplace_back(outcome.text);
  else
    block.other_round = outcome.text;
  return block;
}

void turn_to_else(Block& block) {
  if (block.kind != LogicWord::kIf || block.in_else) return;
  block.in_else = true;
  if (block.rounds.empty()) {
    block.rounds.emplace_back(std::move(block.other_round));
  } else {
    block.rounds.clear();
  }
}

}  // namespace tierce::config::uwsgi

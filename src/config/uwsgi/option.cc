#include "config/uwsgi/option.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/nearest_name.h"

namespace tierce::config::uwsgi {
namespace {

using std::string_view;

Option listed(const Listed& list, string_view word) {
  Option row;
  row.answer = list.answer;
  row.note = list.note;
  if (const std::size_t other = word.find('>'); other != string_view::npos) {
    row.alias_of = word.substr(other + 1);
    word = word.substr(0, other);
  } else {
    switch (word.back()) {
      case '=':
        row.argument = Argument::kValue;
        break;
      case '?':
        row.argument = Argument::kOptional;
        break;
      case '~':
        row.argument = Argument::kText;
        break;
      default:
        row.argument = Argument::kFlag;
        break;
    }
    if (row.argument != Argument::kFlag) word.remove_suffix(1);
  }
  row.name = word;
  return row;
}

void add_words(std::vector<Option>& rows, const Listed& list) {
  string_view names = list.names;
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(' '), names.size());
    if (end > 0) rows.push_back(listed(list, names.substr(0, end)));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
}

// Short options, for the first name that has them in uWSGI's help.
struct Letter {
  char letter;
  string_view name;
};
constexpr std::array kLetters = {
    Letter{'s', "socket"},
    Letter{'p', "processes"},
    Letter{'t', "harakiri"},
    Letter{'x', "xmlconfig"},
    Letter{'S', "set"},
    Letter{'d', "daemonize"},
    Letter{'l', "listen"},
    Letter{'v', "max-vars"},
    Letter{'b', "buffer-size"},
    Letter{'m', "memory-report"},
    Letter{'c', "cgi-mode"},
    Letter{'a', "abstract-socket"},
    Letter{'C', "chmod-socket"},
    Letter{'T', "enable-threads"},
    Letter{'i', "single-interpreter"},
    Letter{'M', "master"},
    Letter{'h', "help"},
    Letter{'r', "reaper"},
    Letter{'R', "max-requests"},
    Letter{'z', "socket-timeout"},
    Letter{'A', "sharedarea"},
    Letter{'Q', "spooler"},
    Letter{'L', "disable-logging"},
    Letter{'y', "yaml"},
    Letter{'w', "module"},
    Letter{'J', "test"},
    Letter{'H', "home"},
    Letter{'O', "optimize"},
    Letter{'j', "json"},
};

const Option* among(const std::vector<Option>& rows, string_view name) {
  const auto at = std::lower_bound(rows.begin(), rows.end(), name,
                                   [](const Option& row, string_view wanted) { return row.name < wanted; });
  return at == rows.end() || at->name != name ? nullptr : &*at;
}

std::vector<Option> gathered() {
  std::vector<Option> rows;
  for (const Family& family : {language_options(), honoured_options(), process_options(), python_options(),
                               identity_options(), file_options(), log_options(), route_options(), around_options(),
                               no_effect_options(), not_built_yet_options(), not_supported_options()}) {
    rows.insert(rows.end(), family.rows.begin(), family.rows.end());
    for (const Listed& list : family.lists) add_words(rows, list);
  }
  std::sort(rows.begin(), rows.end(), [](const Option& a, const Option& b) { return a.name < b.name; });
  for (Option& row : rows) {
    for (const Letter& each : kLetters) {
      if (each.name == row.name) row.letter = each.letter;
    }
    if (row.alias_of.empty()) continue;
    const Option* meant = among(rows, row.alias_of);
    check(meant != nullptr && meant->alias_of.empty(), "an alias names a row that is none itself");
    row.argument = meant->argument;
    row.answer = meant->answer;
    row.note = meant->note;
  }
  return rows;
}

const std::vector<Option>& table() {
  static const std::vector<Option> rows = gathered();
  return rows;
}

}  // namespace

std::span<const Option> all_options() { return table(); }

const Option* find(string_view name) { return among(table(), name); }

const Option* find_resolved(string_view name) {
  const Option* row = find(name);
  return row == nullptr || row->alias_of.empty() ? row : find(row->alias_of);
}

const Option* find_letter(char letter) {
  for (const Option& row : table()) {
    if (row.letter == letter && letter != 0) return &row;
  }
  return nullptr;
}

string_view nearest_option(string_view name) {
  constexpr std::size_t kLongestName = 48;
  if (name.size() > kLongestName) return {};
  // A third of the name may be wrong, so a name of quite another length is not worth the comparison.
  std::vector<string_view> names;
  for (const Option& row : table()) {
    const std::size_t a = std::max(name.size(), row.name.size());
    if (a - std::min(name.size(), row.name.size()) <= name.size() / 3) names.push_back(row.name);
  }
  return nearest_name(name, names);
}

}  // namespace tierce::config::uwsgi

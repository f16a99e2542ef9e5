#include "config/uwsgi/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "config/uwsgi/option.h"

namespace tierce::config::uwsgi {
namespace {

using std::string_view;

string_view argument_text(const Option& row) {
  switch (row.argument) {
    case Argument::kFlag:
      return "";
    case Argument::kOptional:
      return " [VALUE]";
    case Argument::kValue:
    case Argument::kText:
      return " VALUE";
  }
  return "";
}

// The name with the answer first, then its other names.
std::vector<string_view> names_of(const Option& row) {
  std::vector<string_view> names = {row.name};
  for (const Option& other : all_options()) {
    if (other.alias_of == row.name) names.push_back(other.name);
  }
  return names;
}

std::vector<const Option*> rows_with(Answer answer) {
  std::vector<const Option*> rows;
  for (const Option& row : all_options()) {
    if (row.answer == answer && row.alias_of.empty()) rows.push_back(&row);
  }
  return rows;
}

std::string in_code(const Option& row) {
  std::string text;
  for (const string_view name : names_of(row)) text += fmt::format("{}`{}`", text.empty() ? "" : ", ", name);
  return text;
}

std::string each_in_a_row(Answer answer) {
  std::string text = "| option | what it does |\n| --- | --- |\n";
  for (const Option* row : rows_with(answer)) {
    const std::string letter = row->letter != 0 ? fmt::format(" (`-{}`)", row->letter) : "";
    text += fmt::format("| {}{} | {} |\n", in_code(*row), letter, row->note);
  }
  return text;
}

// Many options share one reason: it is said once, in the order of the largest group first.
std::string by_reason(Answer answer) {
  std::map<string_view, std::vector<const Option*>> groups;
  for (const Option* row : rows_with(answer)) groups[row->note].push_back(row);
  std::vector<std::pair<string_view, std::vector<const Option*>>> ordered(groups.begin(), groups.end());
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  std::string text;
  for (const auto& [reason, rows] : ordered) {
    text += fmt::format("* **{}**: ", reason);
    for (const Option* row : rows) text += fmt::format("{}{}", row == rows.front() ? "" : ", ", in_code(*row));
    text += "\n";
  }
  return text;
}

}  // namespace

std::string help() {
  std::string text =
      "usage: tierce uwsgi [OPTIONS] [FILE.ini]\n\n"
      "Serves a Python web application as uWSGI's files, options and UWSGI_* variables ask for it.\n"
      "--show-config prints the effective options; with --exit it ends then. What is taken and has no effect,\n"
      "and what is not supported, stands in docs/uwsgi-options.md and is said at the start.\n\n";
  for (const Answer answer : {Answer::kLanguage, Answer::kHonoured}) {
    for (const Option* row : rows_with(answer)) {
      std::string names = row->letter != 0 ? fmt::format("-{}, ", row->letter) : "";
      for (const string_view name : names_of(*row)) names += fmt::format("{}--{}", name == row->name ? "" : ", ", name);
      text += fmt::format("  {}{}\n        {}\n", names, argument_text(*row), row->note);
    }
  }
  return text;
}

std::string help_markdown() {
  return "# Options of uWSGI\n\nWhat `tierce uwsgi` makes of each. Made from the tables in `src/config/uwsgi/` by "
         "`tierce "
         "uwsgi --help-markdown`.\n\n## What TERM means\n\n"
         "TERM stops the server: running requests finish. So has uWSGI 2.1 it; 2.0 took TERM for a reload unless "
         "`die-on-term` was given. Where neither is said a line in the log at the start reminds of it. "
         "`hook-master-start = unix_signal:15 reap_them_all` gives the old meaning back (the reload lets running "
         "requests finish); `die-on-term = true` keeps the new one and the log quiet.\n\n"
         "## The language\n\n" +
         by_reason(Answer::kLanguage) + "\n## Honoured\n\n" + each_in_a_row(Answer::kHonoured) +
         "\n## Taken, without effect\n\n" + by_reason(Answer::kNoEffect) +
         "\n## Not supported\n\nEach is named at the start with its file and line, and is an error under "
         "`strict`.\n\n" +
         by_reason(Answer::kNotSupported);
}

}  // namespace tierce::config::uwsgi

#include "check/flask_names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "base/nearest_name.h"

namespace tierce::check {
namespace {

using std::string_view;

// What can stand behind "@app." in Flask 0.12 to 3.1.
constexpr std::array kDecorators = std::to_array<string_view>({"add_template_filter",
                                                               "add_template_global",
                                                               "add_template_test",
                                                               "after_request",
                                                               "before_first_request",
                                                               "before_request",
                                                               "context_processor",
                                                               "delete",
                                                               "endpoint",
                                                               "errorhandler",
                                                               "get",
                                                               "patch",
                                                               "post",
                                                               "put",
                                                               "route",
                                                               "shell_context_processor",
                                                               "teardown_appcontext",
                                                               "teardown_request",
                                                               "template_filter",
                                                               "template_global",
                                                               "template_test",
                                                               "url_defaults",
                                                               "url_value_preprocessor"});
// Attributes with decorators of their own: "@app.cli.command()".
constexpr std::array kOthers = std::to_array<string_view>(
    {"cli", "config", "extensions", "jinja_env", "logger", "wsgi_app", "json", "test_client", "aborter", "blueprints"});

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

string_view first_name(string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_name);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

string_view without_blanks(string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  return begin == string_view::npos ? string_view() : text.substr(begin);
}

// The lines, those within """...""" left empty.
std::vector<string_view> code_lines(string_view text) {
  std::vector<string_view> lines;
  string_view open;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool inside = !open.empty();
    for (std::size_t i = 0; i + 3 <= line.size(); ++i) {
      const string_view three = line.substr(i, 3);
      if (three != R"(""")" && three != "'''") continue;
      if (open.empty()) {
        open = three;
      } else if (open == three) {
        open = {};
      } else {
        continue;
      }
      i += 2;
    }
    lines.push_back(inside ? string_view() : line);
  }
  return lines;
}

// What a Blueprint has beside.
constexpr std::array kOfBlueprints = std::to_array<string_view>(
    {"add_app_template_filter", "add_app_template_global", "add_app_template_test", "after_app_request",
     "app_context_processor", "app_errorhandler", "app_template_filter", "app_template_global", "app_template_test",
     "app_url_defaults", "app_url_value_preprocessor", "before_app_first_request", "before_app_request", "record",
     "record_once", "teardown_app_request"});

// NAME -> "Flask" or "Blueprint" of "NAME = Flask(" and "NAME = flask.Blueprint(", at any depth.
std::map<string_view, string_view> applications(const std::vector<string_view>& lines) {
  std::map<string_view, string_view> names;
  std::set<string_view> others;  // Something else as well: nobody knows which where.
  for (const string_view whole : lines) {
    const string_view line = without_blanks(whole);
    const string_view name = first_name(line);
    string_view rest = without_blanks(line.substr(name.size()));
    if (name.empty() || !rest.starts_with('=')) continue;
    rest = without_blanks(rest.substr(1));
    if (rest.starts_with('=')) continue;
    if (rest.starts_with("flask.")) rest.remove_prefix(6);
    const string_view kind = first_name(rest);
    const bool ours = (kind == "Flask" || kind == "Blueprint") && rest.substr(kind.size()).starts_with('(');
    if (!ours || names.emplace(name, kind).first->second != kind) others.insert(name);
  }
  for (const string_view name : others) names.erase(name);
  return names;
}

bool imports_flask(const std::vector<string_view>& lines) {
  return std::any_of(lines.begin(), lines.end(), [](string_view line) {
    return line.starts_with("from flask import ") || line.starts_with("import flask");
  });
}

}  // namespace

std::vector<WrongDecorator> wrong_decorators(string_view python) {
  const auto lines = code_lines(python);
  if (!imports_flask(lines)) return {};
  const auto names = applications(lines);
  std::vector<WrongDecorator> found;
  int number = 0;
  for (const string_view whole : lines) {
    ++number;
    const string_view line = without_blanks(whole);
    if (!line.starts_with('@')) continue;
    const string_view name = first_name(line.substr(1));
    const std::size_t dot = 1 + name.size();
    const auto named = names.find(name);
    if (named == names.end() || dot >= line.size() || line[dot] != '.') continue;
    const string_view attribute = first_name(line.substr(dot + 1));
    const auto known = [&](const auto& table) {
      return std::find(table.begin(), table.end(), attribute) != table.end();
    };
    const bool blueprint = named->second == "Blueprint";
    if (known(kDecorators) || known(kOthers) || (blueprint && known(kOfBlueprints))) continue;
    string_view near = nearest_name(attribute, kDecorators);
    if (near.empty() && blueprint) near = nearest_name(attribute, kOfBlueprints);
    const std::string own = std::string(name) + "." + std::string(attribute) + " =";
    if (near.empty() || python.find(own) != string_view::npos) continue;
    found.push_back({number, std::string(named->second), std::string(attribute), std::string(near)});
  }
  return found;
}

}  // namespace tierce::check

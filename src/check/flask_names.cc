#include "check/flask_names.h"

#include <algorithm>
#include <array>
#include <cctype>
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

// "NAME = Flask(" and "NAME = flask.Flask(".
std::set<string_view> applications(const std::vector<string_view>& lines) {
  std::set<string_view> names;
  for (const string_view line : lines) {
    const string_view name = first_name(line);
    string_view rest = without_blanks(line.substr(name.size()));
    if (name.empty() || !rest.starts_with('=')) continue;
    rest = without_blanks(rest.substr(1));
    if (rest.starts_with("Flask(") || rest.starts_with("flask.Flask(")) names.insert(name);
  }
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
  for (const string_view line : lines) {
    ++number;
    if (!line.starts_with('@')) continue;
    const string_view name = first_name(line.substr(1));
    const std::size_t dot = 1 + name.size();
    if (!names.contains(name) || dot >= line.size() || line[dot] != '.') continue;
    const string_view attribute = first_name(line.substr(dot + 1));
    const auto known = [&](const auto& table) {
      return std::find(table.begin(), table.end(), attribute) != table.end();
    };
    if (known(kDecorators) || known(kOthers)) continue;
    const string_view near = nearest_name(attribute, kDecorators);
    const std::string own = std::string(name) + "." + std::string(attribute) + " =";
    if (near.empty() || python.find(own) != string_view::npos) continue;
    found.push_back({number, std::string(attribute), std::string(near)});
  }
  return found;
}

}  // namespace tierce::check

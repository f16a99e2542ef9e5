// One option as it was written, and where: what every error and warning about it can name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tierce::config::uwsgi {

struct Source {
  std::string place;  // "shop.ini", "command line" or "environment UWSGI_X".
  int line = 0;       // 0: not a file.
  std::string text() const { return line == 0 ? place : place + ":" + std::to_string(line); }
};

struct Assignment {
  std::string name;
  std::optional<std::string> value;  // None: a switch of the command line. "" when a file gives none.
  Source source;
  // uWSGI acts on some options the moment it reads them (include, set, if-env ...): placeholders
  // in their values are not replaced.
  bool settled = false;
};

// Something the user should know about one assignment.
struct Finding {
  Source source;
  std::string text;
  std::string line() const { return source.text() + ": " + text; }
};

// The first with this name: the one that %(name) means.
inline const Assignment* find_first(const std::vector<Assignment>& all, std::string_view name) {
  for (const Assignment& each : all) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

}  // namespace tierce::config::uwsgi

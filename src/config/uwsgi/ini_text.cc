#include "config/uwsgi/ini_text.h"

#include "config/line_mark.h"
#include "config/uwsgi/written_value.h"

namespace tierce::config::uwsgi {
namespace {

using std::string_view;

// uWSGI takes all between the first and the last character of the line; a comment behind the header makes
// it another section there, which nobody can have meant.
string_view header_name(string_view line) {
  const std::size_t end = line.find(']');
  if (end != string_view::npos) {
    const string_view rest = trimmed(line.substr(end + 1));
    if (rest.starts_with('#') || rest.starts_with(';')) return line.substr(1, end - 1);
  }
  return line.size() < 2 ? string_view() : line.substr(1, line.size() - 2);
}

}  // namespace

std::vector<IniLine> read_section(string_view text, string_view section) {
  constexpr string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<IniLine> lines;
  bool inside = false;
  std::string file;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const string_view whole = text.substr(0, end);
    const string_view line = trimmed(whole);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (const auto marked = marked_place(whole)) {
      file = marked->file;
      number = marked->line - 1;
      continue;
    }
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      inside = header_name(line) == section;
      continue;
    }
    if (!inside) continue;
    const std::size_t equals = line.find('=');
    if (equals == string_view::npos) {
      lines.push_back({file, number, std::string(line), ""});
    } else {
      lines.push_back(
          {file, number, std::string(trimmed(line.substr(0, equals))), std::string(trimmed(line.substr(equals + 1)))});
    }
  }
  return lines;
}

IniName split_ini_name(string_view name) {
  const std::size_t colon = name.rfind(':');
  if (colon == string_view::npos) return {std::string(name), ""};
  return {std::string(name.substr(0, colon)), std::string(name.substr(colon + 1))};
}

}  // namespace tierce::config::uwsgi

#include "config/supervisord/env_file.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "config/supervisord/values.h"

namespace tierce::config::supervisord {

Result<Pairs> parse_env_file(std::string_view text, const std::string& file) {
  Pairs pairs;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    if (line.starts_with("export ")) line = trimmed(std::string_view(line).substr(7));
    const std::size_t sign = line.find('=');
    const std::string name = trimmed(line.substr(0, sign));
    if (sign == std::string::npos || name.empty() || name.find_first_of(" \t\"'") != std::string::npos)
      return fail(Error(fmt::format("{}:{}: NAME=value is expected", file, number)));
    std::string value = trimmed(line.substr(sign + 1));
    const char quote = value.size() > 1 ? value.front() : '\0';
    if ((quote == '"' || quote == '\'') && value.back() == quote) value = value.substr(1, value.size() - 2);
    pairs.emplace_back(name, value);
  }
  return pairs;
}

Result<Pairs> read_env_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return fail(errno_error("env_file " + path));
  std::ostringstream text;
  text << stream.rdbuf();
  return parse_env_file(text.str(), path);
}

}  // namespace tierce::config::supervisord

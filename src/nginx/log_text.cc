#include "nginx/log_text.h"

#include "base/log_escape.h"
#include "nginx/escape.h"

namespace tierce::nginx {

void append_log_value(std::optional<std::string_view> value, LogEscape escape, std::string& line) {
  switch (escape) {
    case LogEscape::kDefault:
      if (value) {
        const std::size_t at = line.size();
        line += *value;
        escape_for_log(line, at);
      } else {
        line += '-';
      }
      break;
    case LogEscape::kJson:
      append_json(value.value_or(""), line);
      break;
    case LogEscape::kNone:
      line += value.value_or("");
      break;
  }
}

void escape_log_value(bool found, std::size_t at, LogEscape escape, std::string& line) {
  if (escape == LogEscape::kDefault && found) return escape_for_log(line, at);
  if (escape == LogEscape::kNone && found) return;
  const std::string value = line.substr(at);
  line.resize(at);
  append_log_value(found ? std::optional<std::string_view>(value) : std::nullopt, escape, line);
}

}  // namespace tierce::nginx

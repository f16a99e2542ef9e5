#include "nginx/log_text.h"

#include "nginx/escape.h"

namespace tierce::nginx {
namespace {

void append_hexed(std::string_view value, std::string& line) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::size_t plain_from = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto byte = static_cast<unsigned char>(value[i]);
    if (byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\') continue;
    line.append(value, plain_from, i - plain_from);
    plain_from = i + 1;
    line += "\\x";
    line += kHex[byte >> 4];
    line += kHex[byte & 15];
  }
  line.append(value, plain_from);
}

}  // namespace

void append_log_value(std::optional<std::string_view> value, LogEscape escape, std::string& line) {
  switch (escape) {
    case LogEscape::kDefault:
      if (value) {
        append_hexed(*value, line);
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

}  // namespace tierce::nginx

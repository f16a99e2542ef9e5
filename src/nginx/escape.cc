#include "nginx/escape.h"

namespace tierce::nginx {
namespace {

constexpr char kHex[] = "0123456789ABCDEF";

void append_hex(char c, std::string& out) {
  const auto byte = static_cast<unsigned char>(c);
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

bool is_plain_in_uri(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

// The letter behind the backslash; 0: there is none.
char json_letter(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    default:
      return 0;
  }
}

}  // namespace

void append_uri_component(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (is_plain_in_uri(c)) {
      out += c;
    } else {
      out += '%';
      append_hex(c, out);
    }
  }
}

void append_html(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
}

void append_json(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (const char letter = json_letter(c); letter != 0) {
      out += '\\';
      out += letter;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      append_hex(c, out);
    } else {
      out += c;
    }
  }
}

}  // namespace tierce::nginx

#include "http/field_rules.h"

#include "http/byte_scan.h"

namespace tierce::http {
namespace {

constexpr std::array<bool, 256> token_bytes() {
  std::array<bool, 256> table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

constexpr std::string_view kHopByHop[] = {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization",
                                          "te",         "trailer",    "transfer-encoding",  "upgrade"};

}  // namespace

constexpr std::array<bool, 256> kTokenBytes = token_bytes();

bool is_token(std::string_view text) {
  for (const char c : text) {
    if (!is_token_byte(c)) return false;
  }
  return !text.empty();
}

bool is_field_value(std::string_view text) {
  const char* end = text.data() + text.size();
  return byte_scan.value_stop(text.data(), end) == end;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (to_lower(text[i]) != lower[i]) return false;
  }
  return true;
}

bool is_hop_by_hop(std::string_view name) {
  for (const std::string_view known : kHopByHop) {
    if (equals_ignoring_case(name, known)) return true;
  }
  return false;
}

std::string_view trim_blanks(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view take_list_item(std::string_view& list) {
  const std::size_t comma = list.find(',');
  const std::string_view item = list.substr(0, comma);
  list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  return trim_blanks(item);
}

}  // namespace tierce::http

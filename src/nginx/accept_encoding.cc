#include "nginx/accept_encoding.h"

#include "nginx/letter_case.h"

namespace tierce::nginx {
namespace {

using std::string_view;

void skip_blanks(string_view& text) { text.remove_prefix(std::min(text.find_first_not_of(' '), text.size())); }

// Whether the weight in front of the next comma or blank is one, and not 0: "0.5", "1", "1.000".
bool weighs_something(string_view text) {
  const string_view weight = text.substr(0, text.find_first_of(", "));
  if (weight.empty() || (weight[0] != '0' && weight[0] != '1')) return false;
  if (weight.size() == 1) return weight[0] == '1';
  if (weight[1] != '.' || weight.size() > 5) return false;
  int digits = 0;  // nginx adds them up; all that matters is whether there is one that is not 0.
  for (const char c : weight.substr(2)) {
    if (c < '0' || c > '9') return false;
    digits += c - '0';
  }
  return weight[0] == '1' ? digits == 0 : digits != 0;
}

// What follows the word "gzip": nothing, a comma, or a weight.
bool goes_on_well(string_view text) {
  skip_blanks(text);
  if (text.empty() || text[0] == ',') return true;
  if (text[0] != ';') return false;
  text.remove_prefix(1);
  skip_blanks(text);
  if (text.empty()) return true;
  if (small_letter(text[0]) != 'q') return false;
  text.remove_prefix(1);
  return text.starts_with('=') && weighs_something(text.substr(1));
}

bool is_zero(string_view weight) {
  skip_blanks(weight);
  return weight.starts_with('0') && weight.find_first_of("123456789") == string_view::npos;
}

// ";q=0" in any of its forms.
bool refuses(string_view parameters) {
  for (std::size_t at = parameters.find(';'); at != string_view::npos; at = parameters.find(';', at + 1)) {
    string_view parameter = parameters.substr(at + 1);
    skip_blanks(parameter);
    if (parameter.empty() || small_letter(parameter[0]) != 'q') continue;
    parameter.remove_prefix(1);
    skip_blanks(parameter);
    if (parameter.starts_with('=')) return is_zero(parameter.substr(1, parameter.find(';', 1) - 1));
  }
  return false;
}

}  // namespace

bool accepts_gzip(string_view accept_encoding) {
  constexpr string_view kWord = "gzip";
  std::size_t from = 0;  // Also where a word may begin: nginx takes "xgzipgzip" for one.
  for (;;) {
    const std::size_t at = find_word(accept_encoding, kWord, from);
    if (at == string_view::npos) return false;
    if (at == from || accept_encoding[at - 1] == ',' || accept_encoding[at - 1] == ' ')
      return goes_on_well(accept_encoding.substr(at + kWord.size()));
    from = at + kWord.size();
  }
}

bool accepts_coding(string_view accept_encoding, string_view coding) {
  while (!accept_encoding.empty()) {
    const std::size_t comma = std::min(accept_encoding.find(','), accept_encoding.size());
    string_view element = accept_encoding.substr(0, comma);
    accept_encoding.remove_prefix(std::min(comma + 1, accept_encoding.size()));
    skip_blanks(element);
    const std::size_t end = std::min(element.find_first_of(" ;\t"), element.size());
    if (same_word(element.substr(0, end), coding)) return !refuses(element.substr(end));
  }
  return false;
}

}  // namespace tierce::nginx

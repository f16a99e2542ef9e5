#include "config/supervisord/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace tierce::config::supervisord {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_quote(char c) { return c == '"' || c == '\''; }

bool is_pair_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || byte >= 0x80 || std::string_view("_/.+-():").find(c) != std::string_view::npos;
}

std::string strip_quotes(std::string_view text) {
  while (!text.empty() && is_quote(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_quote(text.back())) text.remove_suffix(1);
  return std::string(text);
}

// shlex without posix: quotes stay at the token, '#' begins a comment, any other character is a token.
Result<std::vector<std::string>> pair_tokens(std::string_view text) {
  std::vector<std::string> tokens;
  std::size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (is_blank(c)) {
      ++i;
    } else if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
    } else if (is_quote(c)) {
      const std::size_t end = text.find(c, i + 1);
      if (end == std::string_view::npos) return fail("No closing quotation");
      tokens.emplace_back(text.substr(i, end + 1 - i));
      i = end + 1;
    } else if (is_pair_word(c)) {
      const std::size_t begin = i;
      while (i < text.size() && (is_pair_word(text[i]) || is_quote(text[i]))) ++i;
      tokens.emplace_back(text.substr(begin, i - begin));
    } else {
      tokens.emplace_back(1, c);
      ++i;
    }
  }
  return tokens;
}

}  // namespace

Result<std::vector<std::string>> split_command(std::string_view command) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else if (c == '\\' && quote == '"') {
        if (++i == command.size()) return fail("No escaped character");
        // In double quotes a backslash stays, but before what it can protect.
        if (command[i] != '"' && command[i] != '\\') word.push_back('\\');
        word.push_back(command[i]);
      } else {
        word.push_back(c);
      }
    } else if (is_blank(c)) {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      in_word = true;
      if (is_quote(c)) {
        quote = c;
      } else if (c == '\\') {
        if (++i == command.size()) return fail("No escaped character");
        word.push_back(command[i]);
      } else {
        word.push_back(c);
      }
    }
  }
  if (quote != 0) return fail("No closing quotation");
  if (in_word) words.push_back(std::move(word));
  return words;
}

namespace {

// sh -c, bash -lc, su USER -c, python3 -c: the argument is a text in a language.
bool takes_code(const std::vector<std::string>& words) {
  bool reads_code = false;
  for (const std::string& word : words) {
    const std::string name = word.substr(word.rfind('/') + 1);
    for (const std::string_view each : {"sh", "bash", "dash", "ash", "zsh", "ksh", "su", "runuser"})
      reads_code = reads_code || name == each;
    reads_code = reads_code || name.starts_with("python");
    if (reads_code && word.size() > 1 && word[0] == '-' && word[1] != '-' && word.back() == 'c') return true;
  }
  return false;
}

bool has_shell_variable(const std::string& word) {
  for (std::size_t at = word.find('$'); at != std::string::npos; at = word.find('$', at + 1)) {
    if (at + 1 < word.size() && (std::isalpha(static_cast<unsigned char>(word[at + 1])) != 0 || word[at + 1] == '{'))
      return true;
  }
  return false;
}

}  // namespace

std::string shell_sign_in(const std::vector<std::string>& words) {
  if (takes_code(words)) return {};
  for (const std::string& word : words) {
    for (const std::string_view sign : {"&&", "||", "|", ">", ">>", "<", "2>&1", "&", "$"}) {
      if (word == sign) return word;
    }
    if (has_shell_variable(word)) return word;
    if (word.find("*.") != std::string::npos || word.starts_with("~/")) return word;
  }
  return {};
}

Result<Pairs> parse_pairs(std::string_view text) {
  auto tokens = pair_tokens(text);
  if (!tokens) return fail(std::move(tokens).error());
  Pairs pairs;
  for (std::size_t i = 0; i < tokens->size(); i += 4) {
    if (i + 2 >= tokens->size() || (*tokens)[i + 1] != "=")
      return fail(Error(fmt::format("Unexpected end of key/value pairs in value '{}'", text)));
    const std::string& name = (*tokens)[i];
    std::string value = strip_quotes((*tokens)[i + 2]);
    const auto there = std::find_if(pairs.begin(), pairs.end(), [&](const auto& pair) { return pair.first == name; });
    if (there == pairs.end()) {
      pairs.emplace_back(name, std::move(value));
    } else {
      there->second = std::move(value);
    }
  }
  return pairs;
}

}  // namespace tierce::config::supervisord

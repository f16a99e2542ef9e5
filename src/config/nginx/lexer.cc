#include "config/nginx/lexer.h"

#include <fmt/format.h>

namespace tierce::config::nginx {
namespace {

// nginx's buffer: a word fills at most all of it but one byte.
constexpr std::size_t kWordMax = 4096;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// A backslash hides a quote or another backslash, writes t, r and n, and stands for itself before everything else.
std::string without_escapes(std::string_view raw) {
  std::string word;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char next = raw[i] == '\\' && i + 1 < raw.size() ? raw[i + 1] : '\0';
    switch (next) {
      case '"':
      case '\'':
      case '\\':
        word += next;
        break;
      case 't':
        word += '\t';
        break;
      case 'r':
        word += '\r';
        break;
      case 'n':
        word += '\n';
        break;
      default:
        word += raw[i];
        continue;
    }
    ++i;
  }
  return word;
}

Error unexpected(char c) { return Error(fmt::format("unexpected \"{}\"", c)); }

}  // namespace

Result<Statement> Lexer::at_end(const Statement& so_far, bool in_word) const {
  if (so_far.words.empty() && !in_word) return Statement{.end = Statement::End::kTextEnds, .line = line_};
  return fail(kind_ == TextKind::kParameter ? "unexpected end of parameter, expecting \";\""
                                            : "unexpected end of file, expecting \";\" or \"}\"");
}

// One pass over the bytes, as nginx's: `quoted` is a backslash before this byte, `variable` a dollar sign.
Result<Statement> Lexer::next() {
  Statement statement;
  const auto ended = [&](Statement::End end) {
    statement.end = end;
    statement.line = line_;
    return Result<Statement>(std::move(statement));
  };
  bool between = true, comment = false, quoted = false, variable = false, closed = false;
  char quote = '\0';
  std::size_t begin = 0;
  for (;;) {
    if (at_ >= text_.size()) return at_end(statement, !between);
    if (!between && at_ - begin >= kWordMax) {
      if (quote != '\0')
        return fail(Error(fmt::format("too long parameter, probably missing terminating \"{}\" character", quote)));
      return fail(Error(fmt::format("too long parameter \"{}...\" started", text_.substr(begin, 10))));
    }
    const char c = text_[at_++];
    if (c == '\n') {
      ++line_;
      comment = false;
    }
    if (comment) continue;
    if (quoted) {
      quoted = false;
      continue;
    }
    if (closed) {  // What may stand behind a closing quote.
      closed = false;
      if (is_blank(c)) {
        between = true;
        continue;
      }
      if (c == ';') return ended(Statement::End::kSemicolon);
      if (c == '{') return ended(Statement::End::kBlockBegins);
      if (c != ')') return fail(unexpected(c));
      between = true;  // Of an if: a word of its own.
    }
    if (between) {
      begin = at_ - 1;
      if (is_blank(c)) continue;
      switch (c) {
        case ';':
        case '{':
          if (statement.words.empty()) return fail(unexpected(c));
          return ended(c == '{' ? Statement::End::kBlockBegins : Statement::End::kSemicolon);
        case '}':
          if (!statement.words.empty()) return fail(unexpected(c));
          return ended(Statement::End::kBlockEnds);
        case '#':
          comment = true;
          continue;
        case '\\':
          quoted = true;
          break;
        case '"':
        case '\'':
          quote = c;
          ++begin;
          break;
        case '$':
          variable = true;
          break;
        default:
          break;
      }
      between = false;
      continue;
    }
    if (c == '{' && variable) continue;
    variable = false;
    if (c == '\\') {
      quoted = true;
      continue;
    }
    if (c == '$') {
      variable = true;
      continue;
    }
    if (quote != '\0') {
      if (c != quote) continue;
      quote = '\0';
      closed = true;
    } else if (is_blank(c) || c == ';' || c == '{') {
      between = true;
    } else {
      continue;
    }
    statement.words.push_back(without_escapes(text_.substr(begin, at_ - 1 - begin)));
    if (closed) continue;
    if (c == ';') return ended(Statement::End::kSemicolon);
    if (c == '{') return ended(Statement::End::kBlockBegins);
  }
}

}  // namespace tierce::config::nginx

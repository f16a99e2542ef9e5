// The words of an nginx.conf, statement by statement: nginx's own reading of quotes, backslashes, ${...} and
// comments, and its words for what cannot be read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tierce::config::nginx {

struct Statement {
  enum class End : std::uint8_t { kSemicolon, kBlockBegins, kBlockEnds, kTextEnds };
  End end = End::kTextEnds;
  std::vector<std::string> words;  // Empty for kBlockEnds and kTextEnds.
  std::uint32_t line = 0;          // Where it ended: the line that nginx names.
};

// Where the text came from: what may end it is said differently.
enum class TextKind : std::uint8_t { kFile, kParameter };  // kParameter: of -g.

class Lexer {
 public:
  // The text must stay where it is.
  explicit Lexer(std::string_view text, TextKind kind = TextKind::kFile) : text_(text), kind_(kind) {}
  // Fails with nginx's message; line() is where.
  Result<Statement> next();
  std::uint32_t line() const { return line_; }

 private:
  struct Word;
  Result<Statement> at_end(const Statement& so_far, bool in_word) const;

  std::string_view text_;
  TextKind kind_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
};

}  // namespace tierce::config::nginx

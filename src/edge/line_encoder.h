// What uWSGI's log-encoder makes of a line on its way into the log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tierce::edge {

class LineEncoder {
 public:
  // "prefix TEXT", "suffix TEXT", "nl", "format TEXT with ${msg}", "json TEXT with ${msg}".
  static Result<LineEncoder> parse(std::string_view text);

  // Replaces what stands in `lines` from `begin` on: one line, with its end.
  void apply(std::string& lines, std::size_t begin, std::uint64_t now_us);

 private:
  enum class Kind : std::uint8_t { kPrefix, kSuffix, kLineEnd, kFormat, kJson };
  struct Part {
    bool variable = false;
    std::string text;
  };
  void add_variable(const std::string& name, std::string_view line, std::uint64_t now_us);
  void add_text(std::string_view text);

  Kind kind_ = Kind::kLineEnd;
  std::string text_;
  std::vector<Part> parts_;
  std::string made_;
};

}  // namespace tierce::edge

// A word with variables in it, "https://$host$request_uri", taken apart once: nginx's complex value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tierce::config::nginx {

struct TextPart {
  enum class Kind : std::uint8_t { kLiteral, kVariable, kCapture };
  Kind kind = Kind::kLiteral;
  std::string text;  // The literal, or the variable's name in small letters, as nginx compares them.
  int capture = 0;   // 1..9: of the last regular expression that matched.
  // Where the one who serves keeps the variable, once it was looked up; 0: not yet. Of one thread, as the model is.
  mutable std::uint32_t slot = 0;
};

struct TextValue {
  std::string written;  // As it stood in the file.
  std::vector<TextPart> parts;
  // No variable and no capture: what it is worth is what was written.
  bool constant() const;
};

// $name, ${name} and $1 to $9. Fails with nginx's words.
Result<TextValue> parse_text_value(std::string_view text);

}  // namespace tierce::config::nginx

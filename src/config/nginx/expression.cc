#include "config/nginx/expression.h"

#include <fmt/format.h>

namespace tierce::config::nginx {

Result<Expression> compile_expression(std::string_view text, Regex::Case letters) {
  auto regex = Regex::compile(text, letters);
  if (!regex) {
    const auto& [reason, at] = regex.error();
    std::string message = fmt::format("pcre2_compile() failed: {} in \"{}\"", reason, text);
    if (at < text.size()) message += fmt::format(" at \"{}\"", text.substr(at));
    return fail(Error(std::move(message)));
  }
  return Expression{
      .text = std::string(text), .letters = letters, .regex = std::make_shared<const Regex>(std::move(*regex))};
}

}  // namespace tierce::config::nginx

// A regular expression of an nginx.conf, with nginx's words for one that cannot be compiled.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/regex.h"
#include "base/result.h"

namespace tierce::config::nginx {

struct Expression {
  std::string text;
  Regex::Case letters = Regex::Case::kMatters;
  std::shared_ptr<const Regex> regex;
};

Result<Expression> compile_expression(std::string_view text, Regex::Case letters);

}  // namespace tierce::config::nginx

// What stands behind `location`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/nginx/expression.h"

namespace tierce::config::nginx {

struct LocationPattern {
  enum class Kind : std::uint8_t {
    kPrefix,
    kPrefixNoRegex,  // ^~
    kExact,          // =
    kRegex,          // ~ and ~*
    kNamed,          // @name
  };
  Kind kind = Kind::kPrefix;
  std::string text;  // Of kNamed with its '@'.
  Expression expression;
};

// `words` without "location": one or two. Fails with nginx's words.
Result<LocationPattern> parse_location(const std::vector<std::string>& words);

// Whether a location may stand in another; fails with nginx's words.
Result<void> may_stand_in(const LocationPattern& outer, const LocationPattern& inner);

}  // namespace tierce::config::nginx

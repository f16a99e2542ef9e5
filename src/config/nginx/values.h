// Sizes, times and switches as nginx reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "config/nginx/directive.h"

namespace tierce::config::nginx {

// "8k", "1m"; `giga`: "1g" too.
std::optional<std::int64_t> parse_size(std::string_view text, bool giga);
// "1d12h", "30s", "500ms": weeks, days, hours, minutes, seconds, milliseconds, each once and in that order; years and
// months too. A number alone is seconds. In milliseconds; without `milliseconds` only whole seconds.
std::optional<std::int64_t> parse_time(std::string_view text, bool milliseconds);
// Digits.
std::optional<std::int64_t> parse_number(std::string_view text);

// Whether `text` is of that kind; fails with nginx's words about the directive `name`.
Result<void> check_value(Value kind, std::string_view name, std::string_view text);

}  // namespace tierce::config::nginx

// Base64 as nginx reads it: up to the first '=', which need not be there.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tierce::nginx {

// nullopt: a character of another alphabet in front of the '=', or a single one at the end.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace tierce::nginx

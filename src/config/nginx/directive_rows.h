// The rows of directive.h, a file for each part of nginx.
#pragma once

#include "config/nginx/directive.h"

namespace tierce::config::nginx {

constexpr std::uint16_t only(Context context) { return static_cast<std::uint16_t>(context); }

std::span<const Directive> core_directives();
std::span<const Directive> http_directives();
std::span<const Directive> upstream_directives();

}  // namespace tierce::config::nginx

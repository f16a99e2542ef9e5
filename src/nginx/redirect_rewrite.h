// proxy_redirect, proxy_cookie_domain, proxy_cookie_path, proxy_cookie_flags.
#pragma once

#include <string>
#include <string_view>

#include "nginx/pass_protocol.h"

namespace tierce::nginx {

std::string rewrite_location(Request& request, const PassHow& how, const PassPlace& place, std::string_view value,
                             bool* rewritten);
std::string rewrite_refresh(Request& request, const PassHow& how, const PassPlace& place, std::string_view value);
std::string rewrite_cookie(Request& request, const PassHow& how, std::string_view value);

}  // namespace tierce::nginx

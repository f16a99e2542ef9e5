// What proxy_redirect and proxy_cookie_domain, _path and _flags make of the fields of another server's answer.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "config/nginx/passing_settings.h"

namespace tierce::nginx {

namespace conf = config::nginx;

// What the rewriting needs of the request that is answered.
struct Rewriting {
  std::function<std::string(const conf::TextValue&)> text;
  // An expression has just matched `subject`: texts that are asked for from now on see its groups.
  std::function<void(const Regex&, std::string_view subject)> matched;
};

// The new value of the field; nullopt: nothing that is configured fits, and the field stays as it came.
std::optional<std::string> rewrite_location(const conf::ProxySettings& settings, std::string_view value,
                                            const Rewriting& with);
// "5; url=http://...": what stands behind "url=".
std::optional<std::string> rewrite_refresh(const conf::ProxySettings& settings, std::string_view value,
                                           const Rewriting& with);
// One Set-Cookie field. A cookie without '=' is never touched; one that is has one "; " between its parts.
std::optional<std::string> rewrite_cookie(const conf::ProxySettings& settings, std::string_view value,
                                          const Rewriting& with);

}  // namespace tierce::nginx

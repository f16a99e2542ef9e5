// What single directives cannot know: settings of one location, all of them with their values, that contradict each
// other or name what is nowhere. In nginx's words; nullopt when all is well.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/nginx/model.h"

namespace tierce::config::nginx {

// `kind`: "proxy", "uwsgi", "fastcgi" or "scgi", the beginning of the names.
std::optional<std::string> wrong_buffers(const PassingSettings& passing, std::string_view kind);

// Zones that nobody makes.
std::optional<std::string> missing_zone(const LocationSettings& location, const HttpSettings& http);

// An address whose host is an upstream, which has its ports in itself.
std::optional<std::string> port_of_upstream(const PassingSettings& passing, const Model& model);

// The first of all these in a location.
std::optional<std::string> contradiction(const LocationSettings& location, const HttpSettings& http,
                                         const Model& model);

}  // namespace tierce::config::nginx

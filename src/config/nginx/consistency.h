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

// uwsgi_pass and its like with a name that is no upstream's: nothing says which port is meant. nginx names their line.
struct Contradiction {
  Place place;
  std::string text;
};
std::optional<Contradiction> missing_port(const LocationSettings& location, const Model& model);

// Of a server.
std::optional<std::string> wrong_header_buffers(const ServerSettings& server);

// `verify on` for a server over TLS that nobody vouches for.
std::optional<std::string> unverifiable(const PassingSettings& passing, std::string_view kind);

// valid_referers that lists only referers that are not there.
std::optional<std::string> nobody_is_valid(const LocationSettings& location);

// The first of all these in a location, but for those that have a place of their own.
std::optional<std::string> contradiction(const LocationSettings& location, const HttpSettings& http,
                                         const Model& model);

}  // namespace tierce::config::nginx

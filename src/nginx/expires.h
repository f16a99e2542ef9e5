// The fields that `expires` adds to an answer.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "config/nginx/location_settings.h"

namespace tierce::nginx {

// Replace those of the answer.
struct ExpiresFields {
  std::string expires;        // A date.
  std::string cache_control;  // "max-age=3600", "no-cache".
};

// nullopt: off. `modified`: of the file, or the answer's Last-Modified; an answer without counts from now. A time of
// day is one of the machine's zone. Of a kText the caller parses what its variables come to.
std::optional<ExpiresFields> expires_fields(const config::nginx::Expires& expires, std::time_t now,
                                            std::optional<std::time_t> modified);

// "off", "epoch", "max", "1h", "-1", "@15h30m". nullopt: none of these, which is like off when a variable says it.
std::optional<config::nginx::Expires> parse_expires(std::string_view text);

// Answers that get the fields of expires and of add_header without "always".
bool takes_added_fields(int status);

}  // namespace tierce::nginx

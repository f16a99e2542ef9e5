// Values written into a log line, so that no client can write lines of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/nginx/server_settings.h"

namespace tierce::nginx {

using LogEscape = config::nginx::LogFormat::Escape;

// Appends the value of a variable; nullopt: there is none, which is "-" in the default way and nothing in the others.
// Default: bytes below 32 and above 126, '"' and '\' as \xXX. Json: the inside of a string. None: as it is.
void append_log_value(std::optional<std::string_view> value, LogEscape escape, std::string& line);
// The same for a value that stands in the line already, from `at` to its end; not `found`: there is none.
void escape_log_value(bool found, std::size_t at, LogEscape escape, std::string& line);

}  // namespace tierce::nginx

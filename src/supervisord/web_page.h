// The page for people: every process with its state and buttons, which are forms and need no script.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "supervisord/server.h"

namespace tierce::supervisord {

std::string index_page(Server& server, const std::string& message);
// The end of a log; nullopt for an unknown process. `name` is "group:process", "" for the activity log.
std::optional<std::string> tail_page(Server& server, const std::string& name, const std::string& channel);
// Does what a button asked for, and says what was done. Nothing waits for a process to start or stop.
std::string obey_form(Server& server, const std::string& form);

// A value of "a=b&c=d", decoded.
std::string form_value(std::string_view form, std::string_view name);
std::string percent_encoded(std::string_view text);

}  // namespace tierce::supervisord

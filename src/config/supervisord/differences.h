// What has changed between two readings of a configuration, for people.
#pragma once

#include <string>
#include <vector>

#include "config/supervisord/settings.h"

namespace tierce::config::supervisord {

// "web_01: command: '/bin/a' -> '/bin/b'", "web_02: new", "priority: 1 -> 2". Of variables only the names.
std::vector<std::string> differences(const GroupSettings& before, const GroupSettings& after);

}  // namespace tierce::config::supervisord

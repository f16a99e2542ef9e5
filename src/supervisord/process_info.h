// What the API says of a process and of its settings.
#pragma once

#include <string>

#include "supervisord/group.h"
#include "supervisord/rpc_value.h"

namespace tierce::supervisord {

// "pid 12, uptime 0:00:05", "Nov 23 10:38 PM", "Not started": also for the web page.
std::string describe(const Process& process);
// An entry of getProcessInfo.
Value info_of(const Process& process);
// An entry of getAllConfigInfo. `active`: the group that there is under its name, or nullptr.
Value config_of(const conf::GroupSettings& group, const conf::ProcessSettings& process, const Group* active);

}  // namespace tierce::supervisord

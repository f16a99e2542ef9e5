// What programs name in depends_on.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/supervisord/settings.h"

namespace tierce::config::supervisord {

// Whether a process is meant by the name of its program, of its group, of itself or by "group:process".
bool is_named(const std::string& name, const std::string& group, const ProcessSettings& process);

// Every name means somebody, and nobody waits for himself, be it round several corners.
Result<void> check_dependencies(const std::vector<GroupSettings>& groups);

}  // namespace tierce::config::supervisord

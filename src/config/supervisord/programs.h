// Programs, groups, event listeners and FastCGI programs out of a file's sections.
#pragma once

#include <vector>

#include "base/result.h"
#include "config/supervisord/expansion.h"
#include "config/supervisord/reader.h"
#include "config/supervisord/settings.h"

namespace tierce::config::supervisord {

// `known` holds the environment; `warnings` is added to. With `every` errors are added there and end nothing but the
// program or group that they are about.
Result<std::vector<GroupSettings>> read_groups(const IniFile& file, const Expansions& known,
                                               std::vector<std::string>& warnings, std::vector<Error>* every = nullptr);

}  // namespace tierce::config::supervisord

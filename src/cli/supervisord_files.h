// Where supervisord and supervisorctl look for their file when none is named.
#pragma once

#include <string>

#include "base/result.h"

namespace tierce::cli {

Result<std::string> find_supervisord_conf();

}  // namespace tierce::cli

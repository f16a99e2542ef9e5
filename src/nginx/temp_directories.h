// The directories that the configuration names for bodies and answers which do not fit in memory.
#pragma once

#include <string>

#include "base/result.h"
#include "config/nginx/model.h"

namespace tierce::nginx {

// Makes those that are not there, and gives them to the workers' user where that is another one, as nginx does at its
// start. One that everybody may write into, as /tmp, stays whose it is. Relative paths begin at `prefix`. Fails with
// nginx's words.
Result<void> make_temp_directories(const config::nginx::Model& model, const std::string& prefix);

}  // namespace tierce::nginx

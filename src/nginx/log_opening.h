// Opens every log that the configuration names, before any request: by the master, who may.
#pragma once

#include <string>

#include "config/nginx/model.h"
#include "nginx/log_files.h"

namespace tierce::nginx {

Result<void> open_logs(const config::nginx::Model& model, const std::string& prefix, LogFiles& files);

}  // namespace tierce::nginx

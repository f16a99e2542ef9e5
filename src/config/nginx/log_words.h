// The words of error_log, which may stand in main and anywhere in http.
#pragma once

#include <vector>

#include "config/nginx/location_settings.h"
#include "config/nginx/meaning.h"

namespace tierce::config::nginx {

Done take_error_log(const Node& node, std::vector<ErrorLog>& into);
bool is_log_level(std::string_view word);

}  // namespace tierce::config::nginx

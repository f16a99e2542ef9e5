// The file of the application, looked for before anything starts: what is said then names the line of the
// configuration.
#pragma once

#include <optional>

#include "config/uwsgi/apply.h"
#include "config/uwsgi/surroundings.h"

namespace tierce::config::uwsgi {

// That the file of wsgi-file is not there, and which Python files are. None when it is there, or no file is named.
std::optional<Finding> missing_file(const Applied& applied, const Surroundings& machine);

}  // namespace tierce::config::uwsgi

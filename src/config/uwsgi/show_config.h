// The effective options as an ini file, in the words of uWSGI's --show-config.
#pragma once

#include <string>

#include "config/uwsgi/reader.h"

namespace tierce::config::uwsgi {

std::string show_config(const Reading& reading);

}  // namespace tierce::config::uwsgi

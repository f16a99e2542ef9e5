// uWSGI's language of request lines, "%(addr) %(method) %(uri)", as the parts that the access log writes.
#pragma once

#include "base/result.h"
#include "config/access_log_format.h"
#include "config/request_log_settings.h"

namespace tierce::edge {

// Every text is a format: a name that uWSGI does not know is one that an application sets, or "-".
config::AccessLogFormat uwsgi_format(const config::UwsgiLine& line);

}  // namespace tierce::edge

// TLS to a server that requests are passed to: proxy_ssl_..., uwsgi_ssl_...
#pragma once

#include <string>

#include "edge/client_stream.h"
#include "nginx/request.h"

namespace tierce::nginx {

// Begins it on a connection; nullptr: it cannot be begun, in the log. `host` is the name by default.
tls::Session* begin_pass_tls(Request& request, const conf::PassingSettings& settings, const std::string& host,
                             edge::ClientStream& io);

}  // namespace tierce::nginx

// Passes a request on to another server and its answer back: proxy_pass, uwsgi_pass, fastcgi_pass, scgi_pass.
#pragma once

#include "nginx/async.h"
#include "nginx/outcome.h"
#include "nginx/pass_protocol.h"
#include "nginx/request.h"

namespace tierce::nginx {

Async<int> pass_request(Request& request, PassHow how);

}  // namespace tierce::nginx

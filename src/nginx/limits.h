// limit_req and limit_conn.
#pragma once

#include "nginx/async.h"
#include "nginx/outcome.h"
#include "nginx/request.h"

namespace tierce::nginx {

inline bool has_limits(const Request& request) {
  return !request.settings->limit_requests.empty() || !request.settings->limit_connections.empty();
}
Async<int> check_limits(Request& request);

}  // namespace tierce::nginx

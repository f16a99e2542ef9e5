// Who may: allow and deny, auth_basic, auth_request, and satisfy over them.
#pragma once

#include "nginx/async.h"
#include "nginx/outcome.h"
#include "nginx/request.h"

namespace tierce::nginx {

bool has_access_rules(const Request& request);
Async<int> check_access(Request& request);

}  // namespace tierce::nginx

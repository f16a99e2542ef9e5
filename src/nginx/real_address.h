// realip: whom the request comes from, where a trusted proxy says it.
#pragma once

#include "nginx/request.h"

namespace tierce::nginx {

void find_real_address(Request& request);

}  // namespace tierce::nginx

// expires: the Expires and Cache-Control fields.
#pragma once

#include "nginx/request.h"

namespace tierce::nginx {

void add_expires(Request& request, const conf::Expires& given);

}  // namespace tierce::nginx

// autoindex: a list of a directory.
#pragma once

#include "nginx/outcome.h"
#include "nginx/request.h"

namespace tierce::nginx {

int answer_with_list(Request& request);

}  // namespace tierce::nginx

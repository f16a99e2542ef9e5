// try_files: the first candidate that is there becomes the path, else the last word answers.
#pragma once

#include "nginx/outcome.h"
#include "nginx/request.h"

namespace tierce::nginx {

int try_files(Request& request);

}  // namespace tierce::nginx

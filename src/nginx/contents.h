// What answers a request in its location: the one it is passed to, a number, an image, or the files below its root.
#pragma once

#include "nginx/async.h"
#include "nginx/outcome.h"
#include "nginx/request.h"

namespace tierce::nginx {

Async<int> answer_with_content(Request& request);

// Files, indexes of directories and lists of them. A status, kRestart or kSend.
int answer_with_file(Request& request);

}  // namespace tierce::nginx

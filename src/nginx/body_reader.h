// Reads the body of a request: into memory, or a file where it is larger than `client_body_buffer_size`.
#pragma once

#include "nginx/async.h"
#include "nginx/outcome.h"
#include "nginx/request.h"

namespace tierce::nginx {

// All of it. kNext, or a status (400, 413, 500); kClose when the client has gone or is too slow.
Async<int> read_body(Request& request);

}  // namespace tierce::nginx

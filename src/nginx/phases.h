// The way of a request through the configuration: the server's instructions, its location, what the location says of
// limits and access, the files it tries, and what answers. The order is nginx's and part of its language.
#pragma once

#include "nginx/async.h"
#include "nginx/outcome.h"
#include "nginx/request.h"

namespace tierce::nginx {

// Answers it, whatever comes; kDone or kClose.
Async<int> serve(Request& request);

// The path becomes another one, inside the server. Counts, so that none goes in circles; 500 then.
int redirect_internally(Request& request, std::string_view target);
int redirect_to_named(Request& request, std::string_view name);

// A status becomes an answer: what error_page names, or a page of our own. kRestart and its kin, or kSend.
int answer_with_status(Request& request, int status);

}  // namespace tierce::nginx

// The instructions of the rewrite module: rewrite, return, set, if, break.
#pragma once

#include "nginx/outcome.h"
#include "nginx/request.h"

namespace tierce::nginx {

// Runs them in their order. kNext: go on, `uri_changed` says whether another location has to be found; kSend: a
// response was made; else a status.
int run_instructions(Request& request, const std::vector<conf::Instruction>& instructions, bool* uri_changed);

}  // namespace tierce::nginx

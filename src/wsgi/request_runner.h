// Runs the application for one request, start to end, whatever it does.
#pragma once

#include "wsgi/call.h"

namespace tierce::wsgi {

bool prepare_request_runner();
// The slot is running and ours; on return the response is complete or marked broken, and only answer()
// is left to do. No Python exception is left set.
void run_request(Call& call);

}  // namespace tierce::wsgi

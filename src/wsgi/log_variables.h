// What the application gave for the access log (uwsgi.set_logvar), on its way to the edge: "name\0value\0" behind the
// head in the slot's response area. gateway/mailbox.h: ResponseMeta::log_at.
#pragma once

#include <cstdint>

#include "wsgi/call.h"

namespace tierce::wsgi {

// Room for them behind the head, for those that are there and some that may come; answers where the body can begin.
std::uint32_t reserve_log_variables(Call& call);
// Writes them, before the response is complete.
void write_log_variables(Call& call);

}  // namespace tierce::wsgi

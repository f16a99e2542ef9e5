// The part of the module `uwsgi` that needs shared memory or the request at hand; python/uwsgi_module.py is the
// rest. Nothing of it is there, and nothing of it costs, unless the server was started as `tierce uwsgi`.
#pragma once

#include "gateway/app_memory.h"
#include "wsgi/call.h"

namespace tierce::wsgi {

bool prepare_uwsgi_api(PyObject* module);
// The card of this worker; nullptr when there is none.
gateway::WorkerCard* my_card();
// In the zygote: the process has been reaped.
void worker_gone(std::int32_t pid);

// This worker is on its way out: its place is free for another, its timers are the next one's.
void leave_place();

// Around a request of a worker that has a card.
void begin_counted(gateway::WorkerCard& mine, Call& call);
// When it has been answered: counts it and runs the application's after_req_hook. The slot is the edge's by then.
void end_counted(gateway::WorkerCard& mine, Call& call, std::uint64_t began_ns, std::uint64_t head_bytes);

}  // namespace tierce::wsgi

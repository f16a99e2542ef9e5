// The part of the module `uwsgi` that needs shared memory or the request at hand; python/uwsgi_module.py is the
// rest. Nothing of it is there, and nothing of it costs, unless the server was started as `tierce uwsgi`.
#pragma once

#include <cstdint>

#include "wsgi/call.h"

namespace tierce::wsgi {

bool prepare_uwsgi_api(PyObject* module);
// A new worker: its place among the workers and its life in the shared memory, both from the supervisor.
void be_worker(std::uint32_t number, std::uint32_t its_life);
// There is a card for this worker, which its requests are counted on.
bool has_card();

// This worker is on its way out: its place is free for another, its timers are the next one's.
void leave_place();

// Around a request of a worker that has a card.
void begin_counted(std::uint32_t thread, Call& call);
void end_counted(std::uint32_t thread, const Call& call, std::uint64_t took_ns);
// When it has been answered: runs the application's after_req_hook. The slot is the edge's by then.
void after_answer(Call& call);

}  // namespace tierce::wsgi

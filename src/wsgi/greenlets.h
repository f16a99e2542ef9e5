// Requests in greenlets of the user's gevent: what the C code must ask gevent for. A greenlet that waits has its part
// of the C stack copied away, so nothing that another greenlet reaches may live there: the Call of a
// request is on the heap in this mode, and found by the greenlet instead of the thread.
#pragma once

#include <cstdint>
#include <string>

#include "wsgi/call.h"

namespace tierce::wsgi {

// Callables: the greenlet that runs, gevent.hub.Waiter, gevent.sleep, what has core.hub_flush() called when the
// greenlets that are ready now have run, and a greenlet's stack as a str.
struct Gevent {
  PyObject* getcurrent = nullptr;
  PyObject* waiter = nullptr;
  PyObject* sleep = nullptr;
  PyObject* flush_later = nullptr;
  PyObject* stack_of = nullptr;
};

// Once per worker, on the thread of the hub. Takes references of its own.
void use_gevent(const Gevent& given);
// The calling thread is that of the hub, and what waits there must wait in its greenlet.
bool on_hub_thread();

// The call that the running greenlet has been given; nullptr in another one.
Call* call_of_greenlet();
void give_call_to_greenlet(Call& call);
void take_call_from_greenlet();
// Where the greenlet of this request stands, as text; "" when there is none.
std::string stack_of_request(std::uint64_t request);

// Waits until the ring has room or nobody reads it any more. False with an exception set when the
// application ends the wait (gevent.Timeout, kill()).
bool park_for_room(Call& call);
// Lets those go on whose wait is over. In the hub.
void resume_parked();
bool sleep_in_greenlet(double seconds);
void flush_hub_later();

}  // namespace tierce::wsgi

// wsgi.input: the request body as a file-like object. The edge has read all of it, so nothing here waits
// for a client. Detached when its exchange ends: a reference the application kept reads as empty, never
// as another request's memory.
#pragma once

#include "wsgi/call.h"

namespace tierce::wsgi {

bool prepare_input_type(PyObject* module);
// New reference; nullptr with an exception set.
PyObject* new_input(Call& call);
void detach_input(PyObject* object);

}  // namespace tierce::wsgi

// The environ dictionary of PEP 3333, made from a template that is copied and the parts of the request.
#pragma once

#include "wsgi/call.h"

namespace tierce::wsgi {

// Once per worker, after the fork.
bool prepare_environ();
// New reference to a dict, `input` in it; nullptr with an exception set.
PyObject* make_environ(Call& call, PyObject* input);

}  // namespace tierce::wsgi

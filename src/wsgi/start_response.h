// start_response(status, headers[, exc_info]) -> write (PEP 3333).
#pragma once

#include "wsgi/call.h"

namespace tierce::wsgi {

bool prepare_start_response_type(PyObject* module);
PyObject* new_start_response(Call& call);
// The exchange has ended: calls of a kept reference raise.
void detach_start_response(PyObject* object);

}  // namespace tierce::wsgi

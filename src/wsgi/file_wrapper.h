// wsgi.file_wrapper(filelike, block_size=8192): an iterable over the blocks of a file. Returned by the
// application as the response, a real file leaves by sendfile (PEP 3333, optional platform-specific
// file handling).
#pragma once

#include "wsgi/call.h"

namespace tierce::wsgi {

bool prepare_file_wrapper_type(PyObject* module);
PyObject* file_wrapper_type();
bool is_file_wrapper(PyObject* object);
// Sends the file of the wrapper through its descriptor. False when it is no regular file or cannot be
// passed: then it is iterated like everything else. An exception is set only when a greenlet was told to end.
bool send_wrapped_file(Call& call, PyObject* wrapper);

}  // namespace tierce::wsgi

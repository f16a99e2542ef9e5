#include "wsgi/request_runner.h"

#include "os/clock.h"
#include "wsgi/environ.h"
#include "wsgi/error_log.h"
#include "wsgi/file_wrapper.h"
#include "wsgi/input_stream.h"
#include "wsgi/response_writer.h"
#include "wsgi/start_response.h"
#include "wsgi/worker_settings.h"

namespace tierce::wsgi {
namespace {

PyObject* close_name;

// The last close() of this thread took longer than a wake-up is worth saving.
thread_local bool close_is_slow = false;
constexpr std::uint64_t kSlowCloseNs = 200'000;

bool require_started(const Call& call) {
  if (call.started) return true;
  PyErr_SetString(PyExc_AssertionError, "the application did not call start_response before the body (PEP 3333)");
  return false;
}

bool require_bytes(PyObject* piece) {
  if (PyBytes_Check(piece)) return true;
  PyErr_Format(PyExc_TypeError, "the application's iterable must yield bytes, not %.100s (PEP 3333)",
               Py_TYPE(piece)->tp_name);
  return false;
}

// The pieces of the body. False with an exception set when the application fails.
bool send_pieces(Call& call, PyObject* result) {
  // The usual answer: one piece, whose length is the body's. Bytes are one as well, as in uWSGI, although as an
  // iterable of PEP 3333 they would give numbers.
  const bool alone = (PyList_CheckExact(result) && PyList_GET_SIZE(result) == 1) ||
                     (PyTuple_CheckExact(result) && PyTuple_GET_SIZE(result) == 1);
  if (alone || PyBytes_CheckExact(result)) {
    PyObject* piece = alone ? PySequence_Fast_GET_ITEM(result, 0) : result;
    if (!require_started(call) || !require_bytes(piece)) return false;
    // What write() has sent before this piece makes it no longer the only one.
    return write_body(call, PyBytes_AS_STRING(piece), static_cast<std::size_t>(PyBytes_GET_SIZE(piece)),
                      !call.head_sent);
  }
  if (is_file_wrapper(result) && send_wrapped_file(call, result)) return true;
  if (PyErr_Occurred() != nullptr) return false;
  const PyRef iterator = PyRef::steal(PyObject_GetIter(result));
  if (!iterator) return false;
  while (!call.client_gone) {
    const PyRef piece = PyRef::steal(PyIter_Next(iterator.get()));
    if (!piece) return PyErr_Occurred() == nullptr;
    if (!require_started(call) || !require_bytes(piece.get())) return false;
    const auto bytes = static_cast<std::size_t>(PyBytes_GET_SIZE(piece.get()));
    if (bytes == 0) continue;
    if (!write_body(call, PyBytes_AS_STRING(piece.get()), bytes, false)) return false;
    // Before the next piece is made: the client gets this one while the application works. A response that
    // is complete waits for the end of the iteration, which is near.
    if (!call.complete) signal_now(call);
  }
  return true;
}

// close() of the iterable, once, in every ending. A response that is complete goes out before it.
void close_result(Call& call, PyObject* result) {
  if (PyList_CheckExact(result) || PyTuple_CheckExact(result)) return;
  const PyRef close = PyRef::steal(PyObject_GetAttr(result, close_name));
  if (!close) {
    PyErr_Clear();
    return;
  }
  if (call.complete) {
    // With more to do the wake-up is left to the batch, unless close() has been seen to take its time.
    if (close_is_slow || !call.line->mailbox.has_queued()) {
      signal_now(call);
    } else {
      call.line->mailbox.signal_quietly(call.index);
    }
  }
  const std::uint64_t begun = os::monotonic_ns();
  const PyRef closed = PyRef::steal(PyObject_CallObject(close.get(), nullptr));
  close_is_slow = os::monotonic_ns() - begun > kSlowCloseNs;
  if (!closed) log_exception(call_label(call) + ": error in close() of the application's iterable");
}

void fail_call(Call& call) {
  if (call.client_gone) {
    PyErr_Clear();
  } else {
    call.failed = true;
    log_exception(call_label(call) + ": error handling request");
  }
  if (call.head_sent) {
    end_body(call, true);
  } else {
    write_error(call, 500);
  }
}

}  // namespace

bool prepare_request_runner() {
  close_name = PyUnicode_InternFromString("close");
  return close_name != nullptr;
}

void run_request(Call& call) {
  const PyRef input = PyRef::steal(new_input(call));
  const PyRef start = PyRef::steal(new_start_response(call));
  PyRef environ;
  if (input && start) environ = PyRef::steal(make_environ(call, input.get()));
  if (!environ) {
    fail_call(call);
  } else {
    PyObject* arguments[] = {nullptr, environ.get(), start.get()};
    PyRef result = PyRef::steal(
        PyObject_Vectorcall(settings().application, arguments + 1, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr));
    if (!result) {
      fail_call(call);
    } else {
      const bool sent = send_pieces(call, result.get());
      if (!sent) {
        fail_call(call);
      } else if (!call.started) {
        require_started(call);
        fail_call(call);
      } else {
        end_body(call, false);
      }
      close_result(call, result.get());
    }
  }
  if (start) detach_start_response(start.get());
  if (input) detach_input(input.get());
}

}  // namespace tierce::wsgi

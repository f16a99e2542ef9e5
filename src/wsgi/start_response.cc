#include "wsgi/start_response.h"

#include <structmember.h>

#include <cstddef>

#include "wsgi/response_writer.h"

namespace tierce::wsgi {
namespace {

struct StartResponse {
  PyObject_HEAD vectorcallfunc vectorcall;
  Call* call;
};

StartResponse* as_start(PyObject* object) { return reinterpret_cast<StartResponse*>(object); }

Call* live_call(PyObject* self) {
  Call* call = as_start(self)->call;
  if (call == nullptr)
    PyErr_SetString(PyExc_RuntimeError, "start_response or write was called after the end of its request");
  return call;
}

// The write() callable is a bound method of the start_response object.
PyObject* write(PyObject* self, PyObject* data) {
  Call* call = live_call(self);
  if (call == nullptr) return nullptr;
  if (!PyBytes_Check(data)) {
    PyErr_Format(PyExc_TypeError, "write() takes bytes, not %.100s (PEP 3333)", Py_TYPE(data)->tp_name);
    return nullptr;
  }
  if (PyBytes_GET_SIZE(data) > 0) {
    if (!write_body(*call, PyBytes_AS_STRING(data), static_cast<std::size_t>(PyBytes_GET_SIZE(data)), false))
      return nullptr;
    signal_now(*call);
  }
  Py_RETURN_NONE;
}

bool check_exc_info(Call& call, PyObject* exc_info) {
  if (exc_info == nullptr || exc_info == Py_None) {
    if (!call.started) return true;
    PyErr_SetString(PyExc_AssertionError, "start_response was called a second time without exc_info (PEP 3333)");
    return false;
  }
  if (!PyTuple_Check(exc_info) || PyTuple_GET_SIZE(exc_info) != 3) {
    PyErr_SetString(PyExc_TypeError, "exc_info must be a tuple as sys.exc_info() gives it");
    return false;
  }
  if (!call.head_sent) return true;
  // The head is out: the application's exception goes on, as PEP 3333 says.
  PyObject* type = PyTuple_GET_ITEM(exc_info, 0);
  PyObject* value = PyTuple_GET_ITEM(exc_info, 1);
  PyObject* traceback = PyTuple_GET_ITEM(exc_info, 2);
  Py_INCREF(type);
  Py_XINCREF(value == Py_None ? nullptr : value);
  Py_XINCREF(traceback == Py_None ? nullptr : traceback);
  PyErr_Restore(type, value == Py_None ? nullptr : value, traceback == Py_None ? nullptr : traceback);
  return false;
}

PyObject* call_it(PyObject* self, PyObject* const* args, std::size_t flags, PyObject* names) {
  Call* call = live_call(self);
  if (call == nullptr) return nullptr;
  const Py_ssize_t positional = PyVectorcall_NARGS(flags);
  PyObject* exc_info = positional == 3 ? args[2] : nullptr;
  const Py_ssize_t named = names != nullptr ? PyTuple_GET_SIZE(names) : 0;
  if (positional == 2 && named == 1 && PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "exc_info") == 0) {
    exc_info = args[2];
  } else if (positional < 2 || positional > 3 || named != 0) {
    PyErr_SetString(PyExc_TypeError, "start_response takes status, response_headers and exc_info=None (PEP 3333)");
    return nullptr;
  }
  if (!check_exc_info(*call, exc_info)) return nullptr;
  if (!write_head(*call, args[0], args[1])) {
    call->started = false;
    return nullptr;
  }
  static PyMethodDef write_method = {"write", write, METH_O, "write(bytes): sends a piece of the body (PEP 3333)"};
  return PyCFunction_New(&write_method, self);
}

void dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyMemberDef members[] = {{"__vectorcalloffset__", T_PYSSIZET, offsetof(StartResponse, vectorcall), READONLY, nullptr},
                         {nullptr, 0, 0, 0, nullptr}};
PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("start_response(status, response_headers, exc_info=None) -> write")},
    {Py_tp_members, members},
    {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {0, nullptr}};
#ifndef Py_TPFLAGS_HAVE_VECTORCALL
#define Py_TPFLAGS_HAVE_VECTORCALL _Py_TPFLAGS_HAVE_VECTORCALL
#endif
PyType_Spec spec = {"tierce_wsgi.StartResponse", sizeof(StartResponse), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL, slots};
PyTypeObject* type = nullptr;

}  // namespace

bool prepare_start_response_type(PyObject*) {
  type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  return type != nullptr;
}

PyObject* new_start_response(Call& call) {
  StartResponse* start = PyObject_New(StartResponse, type);
  if (start == nullptr) return nullptr;
  start->vectorcall = call_it;
  start->call = &call;
  return reinterpret_cast<PyObject*>(start);
}

void detach_start_response(PyObject* object) { as_start(object)->call = nullptr; }

}  // namespace tierce::wsgi

#include "wsgi/input_stream.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

namespace tierce::wsgi {
namespace {

struct Input {
  PyObject_HEAD const char* data;  // The whole body: in the slot, or the file mapped.
  std::size_t bytes;
  std::size_t at;
  bool mapped;
};

Input* as_input(PyObject* object) { return reinterpret_cast<Input*>(object); }

std::size_t left(const Input* input) { return input->bytes - input->at; }

// The optional size argument of read() and its kin: None or negative mean everything.
bool read_size(PyObject* const* args, Py_ssize_t count, std::size_t* size) {
  *size = std::numeric_limits<std::size_t>::max();
  if (count > 1) {
    PyErr_SetString(PyExc_TypeError, "at most one argument is expected");
    return false;
  }
  if (count == 0 || args[0] == Py_None) return true;
  const Py_ssize_t wanted = PyNumber_AsSsize_t(args[0], PyExc_OverflowError);
  if (wanted == -1 && PyErr_Occurred() != nullptr) return false;
  if (wanted >= 0) *size = static_cast<std::size_t>(wanted);
  return true;
}

PyObject* take(Input* input, std::size_t bytes) {
  PyObject* result = PyBytes_FromStringAndSize(input->data + input->at, static_cast<Py_ssize_t>(bytes));
  if (result != nullptr) input->at += bytes;
  return result;
}

PyObject* take_line(Input* input, std::size_t most) {
  std::size_t bytes = std::min(left(input), most);
  if (bytes > 0) {
    const void* end = std::memchr(input->data + input->at, '\n', bytes);
    if (end != nullptr) bytes = static_cast<std::size_t>(static_cast<const char*>(end) - (input->data + input->at)) + 1;
  }
  return take(input, bytes);
}

PyObject* read(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  std::size_t size;
  if (!read_size(args, count, &size)) return nullptr;
  return take(as_input(self), std::min(left(as_input(self)), size));
}

PyObject* readline(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  std::size_t size;
  if (!read_size(args, count, &size)) return nullptr;
  return take_line(as_input(self), size);
}

PyObject* readlines(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  std::size_t hint;
  if (!read_size(args, count, &hint)) return nullptr;
  if (hint == 0) hint = std::numeric_limits<std::size_t>::max();
  PyRef lines = PyRef::steal(PyList_New(0));
  std::size_t got = 0;
  while (lines && left(as_input(self)) > 0 && got < hint) {
    const PyRef line = PyRef::steal(take_line(as_input(self), std::numeric_limits<std::size_t>::max()));
    if (!line || PyList_Append(lines.get(), line.get()) != 0) return nullptr;
    got += static_cast<std::size_t>(PyBytes_GET_SIZE(line.get()));
  }
  return lines.release();
}

PyObject* readinto(PyObject* self, PyObject* target) {
  Py_buffer buffer;
  if (PyObject_GetBuffer(target, &buffer, PyBUF_WRITABLE) != 0) return nullptr;
  Input* input = as_input(self);
  const std::size_t bytes = std::min(left(input), static_cast<std::size_t>(buffer.len));
  if (bytes > 0) std::memcpy(buffer.buf, input->data + input->at, bytes);
  input->at += bytes;
  PyBuffer_Release(&buffer);
  return PyLong_FromSize_t(bytes);
}

PyObject* yes(PyObject*, PyObject*) { Py_RETURN_TRUE; }
PyObject* no(PyObject*, PyObject*) { Py_RETURN_FALSE; }
PyObject* nothing(PyObject*, PyObject*) { Py_RETURN_NONE; }

PyObject* next(PyObject* self) {
  if (left(as_input(self)) == 0) return nullptr;
  return take_line(as_input(self), std::numeric_limits<std::size_t>::max());
}

void dealloc(PyObject* self) {
  detach_input(self);
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyCFunction fast(PyObject* (*f)(PyObject*, PyObject* const*, Py_ssize_t)) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(f));
}

PyMethodDef methods[] = {
    {"read", fast(read), METH_FASTCALL, "read([size]) -> bytes; b'' at the end of the body"},
    {"readline", fast(readline), METH_FASTCALL, "readline([size]) -> bytes up to and with the next line end"},
    {"readlines", fast(readlines), METH_FASTCALL, "readlines([hint]) -> list of lines"},
    {"readinto", readinto, METH_O, "readinto(buffer) -> number of bytes put into it"},
    {"readable", yes, METH_NOARGS, "True"},
    {"writable", no, METH_NOARGS, "False"},
    {"seekable", no, METH_NOARGS, "False"},
    {"close", nothing, METH_NOARGS, "Does nothing: the server owns the body"},
    {nullptr, nullptr, 0, nullptr}};

PyType_Slot slots[] = {{Py_tp_doc, const_cast<char*>("wsgi.input: the body of one request (PEP 3333)")},
                       {Py_tp_methods, methods},
                       {Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter)},
                       {Py_tp_iternext, reinterpret_cast<void*>(next)},
                       {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                       {0, nullptr}};
PyType_Spec spec = {"tierce_wsgi.Input", sizeof(Input), 0, Py_TPFLAGS_DEFAULT, slots};
PyTypeObject* type = nullptr;

}  // namespace

bool prepare_input_type(PyObject*) {
  type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  return type != nullptr;
}

PyObject* new_input(Call& call) {
  Input* input = PyObject_New(Input, type);
  if (input == nullptr) return nullptr;
#if PY_VERSION_HEX < 0x03080000
  Py_INCREF(type);
#endif
  const gateway::RequestMeta& request = call.request();
  input->data = call.request_area() + request.body_at;
  input->bytes = static_cast<std::size_t>(request.body_bytes);
  input->at = 0;
  input->mapped = false;
  if (!request.body_in_file) return reinterpret_cast<PyObject*>(input);
  // Mapped, not read: the pages are the page cache's, and a body is as large as the disk allows.
  input->data = nullptr;
  const os::UniqueFd file = call.line->descriptors->receive(call.index);
  void* base = file ? ::mmap(nullptr, input->bytes, PROT_READ, MAP_PRIVATE, file.get(), 0) : MAP_FAILED;
  if (base == MAP_FAILED) {
    input->bytes = 0;
    Py_DECREF(input);
    PyErr_SetString(PyExc_OSError, "the request body cannot be mapped");
    return nullptr;
  }
  input->data = static_cast<const char*>(base);
  input->mapped = true;
  return reinterpret_cast<PyObject*>(input);
}

void detach_input(PyObject* object) {
  Input* input = as_input(object);
  if (input->mapped) ::munmap(const_cast<char*>(input->data), input->bytes);
  input->data = nullptr;
  input->bytes = input->at = 0;
  input->mapped = false;
}

}  // namespace tierce::wsgi

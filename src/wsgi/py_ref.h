// A counted reference to a Python object. steal() takes over a new reference, borrow() adds one: the
// call site shows which. Every use needs the GIL.
#pragma once

#include <Python.h>

#include <utility>

namespace tierce::wsgi {

class PyRef {
 public:
  PyRef() = default;
  static PyRef steal(PyObject* object) { return PyRef(object); }
  static PyRef borrow(PyObject* object) { return PyRef(new_reference(object)); }
  PyRef(PyRef&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  PyRef& operator=(PyRef&& other) noexcept {
    PyRef incoming(std::move(other));
    std::swap(object_, incoming.object_);
    return *this;
  }
  PyRef(const PyRef&) = delete;
  PyRef& operator=(const PyRef&) = delete;
  ~PyRef() { Py_XDECREF(object_); }

  PyObject* get() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  [[nodiscard]] PyObject* release() { return std::exchange(object_, nullptr); }
  void reset() { *this = PyRef(); }

 private:
  explicit PyRef(PyObject* object) : object_(object) {}
  static PyObject* new_reference(PyObject* object) {  // Py_XNewRef came with 3.10.
    Py_XINCREF(object);
    return object;
  }
  PyObject* object_ = nullptr;
};

// The GIL is let go for as long as this lives.
class GilRelease {
 public:
  GilRelease() : thread_(PyEval_SaveThread()) {}
  ~GilRelease() { PyEval_RestoreThread(thread_); }
  GilRelease(const GilRelease&) = delete;
  GilRelease& operator=(const GilRelease&) = delete;

 private:
  PyThreadState* thread_;
};

}  // namespace tierce::wsgi

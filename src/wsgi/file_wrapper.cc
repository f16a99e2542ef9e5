#include "wsgi/file_wrapper.h"

#include <sys/stat.h>

#include "wsgi/response_writer.h"

namespace tierce::wsgi {
namespace {

struct FileWrapper {
  PyObject_HEAD PyObject* file;
  PyObject* block_size;
};

FileWrapper* as_wrapper(PyObject* object) { return reinterpret_cast<FileWrapper*>(object); }

int init(PyObject* self, PyObject* args, PyObject* names) {
  static const char* keywords[] = {"filelike", "blksize", nullptr};
  PyObject* file = nullptr;
  Py_ssize_t block_size = 8192;
  if (!PyArg_ParseTupleAndKeywords(args, names, "O|n", const_cast<char**>(keywords), &file, &block_size)) return -1;
  if (block_size <= 0) {
    PyErr_SetString(PyExc_ValueError, "the block size must be positive");
    return -1;
  }
  Py_INCREF(file);
  Py_XSETREF(as_wrapper(self)->file, file);
  Py_XSETREF(as_wrapper(self)->block_size, PyLong_FromSsize_t(block_size));
  return as_wrapper(self)->block_size == nullptr ? -1 : 0;
}

PyObject* next(PyObject* self) {
  const PyRef data =
      PyRef::steal(PyObject_CallMethod(as_wrapper(self)->file, "read", "O", as_wrapper(self)->block_size));
  if (!data) return nullptr;
  if (PyObject_Size(data.get()) == 0) return nullptr;
  Py_INCREF(data.get());
  return data.get();
}

PyObject* close(PyObject* self, PyObject*) {
  if (as_wrapper(self)->file == nullptr || PyObject_HasAttrString(as_wrapper(self)->file, "close") == 0) Py_RETURN_NONE;
  return PyObject_CallMethod(as_wrapper(self)->file, "close", nullptr);
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(as_wrapper(self)->file);
#if PY_VERSION_HEX >= 0x03090000
  Py_VISIT(Py_TYPE(self));
#endif
  return 0;
}
int clear(PyObject* self) {
  Py_CLEAR(as_wrapper(self)->file);
  return 0;
}
void dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  clear(self);
  Py_CLEAR(as_wrapper(self)->block_size);
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyMethodDef methods[] = {{"close", close, METH_NOARGS, "Closes the file"}, {nullptr, nullptr, 0, nullptr}};
PyType_Slot slots[] = {{Py_tp_doc, const_cast<char*>("wsgi.file_wrapper(filelike, blksize=8192) (PEP 3333)")},
                       {Py_tp_init, reinterpret_cast<void*>(init)},
                       {Py_tp_new, reinterpret_cast<void*>(PyType_GenericNew)},
                       {Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter)},
                       {Py_tp_iternext, reinterpret_cast<void*>(next)},
                       {Py_tp_methods, methods},
                       {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                       {Py_tp_clear, reinterpret_cast<void*>(clear)},
                       {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                       {0, nullptr}};
PyType_Spec spec = {"tierce_wsgi.FileWrapper", sizeof(FileWrapper), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, slots};
PyTypeObject* type = nullptr;

}  // namespace

bool prepare_file_wrapper_type(PyObject*) {
  type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  return type != nullptr;
}

PyObject* file_wrapper_type() { return reinterpret_cast<PyObject*>(type); }
bool is_file_wrapper(PyObject* object) { return Py_TYPE(object) == type; }

bool send_wrapped_file(Call& call, PyObject* wrapper) {
  PyObject* file = as_wrapper(wrapper)->file;
  if (file == nullptr || !call.started || call.head_sent) return false;
  const int fd = PyObject_AsFileDescriptor(file);
  if (fd < 0) {
    PyErr_Clear();  // BytesIO and its like.
    return false;
  }
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return false;
  // Where the file object stands; it may have read ahead of the descriptor.
  const PyRef position = PyRef::steal(PyObject_CallMethod(file, "tell", nullptr));
  const long long offset = position ? PyLong_AsLongLong(position.get()) : -1;
  if (offset < 0) {
    PyErr_Clear();
    return false;
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  const auto from = static_cast<std::uint64_t>(offset);
  return write_file(call, fd, from, size > from ? size - from : 0);
}

}  // namespace tierce::wsgi

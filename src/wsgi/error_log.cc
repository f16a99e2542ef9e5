#include "wsgi/error_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "wsgi/worker_settings.h"

namespace tierce::wsgi {

void log_line(os::LogLevel level, std::string_view text) { settings().log.line(level, text); }

// The number stays, the file behind it changes: no line that is being written is lost.
void replace_log(int fd) {
  ::dup3(fd, settings().log.fd(), O_CLOEXEC);
  if (settings().capture_output) capture_output();
}

void capture_output() {
  settings().capture_output = true;
  ::dup2(settings().log.fd(), 1);
  ::dup2(settings().log.fd(), 2);
}

std::string call_label(const Call& call) {
  const http::RequestHead& head = call.request().head;
  std::string label = fmt::format("request {:016x}: {} ", call.request().request_id, call.head_part(head.method_name));
  const std::string_view target = call.head_part(head.target);
  label += target.substr(0, 200);
  if (target.size() > 200) label += "...";
  return label;
}

void log_exception(const std::string& what) {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  const PyRef t = PyRef::steal(type), v = PyRef::steal(value), tb = PyRef::steal(traceback);
  std::string text = what;
  const PyRef formatted =
      PyRef::steal(PyObject_CallFunctionObjArgs(settings().format_exception, t.get() ? t.get() : Py_None,
                                                v.get() ? v.get() : Py_None, tb.get() ? tb.get() : Py_None, nullptr));
  Py_ssize_t bytes = 0;
  const char* utf8 = formatted ? PyUnicode_AsUTF8AndSize(formatted.get(), &bytes) : nullptr;
  if (utf8 != nullptr) {
    text.append("\n").append(utf8, static_cast<std::size_t>(bytes));
    while (text.ends_with('\n')) text.pop_back();
  } else {
    PyErr_Clear();
    text += " (its traceback could not be formatted)";
  }
  log_line(os::LogLevel::kError, text);
}

}  // namespace tierce::wsgi

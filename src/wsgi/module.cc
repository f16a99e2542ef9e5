// The Python face of the extension: what boot.py calls, and nothing an application needs.
#include <Python.h>
#include <fcntl.h>

#include <memory>

#include "gateway/control.h"
#include "os/message_channel.h"
#include "os/process_title.h"
#include "wsgi/environ.h"
#include "wsgi/error_log.h"
#include "wsgi/file_wrapper.h"
#include "wsgi/greenlets.h"
#include "wsgi/input_stream.h"
#include "wsgi/request_runner.h"
#include "wsgi/start_response.h"
#include "wsgi/uwsgi_api.h"
#include "wsgi/worker.h"
#include "wsgi/worker_settings.h"
#include "wsgi/zygote.h"

namespace tierce::wsgi {

WorkerSettings& settings() {
  static WorkerSettings* const all = new WorkerSettings();  // Never destroyed: the control thread may still log.
  return *all;
}

namespace {

os::MessageChannel* zygote_control;
Worker* worker;

const char* text_of(PyObject* dict, const char* key) {
  PyObject* value = PyDict_GetItemString(dict, key);
  return value != nullptr ? PyUnicode_AsUTF8(value) : nullptr;
}
std::uint64_t number_of(PyObject* dict, const char* key) {
  const char* text = text_of(dict, key);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 0;
}

// configure(options: dict[str, str], listeners: list[str], format_exception)
PyObject* configure(PyObject*, PyObject* args) {
  PyObject *options, *listeners, *format_exception;
  if (!PyArg_ParseTuple(args, "O!O!O", &PyDict_Type, &options, &PyList_Type, &listeners, &format_exception))
    return nullptr;
  WorkerSettings& all = settings();
  all.threads = static_cast<std::uint32_t>(number_of(options, "threads"));
  all.greenlets = static_cast<std::uint32_t>(number_of(options, "greenlets"));
  all.hub_timeout_ns = number_of(options, "hub_timeout") * 1'000'000;
  all.multiprocess = number_of(options, "multiprocess") != 0;
  all.retirement = {.requests = number_of(options, "max_requests"),
                    .requests_jitter = number_of(options, "max_requests_jitter"),
                    .lifetime_seconds = number_of(options, "max_lifetime"),
                    .lifetime_jitter_seconds = number_of(options, "max_lifetime_jitter"),
                    .rss_bytes = number_of(options, "max_rss"),
                    .as_bytes = number_of(options, "max_as"),
                    .least_seconds = number_of(options, "least_lifetime")};
  all.file_wrapper = text_of(options, "no_file_wrapper") == nullptr;
  all.reaper = number_of(options, "reaper") != 0;
  all.cpus = static_cast<std::uint32_t>(number_of(options, "cpus"));
  if (const char* software = text_of(options, "server_software")) all.server_software = software;
  const char* level = text_of(options, "log_level");
  const auto least = os::log_level_of(level != nullptr ? level : "info");
  all.log = os::ErrorLog::on_descriptor(static_cast<int>(number_of(options, "error_log")),
                                        least.value_or(os::LogLevel::kInfo));
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(listeners); ++i) {
    const char* text = PyUnicode_AsUTF8(PyList_GET_ITEM(listeners, i));
    if (text == nullptr) return nullptr;
    const std::string_view view(text);
    const std::size_t blank = view.rfind(' ');
    ListenerName name;
    name.is_unix = view.starts_with("unix ");
    name.name = view.substr(0, blank);
    name.port = view.substr(blank + 1);
    all.listeners.push_back(std::move(name));
  }
  if (number_of(options, "capture_output") != 0) capture_output();
  Py_INCREF(format_exception);
  all.format_exception = format_exception;
  shield_from_signals();
  // Programs that the application starts get none of ours.
  if (all.log.fd() > 2) ::fcntl(all.log.fd(), F_SETFD, FD_CLOEXEC);
  if (const std::uint64_t control = number_of(options, "control"); control != 0) {
    ::fcntl(static_cast<int>(control), F_SETFD, FD_CLOEXEC);
    zygote_control = new os::MessageChannel(os::UniqueFd(static_cast<int>(control)));
  }
  Py_RETURN_NONE;
}

PyObject* log(PyObject*, PyObject* args) {
  const char *level, *text;
  if (!PyArg_ParseTuple(args, "ss", &level, &text)) return nullptr;
  log_line(os::log_level_of(level).value_or(os::LogLevel::kInfo), text);
  Py_RETURN_NONE;
}

// zygote_say(ready: bool, workers: int): the import has succeeded or failed; workers wanted, 0: as before.
PyObject* zygote_say(PyObject*, PyObject* args) {
  int ready;
  unsigned workers;
  if (!PyArg_ParseTuple(args, "pI", &ready, &workers)) return nullptr;
  const auto what = ready != 0 ? gateway::FromZygote::kReady : gateway::FromZygote::kFailed;
  if (zygote_control != nullptr) {
    static_cast<void>(
        zygote_control->send(gateway::ControlMessage{.kind = static_cast<std::uint32_t>(what), .number = workers}));
  }
  Py_RETURN_NONE;
}

// zygote_loop(arbiter or None) -> False at the end of the zygote, True in each worker.
PyObject* zygote_loop(PyObject*, PyObject* arbiter) {
  std::unique_ptr<Worker> forked = run_zygote(*zygote_control, arbiter);
  worker = forked.release();
  return PyBool_FromLong(worker != nullptr ? 1 : 0);
}

// worker_start(application, stack_fd): ready for requests.
PyObject* worker_start(PyObject*, PyObject* args) {
  PyObject* application;
  int stack_fd;
  if (!PyArg_ParseTuple(args, "Oi", &application, &stack_fd)) return nullptr;
  Py_INCREF(application);
  settings().application = application;
  if (!prepare_environ() || !prepare_request_runner()) return nullptr;
  worker->start_control(stack_fd);
  worker->say(gateway::FromWorker::kReady);
  Py_RETURN_NONE;
}

PyObject* set_title(PyObject*, PyObject* args) {
  const char* title;
  if (!PyArg_ParseTuple(args, "s", &title)) return nullptr;
  os::set_process_title(title);
  Py_RETURN_NONE;
}

PyObject* worker_failed(PyObject*, PyObject*) {
  worker->say(gateway::FromWorker::kFailed);
  Py_RETURN_NONE;
}

PyObject* worker_requests(PyObject*, PyObject*) { return PyLong_FromUnsignedLongLong(worker->requests()); }
PyObject* worker_interrupted(PyObject*, PyObject*) { return PyBool_FromLong(worker->interrupted() ? 1 : 0); }

PyObject* worker_retire(PyObject*, PyObject*) {
  worker->retire();
  Py_RETURN_NONE;
}

// worker_ask(reload: bool): uwsgi.reload() or uwsgi.stop()
PyObject* worker_ask(PyObject*, PyObject* reload) {
  if (worker == nullptr) {
    PyErr_SetString(PyExc_RuntimeError, "there is no worker yet: the application is being imported");
    return nullptr;
  }
  worker->say(PyObject_IsTrue(reload) != 0 ? gateway::FromWorker::kAsksReload : gateway::FromWorker::kAsksStop);
  Py_RETURN_TRUE;
}

PyObject* worker_wants_abort(PyObject*, PyObject*) {
  worker->expect_abort();
  Py_RETURN_NONE;
}

PyObject* worker_aborted(PyObject*, PyObject*) {
  worker->abort_handled();
  Py_RETURN_NONE;
}

// worker_run(thread): runs requests until the worker is told to exit.
PyObject* worker_run(PyObject*, PyObject* number) {
  const long thread = PyLong_AsLong(number);
  if (thread < 0 || thread >= static_cast<long>(settings().threads)) {
    if (PyErr_Occurred() == nullptr) PyErr_SetString(PyExc_ValueError, "no such thread");
    return nullptr;
  }
  worker->run(static_cast<std::uint32_t>(thread));
  Py_RETURN_NONE;
}

// hub_begin(getcurrent, Waiter, sleep, flush_later, stack_of) -> descriptors that the hub of this thread watches
PyObject* hub_begin(PyObject*, PyObject* args) {
  Gevent gevent;
  if (!PyArg_ParseTuple(args, "OOOOO", &gevent.getcurrent, &gevent.waiter, &gevent.sleep, &gevent.flush_later,
                        &gevent.stack_of))
    return nullptr;
  use_gevent(gevent);
  const PyRef list = PyRef::steal(PyList_New(0));
  for (const int fd : worker->begin_hub()) {
    const PyRef number = PyRef::steal(PyLong_FromLong(fd));
    if (!list || !number || PyList_Append(list.get(), number.get()) != 0) return nullptr;
  }
  Py_XINCREF(list.get());
  return list.get();
}

// hub_turn(descriptor): it is readable. How many greenlets to spawn for hub_run(); -1: watch it no more.
PyObject* hub_turn(PyObject*, PyObject* descriptor) {
  const long fd = PyLong_AsLong(descriptor);
  if (fd == -1 && PyErr_Occurred() != nullptr) return nullptr;
  return PyLong_FromLong(worker->turn_hub(static_cast<int>(fd)));
}

// hub_run(): one request, in a greenlet of its own. How many greenlets to spawn in its place.
PyObject* hub_run(PyObject*, PyObject*) { return PyLong_FromLong(worker->run_greenlet()); }

PyObject* hub_over(PyObject*, PyObject*) { return PyBool_FromLong(worker->hub_over() ? 1 : 0); }

PyObject* hub_flush(PyObject*, PyObject*) {
  worker->flush_hub();
  Py_RETURN_NONE;
}

PyObject* hub_beat(PyObject*, PyObject*) {
  worker->beat();
  Py_RETURN_NONE;
}

PyMethodDef methods[] = {
    {"configure", configure, METH_VARARGS, "configure(options, listeners, format_exception)"},
    {"log", log, METH_VARARGS, "log(level, text): one line in the error log"},
    {"zygote_say", zygote_say, METH_VARARGS, "zygote_say(ready, workers)"},
    {"zygote_loop", zygote_loop, METH_O, "zygote_loop(arbiter) -> bool"},
    {"worker_start", worker_start, METH_VARARGS, "worker_start(application, stack_fd)"},
    {"set_title", set_title, METH_VARARGS, "set_title(text): what ps shows"},
    {"worker_failed", worker_failed, METH_NOARGS, "worker_failed()"},
    {"worker_run", worker_run, METH_O, "worker_run(thread)"},
    {"hub_begin", hub_begin, METH_VARARGS,
     "hub_begin(getcurrent, Waiter, sleep, flush_later, stack_of) -> descriptors"},
    {"hub_turn", hub_turn, METH_O, "hub_turn(descriptor) -> greenlets to spawn"},
    {"hub_run", hub_run, METH_NOARGS, "hub_run() -> greenlets to spawn"},
    {"hub_over", hub_over, METH_NOARGS, "hub_over(): told to exit, and nothing runs any more"},
    {"hub_flush", hub_flush, METH_NOARGS, "hub_flush(): the edge is told of the answers"},
    {"hub_beat", hub_beat, METH_NOARGS, "hub_beat(): the hub turns"},
    {"worker_requests", worker_requests, METH_NOARGS, "worker_requests(): how many have begun"},
    {"worker_interrupted", worker_interrupted, METH_NOARGS, "worker_interrupted(): told to exit at once"},
    {"worker_retire", worker_retire, METH_NOARGS, "worker_retire(): asks to be replaced"},
    {"worker_ask", worker_ask, METH_O, "worker_ask(reload)"},
    {"worker_wants_abort", worker_wants_abort, METH_NOARGS, "SIGABRT when a request is over time"},
    {"worker_aborted", worker_aborted, METH_NOARGS, "the SIGABRT has been handled"},
    {nullptr, nullptr, 0, nullptr}};
PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_core", "The app role of tierce.", -1, methods, nullptr, nullptr, nullptr, nullptr};

PyObject* make_module() {
  PyObject* module = PyModule_Create(&definition);
  if (module == nullptr) return nullptr;
  if (!prepare_input_type(module) || !prepare_start_response_type(module) || !prepare_file_wrapper_type(module) ||
      !prepare_uwsgi_api(module) || PyModule_AddIntConstant(module, "STACK_SIGNAL", Worker::stack_signal()) != 0) {
    Py_DECREF(module);
    return nullptr;
  }
  return module;
}

}  // namespace
}  // namespace tierce::wsgi

PyMODINIT_FUNC PyInit__core() { return tierce::wsgi::make_module(); }  // NOLINT: the name is Python's.

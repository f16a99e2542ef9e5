#include "wsgi/uwsgi_api.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <string>
#include <vector>

#include "gateway/app_memory.h"
#include "os/clock.h"
#include "os/socket_io.h"
#include "wsgi/error_log.h"
#include "wsgi/file_wrapper.h"
#include "wsgi/greenlets.h"
#include "wsgi/response_writer.h"
#include "wsgi/worker_settings.h"

namespace tierce::wsgi {
namespace {

using gateway::AppMemory;
using gateway::SharedCache;
using gateway::WorkerCard;

AppMemory memory;
std::vector<SharedCache> caches;
std::uint32_t place;  // 0: no worker.
std::uint32_t life;
WorkerCard* card;
PyObject* after_request;
thread_local Call* current;

// --- arguments ---

// str as UTF-8, or anything like bytes.
bool text_of(PyObject* object, std::string* text) {
  if (PyUnicode_Check(object)) {
    Py_ssize_t bytes = 0;
    const char* utf8 = PyUnicode_AsUTF8AndSize(object, &bytes);
    if (utf8 == nullptr) return false;
    text->assign(utf8, static_cast<std::size_t>(bytes));
    return true;
  }
  Py_buffer view;
  if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) != 0) return false;
  text->assign(static_cast<const char*>(view.buf), static_cast<std::size_t>(view.len));
  PyBuffer_Release(&view);
  return true;
}
int to_text(PyObject* object, void* text) { return text_of(object, static_cast<std::string*>(text)) ? 1 : 0; }

PyObject* bytes_of(const std::string& text) {
  return PyBytes_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
}

PyObject* true_or_none(bool value) {
  if (value) Py_RETURN_TRUE;
  Py_RETURN_NONE;
}

std::uint64_t now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 + static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}
// Seconds from now as the moment; a past one has come.
std::uint64_t moment(long long seconds, std::uint64_t now) {
  if (seconds == 0) return 0;
  constexpr long long kMost = 1LL << 40;
  return seconds < 0 ? 1 : now + static_cast<std::uint64_t>(std::min(seconds, kMost)) * 1000;
}

// --- caches ---

// The cache of this name; the first one for "". nullptr, without an exception, when there is none.
const SharedCache* find_cache(const char* name) {
  if (name == nullptr || *name == '\0') return caches.empty() ? nullptr : caches.data();
  for (const SharedCache& cache : caches) {
    if (cache.name() == name) return &cache;
  }
  return nullptr;
}

// A cache operation sleeps when another process is at it, and may copy much: without the GIL.
template <typename F>
auto without_gil(F&& f) {
  const GilRelease released;
  return f();
}

PyObject* cache_get(PyObject*, PyObject* args) {
  std::string key;
  const char* name = nullptr;
  if (!PyArg_ParseTuple(args, "O&|z:cache_get", to_text, &key, &name)) return nullptr;
  const SharedCache* cache = find_cache(name);
  if (cache == nullptr) Py_RETURN_NONE;
  const auto value = without_gil([&] { return cache->get(key, now_ms()); });
  if (!value) Py_RETURN_NONE;
  return bytes_of(*value);
}

PyObject* cache_exists(PyObject*, PyObject* args) {
  std::string key;
  const char* name = nullptr;
  if (!PyArg_ParseTuple(args, "O&|z:cache_exists", to_text, &key, &name)) return nullptr;
  const SharedCache* cache = find_cache(name);
  return true_or_none(cache != nullptr && without_gil([&] { return cache->exists(key, now_ms()); }));
}

PyObject* cache_del(PyObject*, PyObject* args) {
  std::string key;
  const char* name = nullptr;
  if (!PyArg_ParseTuple(args, "O&|z:cache_del", to_text, &key, &name)) return nullptr;
  const SharedCache* cache = find_cache(name);
  return true_or_none(cache != nullptr && without_gil([&] { return cache->remove(key, now_ms()); }));
}

PyObject* store(PyObject* args, const char* format, bool also_when_there) {
  std::string key, value;
  long long expires = 0;
  const char* name = nullptr;
  if (!PyArg_ParseTuple(args, format, to_text, &key, to_text, &value, &expires, &name)) return nullptr;
  const SharedCache* cache = find_cache(name);
  // No value is no item, as uWSGI has it.
  if (cache == nullptr || value.empty()) Py_RETURN_NONE;
  return true_or_none(without_gil([&] {
    const std::uint64_t now = now_ms();
    return also_when_there ? cache->update(key, value, moment(expires, now), now)
                           : cache->set(key, value, moment(expires, now), now);
  }));
}
PyObject* cache_set(PyObject*, PyObject* args) { return store(args, "O&O&|Lz:cache_set", false); }
PyObject* cache_update(PyObject*, PyObject* args) { return store(args, "O&O&|Lz:cache_update", true); }

PyObject* calculate(PyObject* args, const char* format, SharedCache::Math math, long long operand) {
  std::string key;
  long long expires = 0;
  const char* name = nullptr;
  if (!PyArg_ParseTuple(args, format, to_text, &key, &operand, &expires, &name)) return nullptr;
  const SharedCache* cache = find_cache(name);
  if (cache == nullptr) Py_RETURN_NONE;
  return true_or_none(without_gil([&] {
    const std::uint64_t now = now_ms();
    return cache->calculate(key, math, operand, moment(expires, now), now);
  }));
}
PyObject* cache_inc(PyObject*, PyObject* args) {
  return calculate(args, "O&|LLz:cache_inc", SharedCache::Math::kAdd, 1);
}
PyObject* cache_dec(PyObject*, PyObject* args) {
  return calculate(args, "O&|LLz:cache_dec", SharedCache::Math::kSubtract, 1);
}
PyObject* cache_mul(PyObject*, PyObject* args) {
  return calculate(args, "O&|LLz:cache_mul", SharedCache::Math::kMultiply, 2);
}
PyObject* cache_div(PyObject*, PyObject* args) {
  return calculate(args, "O&|LLz:cache_div", SharedCache::Math::kDivide, 2);
}

PyObject* cache_num(PyObject*, PyObject* args) {
  std::string key;
  const char* name = nullptr;
  if (!PyArg_ParseTuple(args, "O&|z:cache_num", to_text, &key, &name)) return nullptr;
  const SharedCache* cache = find_cache(name);
  if (cache == nullptr) return PyLong_FromLong(0);
  return PyLong_FromLongLong(without_gil([&] { return cache->number(key, now_ms()); }));
}

PyObject* cache_clear(PyObject*, PyObject* args) {
  const char* name = nullptr;
  if (!PyArg_ParseTuple(args, "|z:cache_clear", &name)) return nullptr;
  const SharedCache* cache = find_cache(name);
  if (cache == nullptr) Py_RETURN_NONE;
  without_gil([&] { cache->clear(); });
  Py_RETURN_TRUE;
}

PyObject* cache_keys(PyObject*, PyObject* args) {
  const char* name = nullptr;
  if (!PyArg_ParseTuple(args, "|z:cache_keys", &name)) return nullptr;
  const SharedCache* cache = find_cache(name);
  if (cache == nullptr) {
    PyErr_SetString(PyExc_ValueError, "no local uWSGI cache available");
    return nullptr;
  }
  const auto keys = without_gil([&] { return cache->keys(now_ms()); });
  PyRef list = PyRef::steal(PyList_New(0));
  for (const std::string& key : keys) {
    const PyRef item = PyRef::steal(bytes_of(key));
    if (!list || !item || PyList_Append(list.get(), item.get()) != 0) return nullptr;
  }
  return list.release();
}

// --- locks ---

bool lock_number(PyObject* args, const char* format, int* number) {
  *number = 0;
  if (!PyArg_ParseTuple(args, format, number)) return false;
  if (*number >= 0 && static_cast<std::uint32_t>(*number) < memory.locks()) return true;
  PyErr_SetString(PyExc_ValueError, "Invalid lock number");
  return false;
}

PyObject* lock(PyObject*, PyObject* args) {
  int number = 0;
  if (!lock_number(args, "|i:lock", &number)) return nullptr;
  const auto taken = without_gil([&] { return memory.lock(static_cast<std::uint32_t>(number)).lock(); });
  if (taken == os::RobustMutex::Taken::kMineAlready) {
    PyErr_Format(PyExc_RuntimeError, "uwsgi.lock(%d): this thread holds it already and would wait for ever", number);
    return nullptr;
  }
  Py_RETURN_NONE;
}

PyObject* unlock(PyObject*, PyObject* args) {
  int number = 0;
  if (!lock_number(args, "|i:unlock", &number)) return nullptr;
  memory.lock(static_cast<std::uint32_t>(number)).unlock();
  Py_RETURN_NONE;
}

PyObject* is_locked(PyObject*, PyObject* args) {
  int number = 0;
  if (!lock_number(args, "|i:is_locked", &number)) return nullptr;
  os::RobustMutex& mutex = memory.lock(static_cast<std::uint32_t>(number));
  if (mutex.try_lock() == os::RobustMutex::Taken::kNo) Py_RETURN_TRUE;
  mutex.unlock();
  Py_RETURN_FALSE;
}

// --- workers ---

// app_open(memory, caches): maps what the supervisor has made, in the zygote.
PyObject* app_open(PyObject*, PyObject* args) {
  int memory_fd = -1;
  PyObject* cache_fds = nullptr;
  if (!PyArg_ParseTuple(args, "iO!", &memory_fd, &PyList_Type, &cache_fds)) return nullptr;
  const auto refuse = [](const Error& error) {
    PyErr_SetString(PyExc_RuntimeError, error.text().c_str());
    return nullptr;
  };
  auto mapped = AppMemory::map(memory_fd);
  if (!mapped) return refuse(mapped.error());
  memory = *mapped;
  ::close(memory_fd);
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(cache_fds); ++i) {
    const auto fd = static_cast<int>(PyLong_AsLong(PyList_GET_ITEM(cache_fds, i)));
    auto cache = gateway::map_cache(fd);
    if (!cache) return refuse(cache.error());
    caches.push_back(*cache);
    ::close(fd);
  }
  settings().uwsgi = true;
  return PyLong_FromUnsignedLongLong(memory.started_on());
}

// app_worker(generation): the place of this new worker.
PyObject* app_worker(PyObject*, PyObject* args) {
  unsigned generation = 0;
  if (!PyArg_ParseTuple(args, "I", &generation)) return nullptr;
  memory.take_card(life, ::getpid(), generation);
  card = &memory.card(place);
  return PyLong_FromUnsignedLong(place);
}

// app_after_request(callable)
PyObject* app_after_request(PyObject*, PyObject* hook) {
  Py_INCREF(hook);
  Py_XSETREF(after_request, hook);
  Py_RETURN_NONE;
}

PyObject* app_cards(PyObject*, PyObject* args) {
  unsigned least = 0;
  if (!PyArg_ParseTuple(args, "I", &least)) return nullptr;
  const std::uint32_t count = std::max(memory.places(), std::min(least, gateway::kWorkerCards));
  PyRef all = PyRef::steal(PyTuple_New(static_cast<Py_ssize_t>(count)));
  if (!all) return nullptr;
  for (std::uint32_t i = 1; i <= count; ++i) {
    const WorkerCard& c = memory.card(i);
    const gateway::WorkTotals done = memory.done_at(i);
    PyObject* entry =
        Py_BuildValue("(IiKKKKKKKKKI)", i, c.pid.load(), done.requests, memory.done_lately_at(i).requests,
                      c.signals.load(), done.exceptions, done.running_ns / 1000, c.last_spawn.load(), c.respawns.load(),
                      done.bytes_sent, memory.average_ns_at(i) / 1000, done.in_request);
    if (entry == nullptr) return nullptr;
    PyTuple_SET_ITEM(all.get(), static_cast<Py_ssize_t>(i - 1), entry);
  }
  return all.release();
}

PyObject* app_requests(PyObject*, PyObject*) {
  return PyLong_FromUnsignedLongLong(card != nullptr ? memory.done_at(place).requests : 0);
}

PyObject* app_all_requests(PyObject*, PyObject*) {
  std::uint64_t all = 0;
  for (std::uint32_t i = 1; i <= memory.places(); ++i) all += memory.done_at(i).requests;
  return PyLong_FromUnsignedLongLong(all);
}

// --- signals ---

bool signal_number(unsigned number) {
  if (number < gateway::kSignals) return true;
  PyErr_SetString(PyExc_ValueError, "signals are numbered 0 to 255");
  return false;
}

PyObject* signal_raise(PyObject*, PyObject* args) {
  unsigned number = 0;
  if (!PyArg_ParseTuple(args, "I", &number) || !signal_number(number)) return nullptr;
  memory.raise(number);
  Py_RETURN_NONE;
}
PyObject* signal_handle(PyObject*, PyObject* args) {
  unsigned number = 0;
  if (!PyArg_ParseTuple(args, "I", &number) || !signal_number(number)) return nullptr;
  if (card != nullptr) card->handles[number / 64].fetch_or(std::uint64_t{1} << (number % 64));
  Py_RETURN_NONE;
}
PyObject* signal_raised(PyObject*, PyObject* args) {
  unsigned number = 0;
  if (!PyArg_ParseTuple(args, "I", &number) || !signal_number(number)) return nullptr;
  return PyLong_FromUnsignedLongLong(memory.signal(number).raised.load());
}
PyObject* signal_take(PyObject*, PyObject* args) {
  unsigned number = 0;
  if (!PyArg_ParseTuple(args, "I", &number) || !signal_number(number)) return nullptr;
  return PyBool_FromLong(without_gil([&] { return memory.take_signal(number, place); }) ? 1 : 0);
}
PyObject* signal_first(PyObject*, PyObject* args) {
  unsigned number = 0;
  if (!PyArg_ParseTuple(args, "I", &number) || !signal_number(number)) return nullptr;
  return PyBool_FromLong(memory.first_for(number, place) ? 1 : 0);
}
PyObject* signal_counted(PyObject*, PyObject*) {
  if (card != nullptr) card->signals.fetch_add(1);
  Py_RETURN_NONE;
}
// signal_timer(number, seconds, times) -> 0.0: fire now; else look again in so many seconds; -1.0: never again.
PyObject* signal_timer(PyObject*, PyObject* args) {
  unsigned number = 0, times = 0;
  double seconds = 0;
  if (!PyArg_ParseTuple(args, "IdI", &number, &seconds, &times) || !signal_number(number)) return nullptr;
  const std::int64_t left = without_gil([&] {
    return memory.timer(number, place, static_cast<std::uint64_t>(seconds * 1e9), times, os::monotonic_ns());
  });
  return PyFloat_FromDouble(left < 0 ? -1.0 : static_cast<double>(left) / 1e9);
}
PyObject* signal_cron(PyObject*, PyObject* args) {
  unsigned number = 0;
  unsigned long long minute = 0;
  if (!PyArg_ParseTuple(args, "IK", &number, &minute) || !signal_number(number)) return nullptr;
  return PyBool_FromLong(without_gil([&] { return memory.cron(number, place, minute); }) ? 1 : 0);
}
PyObject* signal_sleep(PyObject*, PyObject* args) {
  unsigned seen = 0;
  double seconds = 0;
  if (!PyArg_ParseTuple(args, "Id", &seen, &seconds)) return nullptr;
  const std::uint32_t news = without_gil([&] { return memory.wait(seen, static_cast<std::int64_t>(seconds * 1e9)); });
  return PyLong_FromUnsignedLong(news);
}
PyObject* signal_wake(PyObject*, PyObject*) {
  memory.wake();
  Py_RETURN_NONE;
}

// --- the request at hand ---

// The one that this thread or, with gevent, this greenlet runs.
Call* current_call() { return settings().greenlets != 0 ? call_of_greenlet() : current; }

Call* this_call() {
  Call* call = current_call();
  if (call == nullptr) PyErr_SetString(PyExc_RuntimeError, "there is no request on this thread or greenlet");
  return call;
}

PyObject* set_logvar(PyObject*, PyObject* args) {
  std::string name, value;
  if (!PyArg_ParseTuple(args, "O&O&:set_logvar", to_text, &name, to_text, &value)) return nullptr;
  Call* call = this_call();
  if (call == nullptr) return nullptr;
  // A NUL ends it on its way to the log.
  name.resize(std::min(name.size(), name.find('\0')));
  value.resize(std::min(value.size(), value.find('\0')));
  for (auto& [known, held] : call->log_variables) {
    if (known != name) continue;
    held = value;
    Py_RETURN_NONE;
  }
  call->log_variables.emplace_back(name, value);
  Py_RETURN_NONE;
}

PyObject* get_logvar(PyObject*, PyObject* args) {
  std::string name;
  if (!PyArg_ParseTuple(args, "O&:get_logvar", to_text, &name)) return nullptr;
  const Call* call = this_call();
  if (call == nullptr) return nullptr;
  for (const auto& [known, held] : call->log_variables) {
    if (known == name) return bytes_of(held);
  }
  Py_RETURN_NONE;
}

PyObject* log_this_request(PyObject*, PyObject*) {
  Call* call = this_call();
  if (call == nullptr) return nullptr;
  call->log_always = true;
  Py_RETURN_NONE;
}

// The client has its answer, as far as it is written; the application goes on.
PyObject* disconnect(PyObject*, PyObject*) {
  Call* call = this_call();
  if (call == nullptr) return nullptr;
  if (call->started && !call->complete) {
    end_body(*call, false);
    signal_now(*call);
    call->client_gone = true;
  }
  Py_RETURN_NONE;
}

PyObject* core_number(PyObject*, PyObject*) {
  const Call* call = current_call();
  return PyLong_FromUnsignedLong(call != nullptr ? call->slot->thread : 0);
}

PyMethodDef methods[] = {{"cache_get", cache_get, METH_VARARGS, "cache_get(key, cache='')"},
                         {"cache_exists", cache_exists, METH_VARARGS, "cache_exists(key, cache='')"},
                         {"cache_set", cache_set, METH_VARARGS, "cache_set(key, value, expires=0, cache='')"},
                         {"cache_update", cache_update, METH_VARARGS, "cache_update(key, value, expires=0, cache='')"},
                         {"cache_del", cache_del, METH_VARARGS, "cache_del(key, cache='')"},
                         {"cache_inc", cache_inc, METH_VARARGS, "cache_inc(key, by=1, expires=0, cache='')"},
                         {"cache_dec", cache_dec, METH_VARARGS, "cache_dec(key, by=1, expires=0, cache='')"},
                         {"cache_mul", cache_mul, METH_VARARGS, "cache_mul(key, by=2, expires=0, cache='')"},
                         {"cache_div", cache_div, METH_VARARGS, "cache_div(key, by=2, expires=0, cache='')"},
                         {"cache_num", cache_num, METH_VARARGS, "cache_num(key, cache='')"},
                         {"cache_clear", cache_clear, METH_VARARGS, "cache_clear(cache='')"},
                         {"cache_keys", cache_keys, METH_VARARGS, "cache_keys(cache='')"},
                         {"lock", lock, METH_VARARGS, "lock(number=0)"},
                         {"unlock", unlock, METH_VARARGS, "unlock(number=0)"},
                         {"is_locked", is_locked, METH_VARARGS, "is_locked(number=0)"},
                         {"app_open", app_open, METH_VARARGS, "app_open(memory, caches)"},
                         {"app_worker", app_worker, METH_VARARGS, "app_worker(generation)"},
                         {"app_after_request", app_after_request, METH_O, "app_after_request(callable)"},
                         {"app_cards", app_cards, METH_VARARGS, "app_cards(least)"},
                         {"app_requests", app_requests, METH_NOARGS, "requests of this worker"},
                         {"app_all_requests", app_all_requests, METH_NOARGS, "requests of all workers"},
                         {"signal_raise", signal_raise, METH_VARARGS, "signal_raise(number)"},
                         {"signal_handle", signal_handle, METH_VARARGS, "signal_handle(number)"},
                         {"signal_raised", signal_raised, METH_VARARGS, "signal_raised(number)"},
                         {"signal_take", signal_take, METH_VARARGS, "signal_take(number)"},
                         {"signal_first", signal_first, METH_VARARGS, "signal_first(number)"},
                         {"signal_counted", signal_counted, METH_NOARGS, "signal_counted()"},
                         {"signal_timer", signal_timer, METH_VARARGS, "signal_timer(number, seconds, times)"},
                         {"signal_cron", signal_cron, METH_VARARGS, "signal_cron(number, minute)"},
                         {"signal_sleep", signal_sleep, METH_VARARGS, "signal_sleep(seen, seconds)"},
                         {"signal_wake", signal_wake, METH_NOARGS, "signal_wake()"},
                         {"set_logvar", set_logvar, METH_VARARGS, "set_logvar(name, value)"},
                         {"get_logvar", get_logvar, METH_VARARGS, "get_logvar(name)"},
                         {"log_this_request", log_this_request, METH_NOARGS, "log_this_request()"},
                         {"disconnect", disconnect, METH_NOARGS, "disconnect()"},
                         {"core_number", core_number, METH_NOARGS, "core_number()"},
                         {nullptr, nullptr, 0, nullptr}};

}  // namespace

bool prepare_uwsgi_api(PyObject* module) {
  return PyModule_AddFunctions(module, methods) == 0 &&
         PyObject_SetAttrString(module, "FileWrapper", file_wrapper_type()) == 0;
}

void be_worker(std::uint32_t number, std::uint32_t its_life) {
  place = number;
  life = its_life;
}

bool has_card() { return card != nullptr; }

void leave_place() {
  if (card == nullptr) return;
  // A replacement may have it already.
  if (card->pid.load() != ::getpid()) return;
  card->leaving.store(1);
  memory.wake();
}

void begin_counted(std::uint32_t thread, Call& call) {
  current = &call;
  memory.counts(life, thread).in_request.store(1, std::memory_order_relaxed);
}

void end_counted(std::uint32_t thread, const Call& call, std::uint64_t took_ns) {
  const auto add = [](std::atomic<std::uint64_t>& count, std::uint64_t more) {
    count.store(count.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  };
  gateway::ThreadCounts& counts = memory.counts(life, thread);
  add(counts.requests, 1);
  add(counts.bytes_sent, call.slot->response.head_bytes + static_cast<std::uint64_t>(call.body_bytes));
  add(counts.running_ns, took_ns);
  if (call.failed) add(counts.exceptions, 1);
  counts.in_request.store(0, std::memory_order_relaxed);
  std::atomic<std::uint64_t>& average = memory.life(life).average_ns;
  average.store((average.load(std::memory_order_relaxed) + took_ns) / 2, std::memory_order_relaxed);
}

void after_answer(Call& call) {
  current = nullptr;
  if (after_request == nullptr) return;
  // The client shall not wait for it: what has been answered goes out.
  if (call.line->mailbox.edge_sleeps()) os::ring_eventfd(call.line->wakeup);
  const PyRef done = PyRef::steal(PyObject_CallObject(after_request, nullptr));
  if (!done) log_exception("error in uwsgi.after_req_hook");
}

}  // namespace tierce::wsgi

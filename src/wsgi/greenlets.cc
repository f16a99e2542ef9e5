#include "wsgi/greenlets.h"

#include <pthread.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "wsgi/error_log.h"

namespace tierce::wsgi {
namespace {

Gevent gevent;
pthread_t hub_thread;
std::unordered_map<PyObject*, Call*> calls;  // By greenlet, which lives as long as its call.

struct Parked {
  Call* call;
  PyObject* waiter;  // Borrowed from the one who waits.
};
std::vector<Parked> parked;

// The greenlet of its own call is alive, so the address is enough.
PyObject* this_greenlet() {
  const PyRef greenlet = PyRef::steal(PyObject_CallObject(gevent.getcurrent, nullptr));
  if (!greenlet) PyErr_Clear();
  return greenlet.get();
}

}  // namespace

void use_gevent(const Gevent& given) {
  gevent = given;
  for (PyObject* callable : {gevent.getcurrent, gevent.waiter, gevent.sleep, gevent.flush_later, gevent.stack_of})
    Py_INCREF(callable);
  hub_thread = ::pthread_self();
}

bool on_hub_thread() { return gevent.waiter != nullptr && ::pthread_equal(hub_thread, ::pthread_self()) != 0; }

Call* call_of_greenlet() {
  const auto found = calls.find(this_greenlet());
  return found == calls.end() ? nullptr : found->second;
}
void give_call_to_greenlet(Call& call) { calls[this_greenlet()] = &call; }
void take_call_from_greenlet() { calls.erase(this_greenlet()); }

std::string stack_of_request(std::uint64_t request) {
  const auto found = std::find_if(calls.begin(), calls.end(),
                                  [request](const auto& item) { return item.second->request().request_id == request; });
  if (found == calls.end()) return "";
  const PyRef text = PyRef::steal(PyObject_CallFunctionObjArgs(gevent.stack_of, found->first, nullptr));
  const char* utf8 = text ? PyUnicode_AsUTF8(text.get()) : nullptr;
  if (utf8 != nullptr) return utf8;
  PyErr_Clear();
  return "";
}

bool park_for_room(Call& call) {
  while (call.line->mailbox.ring_park(call.index)) {
    const PyRef waiter = PyRef::steal(PyObject_CallObject(gevent.waiter, nullptr));
    if (!waiter) return false;
    parked.push_back({&call, waiter.get()});
    const PyRef woken = PyRef::steal(PyObject_CallMethod(waiter.get(), "get", nullptr));
    std::erase_if(parked, [&](const Parked& one) { return one.waiter == waiter.get(); });
    if (!woken) return false;
  }
  return true;
}

void resume_parked() {
  if (parked.empty()) return;
  std::vector<PyRef> woken;
  std::erase_if(parked, [&](const Parked& one) {
    if (!one.call->line->mailbox.ring_unparked(one.call->index)) return false;
    woken.push_back(PyRef::borrow(one.waiter));
    return true;
  });
  // Each switches to its greenlet and comes back when that waits again or has ended: others park meanwhile.
  for (const PyRef& waiter : woken) {
    const PyRef done = PyRef::steal(PyObject_CallMethod(waiter.get(), "switch", "O", Py_None));
    if (!done) log_exception("error in waking a greenlet");
  }
}

bool sleep_in_greenlet(double seconds) {
  return static_cast<bool>(PyRef::steal(PyObject_CallFunction(gevent.sleep, "d", seconds)));
}

void flush_hub_later() {
  const PyRef callback = PyRef::steal(PyObject_CallObject(gevent.flush_later, nullptr));
  if (!callback) log_exception("error in gevent's run_callback");
}

}  // namespace tierce::wsgi

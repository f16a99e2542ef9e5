// The zygote: a process that has imported the application and forks workers of it. It has one thread, so
// that a fork is safe, and runs no application code after the import but the hooks of a gunicorn.conf.py.
#pragma once

#include <Python.h>

#include <memory>

#include "os/message_channel.h"
#include "wsgi/worker.h"

namespace tierce::wsgi {

// Signals from a terminal or from outside must not end zygote and workers behind the supervisor's back.
void shield_from_signals();

// Answers the supervisor until it says exit or is gone: then nullptr in the zygote. In each forked child
// it returns that child's worker. Holds the GIL. `arbiter` is told of the workers' lives
// (gunicorn_hooks.Arbiter, or None).
std::unique_ptr<Worker> run_zygote(os::MessageChannel& control, PyObject* arbiter);

}  // namespace tierce::wsgi

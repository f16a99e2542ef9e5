"""uwsgidecorators inside the workers of `tierce uwsgi` (docs/uwsgi-module.md)."""
import functools
import threading

import uwsgi

postfork_chain = []


def postfork_chain_hook():
    for function in postfork_chain:
        function()


uwsgi.post_fork_hook = postfork_chain_hook


def get_free_signal():
    for number in range(256):
        if not uwsgi.signal_registered(number):
            return number
    raise Exception("No free uwsgi signal available")


class postfork:
    """@postfork, or @postfork(2) for the second worker alone."""

    def __init__(self, function):
        self.f, self.wid = (function, 0) if callable(function) else (None, function)
        postfork_chain.append(self)

    def __call__(self, *arguments, **named):
        if self.f is None:
            self.f = arguments[0]
            return None
        if self.wid > 0 and self.wid != uwsgi.worker_id():
            return None
        return self.f()


class signal:
    def __init__(self, number, target="", **ignored):
        self.num, self.target = number, target

    def arm(self):
        """What raises the signal."""

    def __call__(self, function):
        uwsgi.register_signal(self.num, self.target, function)
        self.arm()
        return function


class _Raised(signal):
    def __init__(self, *when, signum=None, target="", **ignored):
        super().__init__(get_free_signal() if signum is None else signum, target)
        self.when = when


class timer(_Raised):
    def arm(self):
        uwsgi.add_timer(self.num, *self.when)


class rbtimer(_Raised):
    def arm(self):
        uwsgi.add_rb_timer(self.num, *self.when)


class cron(_Raised):
    def __init__(self, minute, hour, day, month, dayweek, **how):
        super().__init__(minute, hour, day, month, dayweek, **how)

    def arm(self):
        uwsgi.add_cron(self.num, *self.when)


class filemon(_Raised):
    def arm(self):
        uwsgi.add_file_monitor(self.num, *self.when)


class lock:
    def __init__(self, function):
        self.f = function
        functools.update_wrapper(self, function)

    def __call__(self, *arguments, **named):
        uwsgi.lock()
        try:
            return self.f(*arguments, **named)
        finally:
            uwsgi.unlock()


class thread:
    def __init__(self, function):
        self.f = function

    def __call__(self, *arguments):
        threading.Thread(target=self.f, args=arguments, daemon=True).start()
        return self.f


def _refused(name, reason):
    def refuse(*arguments, **named):
        raise NotImplementedError("uwsgidecorators.%s: not supported by tierce, because %s" % (name, reason))

    refuse.__name__ = name
    return refuse


_MULES = "there are no mules and farms; a thread or a service of its own does that work"
_SPOOLER = "there is no spooler; a task queue of its own does that work"
spool = _refused("spool", _SPOOLER)
spoolraw = _refused("spoolraw", _SPOOLER)
spoolforever = _refused("spoolforever", _SPOOLER)
mulefunc = _refused("mulefunc", _MULES)
mule = _refused("mule", _MULES)
muleloop = _refused("muleloop", _MULES)
mulemsg = _refused("mulemsg", _MULES)
farm = _refused("farm", _MULES)
rpc = _refused("rpc", "there is no RPC between workers")
erlang = _refused("erlang", "erlang is not supported")
harakiri = _refused("harakiri", "a request's time is limited by the option harakiri alone")

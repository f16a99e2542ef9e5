"""The module `uwsgi` inside the workers of `tierce uwsgi`: what applications call most; the rest says why not.

docs/uwsgi-module.md is the list. Names, arguments and answers are those of uWSGI 2.0.31.
"""
import os
import sys
import time
import types

VERSION = (2, 0, 31, 0, b"")


class NotSupported(NotImplementedError, AttributeError):
    """hasattr() says no, and who calls it anyway reads why."""


# Attributes that uWSGI has always: they are there and raise when they are called.
_EDGE = "the edge owns the client's connection"
_MULES = "there are no mules and farms; a thread or a service of its own does that work"
_RPC = "there is no RPC between workers"
_ASYNC = "requests run on threads, not in uWSGI's async loop"
_METRICS = "there are no metrics of uWSGI's; total_requests() and workers() count"
_REFUSED = {
    _EDGE: "connection_fd is_connected send recv close connect wait_fd_read wait_fd_write chunked_read chunked_read_nb "
           "websocket_handshake websocket_recv websocket_recv_nb websocket_send websocket_send_binary offload "
           "add_var listen_queue cl start_response",
    _MULES: "mule_msg mule_get_msg farm_msg farm_get_msg",
    _RPC: "rpc register_rpc call",
    _ASYNC: "async_sleep async_connect green_schedule suspend ready_fd",
    _METRICS: "metric_get metric_set metric_inc metric_dec metric_mul metric_div metric_set_max metric_set_min",
    "the emperor and the legion are not supported": "i_am_the_lord lord_scroll scrolls",
    "there are no alarms": "alarm",
    "there is no log with a warning line": "set_warning_message",
    "a request's time is limited by harakiri alone": "set_user_harakiri",
    "it is for files and archives inside uWSGI's own binary": "embedded_data extract parsefile SymbolsImporter "
                                                              "SymbolsZipImporter ZipImporter",
    "signals run beside the requests and cannot be waited for": "signal_wait signal_received",
}
# Attributes that uWSGI has only when it was told to: hasattr() is how applications look for them.
_ABSENT = {
    "there is no spooler": "spool send_to_spooler spooler_jobs spooler_pid spooler_pids spooler_get_task "
                           "set_spooler_frequency spoolers",
    "there are no queues": "queue_get queue_set queue_last queue_push queue_pull queue_pop queue_slot queue_pull_slot",
    "there are no shared areas; cache2 shares data between workers":
        "sharedarea_read sharedarea_write sharedarea_readbyte sharedarea_writebyte sharedarea_read8 sharedarea_write8 "
        "sharedarea_read16 sharedarea_write16 sharedarea_read32 sharedarea_write32 sharedarea_read64 "
        "sharedarea_write64 sharedarea_inc8 sharedarea_inc16 sharedarea_inc32 sharedarea_inc64 sharedarea_dec8 "
        "sharedarea_dec16 sharedarea_dec32 sharedarea_dec64 sharedarea_wait sharedarea_rlock sharedarea_wlock "
        "sharedarea_unlock sharedarea_update sharedarea_memoryview sharedarea_object",
    "there is no SNMP": "snmp_set_community snmp_set_counter32 snmp_set_counter64 snmp_set_gauge snmp_incr_counter32",
    "the legion is not supported": "legion_lord legion_scroll",
    "erlang is not supported": "erlang_register_process",
}


def _why(name, reason):
    return "uwsgi.%s: not supported by tierce, because %s" % (name, reason)


def _refusing(name, reason):
    def refuse(*arguments, **named):
        raise NotImplementedError(_why(name, reason))

    refuse.__name__ = name
    return refuse


class Module(types.ModuleType):
    def __getattr__(self, name):
        for reason, names in _ABSENT.items():
            if name in names.split():
                raise NotSupported(_why(name, reason))
        raise AttributeError("module 'uwsgi' has no attribute %r (tierce: docs/uwsgi-module.md lists what it has)"
                             % name)


def options_of(items):
    """uwsgi.opt: bytes, True for a switch of the command line; of repeated ones the last, as uWSGI has it."""
    found = {}
    for item in items:
        name, equals, value = item.partition("=")
        found[name] = os.fsencode(value) if equals else True
    return found


def show_title(core, options, number):
    """procname and its kin: what ps shows for this process."""
    if "title_before" in options:
        numbered = options.get("title_numbered") == "1"
        core.set_title(options["title_before"] + (str(number) if numbered else "") + options.get("title_after", ""))


def _memory():
    with open("/proc/self/statm", "rb") as stream:
        size, resident = stream.read().split()[:2]
    page = os.sysconf("SC_PAGE_SIZE")
    return int(resident) * page, int(size) * page


class Application:
    """The module and what it needs from the lives of zygote and workers."""

    def __init__(self, core, options, lists):
        self.core, self.options = core, options
        self.generation, self.numproc = int(options["generation"]), int(options["workers"])
        self.lazy = options.get("lazy") == "1"
        self.worker, self.applications = 0, None
        started = core.app_open(int(options["uwsgi_memory"]), [int(number) for number in lists["uwsgi_cache"]])
        self.module = module = Module("uwsgi", __doc__)
        from . import uwsgi_signals

        self.signals = uwsgi_signals.Signals(core, self)
        for reason, names in _REFUSED.items():
            for name in names.split():
                setattr(module, name, _refusing(name, reason))
        for name in ("cache_get cache_set cache_update cache_del cache_exists cache_inc cache_dec cache_mul cache_div "
                     "cache_num cache_clear cache_keys lock unlock is_locked set_logvar get_logvar log_this_request "
                     "disconnect").split():
            setattr(module, name, getattr(core, name))
        module.__dict__.update(
            version=b"%d.%d.%d" % VERSION[:3], version_info=VERSION, hostname=os.fsencode(os.uname().nodename),
            opt=options_of(lists["uwsgi_option"]), numproc=self.numproc,
            cores=int(options["greenlets"]) or int(options["threads"]),
            has_threads=1, started_on=started, is_a_reload=self.generation > 1, buffer_size=4096, applications=None,
            loop=b"gevent" if options["greenlets"] != "0" else None, unbit=None, sockets=[], SPOOL_OK=-2, SPOOL_RETRY=-1, SPOOL_IGNORE=0,
            worker_id=lambda *ignored: self.worker, masterpid=lambda *ignored: int(options["supervisor"]),
            workers=self.workers, total_requests=lambda *ignored: core.app_all_requests(),
            request_id=lambda *ignored: core.app_requests(), mem=lambda *ignored: _memory(), logsize=self.logsize,
            log=self.log, reload=lambda *ignored: core.worker_ask(True), stop=lambda *ignored: core.worker_ask(False),
            accepting=lambda *ignored: None, ready=lambda *ignored: self.worker > 0,
            micros=lambda *ignored: int(time.time() * 1000000), mule_id=lambda *ignored: 0,
            in_farm=lambda *ignored: None, i_am_the_spooler=lambda *ignored: None, rpc_list=lambda *ignored: (),
            setprocname=self.setprocname, sendfile=self.sendfile)
        self.signals.install(module)
        sys.modules["uwsgi"] = module
        sys.meta_path.insert(0, Decorators())

    # --- what the module calls ---

    def workers(self, *ignored):
        found = []
        for (number, pid, requests, delta, signals, exceptions, running, spawned, respawns, sent, average,
             busy) in self.core.app_cards(self.numproc):
            app = {"id": 0, "modifier1": 0, "mountpoint": b"", "startup_time": 0, "interpreter": 0,
                   "callable": id(self.applications), "requests": requests + busy, "exceptions": exceptions,
                   "chdir": b""}
            found.append({"id": number, "pid": pid, "requests": requests, "delta_requests": delta, "signals": signals,
                          "exceptions": exceptions, "status": b"busy" if busy else b"idle", "rss": 0, "vsz": 0,
                          "running_time": running, "last_spawn": spawned, "respawn_count": respawns, "tx": sent,
                          "avg_rt": average, "apps": (app,)})
        return tuple(found)

    def log(self, text):
        if not isinstance(text, str):
            raise TypeError("log() argument 1 must be str, not %s" % type(text).__name__)
        self.core.log("info", text.replace("\0", "\\0"))
        return True

    def logsize(self, *ignored):
        log = int(self.options["error_log"])
        return os.fstat(log).st_size if log > 2 else 0  # 0 without logto.

    def setprocname(self, name):
        with open("/proc/self/comm", "wb") as stream:
            stream.write(os.fsencode(name)[:15])

    def sendfile(self, file, *sizes):
        return self.core.FileWrapper(open(file, "rb") if isinstance(file, (str, bytes)) else file, *sizes[:1])

    # --- what boot.py calls ---

    def forked(self):
        """In a new worker, before a lazy application is imported."""
        self.worker = self.core.app_worker(self.generation)
        show_title(self.core, self.options, self.worker)
        if not self.lazy:
            # uWSGI imports a lazy application after this hook, and so never calls what that one sets.
            self.call_hook("post_fork_hook")

    def serving(self, application):
        self.applications = application
        hook = self.module.__dict__.get("after_req_hook")
        if hook is not None:
            self.core.app_after_request(hook)
        self.signals.start()

    def ended(self):
        self.signals.stop(float(self.options["graceful_timeout"]) / 1000)
        self.call_hook("atexit")

    def call_hook(self, name):
        hook = self.module.__dict__.get(name)
        if hook is not None:
            self.guarded("uwsgi." + name, hook)

    def guarded(self, what, function, *arguments):
        """A failure of the application's own function is written to the log, and that is all."""
        try:
            function(*arguments)
        except Exception:
            from .boot import format_exception

            self.core.log("error", "Exception in %s:\n%s" % (what, format_exception(*sys.exc_info()).rstrip("\n")))


class Decorators:
    """Finds the module uwsgidecorators, ours before one that was installed with uWSGI."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "uwsgidecorators":
            return None
        import importlib.util

        here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "uwsgi_decorators.py")
        return importlib.util.spec_from_file_location(name, here)

"""The server hooks of a gunicorn.conf.py, and what they are given: an arbiter, workers, requests.

The zygote plays the arbiter: it forks the workers. Its pid, as hooks see it, is the supervisor's, which is
the process that understands signals. Loaded only for a Gunicorn configuration.
"""
import logging
import os
import signal
import sys

from . import gunicorn_conf
from .gunicorn_conf import DefaultHook

NAMES = ("on_starting", "on_reload", "when_ready", "pre_fork", "post_fork", "post_worker_init", "worker_int",
         "worker_abort", "pre_request", "post_request", "child_exit", "worker_exit", "nworkers_changed", "pre_exec", "on_exit")


# --- logs -------------------------------------------------------------------------------------------

# What a user's dictionary adds to, key by key: it may count on these handlers.
def _stream(name):
    return {"class": "logging.StreamHandler", "formatter": "generic", "stream": "ext://sys." + name}


def _logger(name, handler):
    return {"level": "INFO", "handlers": [handler], "propagate": True, "qualname": name}


LOG_CONFIG = {
    "version": 1, "disable_existing_loggers": False,
    "root": {"level": "INFO", "handlers": ["console"]},
    "loggers": {"gunicorn.error": _logger("gunicorn.error", "error_console"),
                "gunicorn.access": _logger("gunicorn.access", "console")},
    "handlers": {"console": _stream("stdout"), "error_console": _stream("stderr")},
    "formatters": {"generic": {"format": "%(asctime)s [%(process)d] [%(levelname)s] %(message)s",
                               "datefmt": "[%Y-%m-%d %H:%M:%S %z]", "class": "logging.Formatter"}},
}


class LogHandler(logging.Handler):
    """Lines of the logger gunicorn.error go where the server's own go."""

    _gunicorn = True

    def __init__(self, core):
        super().__init__()
        self.core = core

    def emit(self, record):
        for least, name in ((50, "critical"), (40, "error"), (30, "warning"), (20, "info")):
            if record.levelno >= least:
                break
        else:
            name = "debug"
        try:
            self.core.log(name, self.format(record).replace("\0", "\\0"))
        except Exception:
            self.handleError(record)


class Log:
    """arbiter.log and worker.log."""

    LOG_LEVELS = {"critical": logging.CRITICAL, "error": logging.ERROR, "warning": logging.WARNING,
                  "info": logging.INFO, "debug": logging.DEBUG}

    def __init__(self, core, cfg):
        self.cfg = cfg
        self.loglevel = self.LOG_LEVELS.get(cfg.loglevel.lower(), logging.INFO)
        self.error_log = logging.getLogger("gunicorn.error")
        self.access_log = logging.getLogger("gunicorn.access")
        for logger in (self.error_log, self.access_log):
            logger.propagate = False
        self.error_log.setLevel(self.loglevel)
        self.access_log.setLevel(logging.INFO)
        self.error_log.addHandler(LogHandler(core))
        try:
            self.configure(cfg)
        except Exception as error:
            raise gunicorn_conf.ReadFailed("The configuration of the logs: %s" % error)
        for name in ("critical", "error", "warning", "info", "debug", "exception"):
            setattr(self, name, getattr(self.error_log, name))

    @staticmethod
    def configure(cfg):
        """logconfig and its relatives, for all loggers of Python."""
        if cfg.logconfig_dict:
            import logging.config

            logging.config.dictConfig(dict(LOG_CONFIG, **cfg.logconfig_dict))
        elif cfg.logconfig_json:
            import json
            import logging.config

            with open(cfg.logconfig_json) as stream:
                logging.config.dictConfig(dict(LOG_CONFIG, **json.load(stream)))
        elif cfg.logconfig:
            import logging.config

            if not os.path.exists(cfg.logconfig):
                raise gunicorn_conf.ConfigError("log config %r not found" % cfg.logconfig)
            defaults = {"__file__": cfg.logconfig, "here": os.path.dirname(cfg.logconfig)}
            logging.config.fileConfig(cfg.logconfig, defaults=defaults, disable_existing_loggers=False)

    def log(self, level, *arguments, **named):
        if isinstance(level, str):
            level = self.LOG_LEVELS.get(level.lower(), logging.INFO)
        self.error_log.log(level, *arguments, **named)

    def access(self, *arguments):
        """The edge writes the access log."""

    def reopen_files(self):
        """The supervisor does (SIGUSR1)."""


# --- what hooks are given ---------------------------------------------------------------------------

class Listener:
    """A listening socket as hooks may look at it; the edge holds the socket itself."""

    def __init__(self, text):
        name, _, port = text.rpartition(" ")
        self.unix = text.startswith("unix ")
        self.cfg_addr = port if self.unix else (name, int(port))

    def getsockname(self):
        return self.cfg_addr

    def __str__(self):
        return "unix:%s" % self.cfg_addr if self.unix else "http://%s:%d" % self.cfg_addr


class App:
    def __init__(self, cfg, spec):
        self.cfg, self.app_uri, self.callable = cfg, spec, None

    def wsgi(self):
        return self.callable


class Heartbeat:
    """worker.tmp: Gunicorn's workers prove that they live by a file; ours need none."""

    def notify(self):
        pass

    def last_update(self):
        import time

        return time.monotonic()

    def close(self):
        pass


class Worker:
    def __init__(self, arbiter, age):
        self.age, self.pid, self.ppid = age, "[booting]", arbiter.pid
        self.cfg, self.log, self.app = arbiter.cfg, arbiter.log, arbiter.app
        self.sockets, self.timeout = arbiter.LISTENERS, arbiter.timeout / 2.0
        self.booted = self.aborted = False
        self.alive = True
        self.reloader = self.wsgi = None
        self.max_requests = self.cfg.max_requests or sys.maxsize
        self.tmp = Heartbeat()
        self.counted = 0
        self.count = lambda: self.counted

    @property
    def nr(self):
        return self.count()

    def notify(self):
        self.tmp.notify()

    def __str__(self):
        return "<Worker %s>" % self.pid


class Request:
    """A request as pre_request and post_request know it."""

    def __init__(self, environ):
        self.environ = environ
        self.method = environ["REQUEST_METHOD"]
        self.uri = environ["RAW_URI"]
        self.path = self.uri.partition("?")[0].partition("#")[0]
        self.query = environ["QUERY_STRING"]
        self.fragment = ""
        self.scheme = environ["wsgi.url_scheme"]
        self.version = (1, 0) if environ["SERVER_PROTOCOL"] == "HTTP/1.0" else (1, 1)
        self.remote_addr = self.peer_addr = (environ.get("REMOTE_ADDR", ""), environ.get("REMOTE_PORT", ""))
        self.trailers = []

    @property
    def headers(self):
        found = [(name, self.environ[name.replace("-", "_")]) for name in ("CONTENT-TYPE", "CONTENT-LENGTH")
                 if self.environ.get(name.replace("-", "_"))]
        return found + [(name[5:].replace("_", "-"), value) for name, value in self.environ.items()
                        if name.startswith("HTTP_")]

    @property
    def body(self):
        return self.environ["wsgi.input"]


class Response:
    """What the application has answered, for post_request."""

    def __init__(self, req):
        self.req, self.version = req, "tierce"
        self.status, self.headers, self.response_length = None, [], None
        self.sent, self.headers_sent = 0, False

    @property
    def status_code(self):
        return int(self.status.split()[0]) if self.status else None

    def take(self, status, headers):
        self.status, self.headers = status, list(headers)
        for name, value in self.headers:
            if name.lower() == "content-length":
                self.response_length = int(value)

    def count(self, piece):
        self.headers_sent = True
        self.sent += len(piece)


class Body:
    """The pieces of a response; the end of it is the moment of post_request."""

    def __init__(self, result, response, finish):
        self.result, self.response, self.finish = result, response, finish

    def __iter__(self):
        for piece in self.result:
            self.response.count(piece)
            yield piece

    def close(self):
        try:
            if hasattr(self.result, "close"):
                self.result.close()
        finally:
            self.finish()


def with_request_hooks(application, cfg, worker, report):
    """The application between pre_request and post_request; itself when neither is defined."""
    before = None if isinstance(cfg.pre_request, DefaultHook) else cfg.pre_request
    after = None if isinstance(cfg.post_request, DefaultHook) else cfg.post_request
    if before is None and after is None:
        return application
    worker.count = lambda: worker.counted

    def finish(req, environ, response):
        if after is not None:
            try:
                after(worker, req, environ, response)
            except Exception:
                report("post_request")

    def call(environ, start_response):
        req, response = Request(environ), None
        try:
            if before is not None:
                before(worker, req)
            response = Response(req)
            worker.counted += 1
            if after is None:
                return application(environ, start_response)

            def start(status, headers, *exc_info):
                write = start_response(status, headers, *exc_info)
                response.take(status, headers)

                def counted_write(piece):
                    response.count(piece)
                    return write(piece)

                return counted_write

            result = application(environ, start)
        except BaseException:
            finish(req, environ if response else {}, response)
            raise
        return Body(result, response, lambda: finish(req, environ, response))

    return call


class Arbiter:
    """What server hooks know as the arbiter, and what boot.py and the extension tell of the workers' lives."""

    def __init__(self, core, options, listeners):
        self.core = core
        try:
            # The file may have changed since the server was told what it says.
            cfg, app = gunicorn_conf.load(options["gunicorn_arguments"], options["gunicorn_table"],
                                          options["gunicorn_directory"])
            self.cfg, self.log = cfg, Log(core, cfg)
        except gunicorn_conf.ReadFailed as failure:
            core.log("critical", str(failure).strip())
            core.zygote_say(False, 0)
            os._exit(3)
        self.app = App(cfg, app)
        self.pid = int(options["supervisor"])
        self.master_pid, self.master_name, self.proc_name = 0, "Master", cfg.proc_name
        self.address, self.timeout, self.worker_class = cfg.address, cfg.timeout, cfg.worker_class_str
        self.LISTENERS = [Listener(text) for text in listeners]
        self.WORKERS, self.worker_age = {}, 0
        self.by_number = {}
        self.num_workers = None
        self.reloaded = options["generation"] != "1"
        self.worker = None  # In a worker: itself.
        self.ending = False
        before = int(options["workers"]) if self.reloaded else None
        self.change_workers(cfg.workers, before)
        os.environ.update(cfg.env)
        gunicorn_conf.add_python_path(cfg)

    def report(self, name, level="error"):
        """A failed hook in the log: its name, and the traceback of the user's code."""
        error = sys.exc_info()[1]
        self.core.log(level, "Exception in the hook %s:\n%s"
                      % (name, gunicorn_conf.user_traceback(error).rstrip("\n")))

    def call(self, name, *arguments):
        """True when the hook has not failed."""
        try:
            getattr(self.cfg, name)(*arguments)
            return True
        except BaseException:
            self.report(name)
            return False

    def change_workers(self, number, before):
        self.num_workers = number
        self.call("nworkers_changed", self, number, before)

    # --- in the zygote, called by boot.py ---

    def ready(self):
        """False when a hook forbids the start by an exception."""
        if self.reloaded:
            return self.call("on_reload", self)
        return self.call("on_starting", self) and self.call("when_ready", self)

    # --- in the zygote, called by the extension ---

    def pre_fork(self, number):
        self.worker_age = number  # Counted across reloads.
        worker = self.by_number[number] = Worker(self, number)
        self.call("pre_fork", self, worker)

    def forked(self, number, pid):
        if pid < 0:
            del self.by_number[number]
            return
        worker = self.by_number[number]
        worker.pid = pid
        self.WORKERS[pid] = worker

    def in_child(self, number):
        self.worker = self.by_number[number]
        self.worker.pid = os.getpid()
        self.worker.count = self.core.worker_requests

    def child_exit(self, number, pid):
        worker = self.by_number.pop(number, None)
        self.WORKERS.pop(pid, None)
        if worker is not None:
            worker.alive = False
            self.call("child_exit", self, worker)

    def workers_wanted(self, number):
        if number != self.num_workers:
            self.change_workers(number, self.num_workers)

    def pre_exec(self):
        self.call("pre_exec", self)

    def on_exit(self):
        self.call("on_exit", self)

    # --- in a worker ---

    def post_fork(self):
        """False: the worker must not go on."""
        self.name_process()
        done = self.call("post_fork", self, self.worker)
        self.install_signals()
        return done

    def post_worker_init(self, application):
        """The application as it is to be called; None when the worker must not go on."""
        self.app.callable = self.worker.wsgi = application
        if not self.call("post_worker_init", self.worker):
            return None
        self.worker.booted = True
        return with_request_hooks(application, self.cfg, self.worker, self.report)

    def worker_exit(self):
        self.ending = True
        # An idle worker may see that it is to end before the signal that says how.
        if self.core.worker_interrupted():
            self.interrupt()
        self.worker.alive = False
        self.call("worker_exit", self, self.worker)

    def name_process(self):
        try:
            from setproctitle import setproctitle
        except ImportError:
            return
        setproctitle("gunicorn: worker [%s]" % self.proc_name)

    def install_signals(self):
        signal.signal(signal.SIGINT, self.interrupted)
        signal.signal(signal.SIGQUIT, self.interrupted)
        if not isinstance(self.cfg.worker_abort, DefaultHook):
            signal.signal(signal.SIGABRT, self.aborted)
            self.core.worker_wants_abort()

    def interrupt(self):
        if self.worker.alive:
            self.worker.alive = False
            self.call("worker_int", self.worker)

    def interrupted(self, number, frame):
        self.interrupt()
        if self.ending:
            return
        if self.core.worker_interrupted():
            raise SystemExit(0)  # What runs on this thread ends here.
        self.core.worker_retire()

    def aborted(self, number, frame):
        self.worker.alive = False
        self.worker.aborted = True
        self.call("worker_abort", self.worker)
        self.core.worker_aborted()

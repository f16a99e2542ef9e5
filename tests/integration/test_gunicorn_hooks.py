"""The hooks of a gunicorn.conf.py are called where, when and with what Gunicorn calls them with."""

import os
import re
import signal

import pytest

from gunicorn_peers import OURS, REAL
from raw_client import RawClient
from waiting import SLOWNESS, eventually

HOOKS = """
import os
def say(*words):
    with open(os.environ["TRACE"], "a") as file:
        file.write(" ".join(map(str, words)) + "\\n")
def on_starting(server): say("on_starting", server.num_workers, type(server.pid).__name__, server.cfg.workers, server.timeout)
def on_reload(server): say("on_reload", server.num_workers)
def when_ready(server): say("when_ready", len(server.LISTENERS), len(server.WORKERS), server.cfg.settings["timeout"].get())
def pre_fork(server, worker): say("pre_fork", worker.age, worker.pid, worker.ppid == server.pid, worker.timeout)
def post_fork(server, worker):
    server.log.info("Worker spawned (pid: %s)", worker.pid)
    say("post_fork", worker.age, worker.pid == os.getpid(), worker.alive, worker.booted, worker.cfg.proc_name)
def post_worker_init(worker): say("post_worker_init", worker.age, worker.nr, worker.cfg.timeout, worker.app.callable is not None)
def worker_int(worker): say("worker_int")
def pre_request(worker, req):
    say("pre_request", worker.nr, req.method, req.path, req.uri, req.query, req.version, req.headers)
def post_request(worker, req, environ, resp):
    say("post_request", worker.nr, req.method, environ["PATH_INFO"], resp.status, resp.sent, resp.headers)
def child_exit(server, worker): say("child_exit", worker.age)
def worker_exit(server, worker): say("worker_exit", worker.age, worker.nr)
def nworkers_changed(server, new, old): say("nworkers_changed", new, old)
def on_exit(server): say("on_exit")
"""
APP = """
import os
with open(os.environ["TRACE"], "a") as file:
    file.write("import\\n")
def app(environ, start_response):
    if environ["PATH_INFO"] == "/fails":
        raise RuntimeError("broken on purpose")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"one", b"two"]
"""


@pytest.fixture
def start(gunicorn_run):
    return lambda program=OURS, *args, hooks=HOOKS, app=APP: gunicorn_run(program, *args, conf=hooks, app=app)


def story(run, number):
    run.wait("post_worker_init")
    assert run.get() == 200
    run.wait("post_request")  # The answer may arrive before it.
    assert run.get("/fails") == 500
    run.wait("post_request", 2)
    assert run.stop(number) == 0
    # Host names the port, which differs.
    return [re.sub(r"127\.0\.0\.1:[0-9]+", "HOST", line) for line in run.trace()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
@pytest.mark.parametrize("args", [["-w", "1"], ["--preload", "-t", "7", "-n", "shop"], ["--threads", "3", "--keep-alive", "0"]],
                         ids=["lazy", "preload", "threads"])
def test_they_are_called_in_the_order_of_gunicorn(start, args, number):
    assert story(start(OURS, *args), number) == story(start(REAL, *args), number)


def test_a_reload_calls_them_as_gunicorn_does(start):
    def reloaded(program):
        run = start(program, "-w", "2")
        run.wait("post_worker_init", 2)
        run.process.send_signal(signal.SIGHUP)
        run.wait("post_worker_init", 4)
        run.wait("child_exit", 2)
        assert run.stop() == 0
        return run.trace()

    ours, theirs = reloaded(OURS), reloaded(REAL)
    # Two workers side by side, and old ones beside new ones: who is first is chance.
    assert sorted(ours) == sorted(theirs)
    assert [line for line in ours if line.startswith(("on_", "when"))] == [line for line in theirs if line.startswith(("on_", "when"))]


def test_a_reload_reads_the_number_of_workers_anew(start):
    run = start(OURS, "-w", "1", hooks=HOOKS)
    run.wait("post_worker_init")
    run.stop()
    run = start(OURS, hooks=HOOKS + "\nworkers = 1\n")
    run.wait("post_worker_init")
    (run.directory / "gunicorn.conf.py").write_text(HOOKS + "\nworkers = 3\n")
    run.process.send_signal(signal.SIGHUP)
    run.wait("post_worker_init", 4)
    assert "nworkers_changed 3 1" in run.trace()
    assert run.stop() == 0


def test_more_and_fewer_workers(start):
    run = start(OURS)
    run.wait("post_worker_init")
    run.process.send_signal(signal.SIGTTIN)
    run.wait("post_worker_init", 2)
    run.process.send_signal(signal.SIGTTOU)
    run.wait("child_exit")
    assert [line for line in run.trace() if line.startswith("nworkers_changed")] == [
        "nworkers_changed 1 None", "nworkers_changed 2 1", "nworkers_changed 1 2"]
    assert run.stop() == 0


def test_worker_abort_sees_the_worker_that_hangs(start):
    slow = APP.replace('    start_response("200', '    import time\n    while environ["PATH_INFO"] == "/slow": time.sleep(0.05)\n    start_response("200')
    run = start(OURS, "-t", "1", app=slow, hooks=HOOKS + """
def worker_abort(worker):
    import sys, traceback
    say("worker_abort", worker.pid == os.getpid(), any("app" == f.name for f in traceback.extract_stack()))
""")
    run.wait("post_worker_init")
    assert run.get("/slow") == 504
    run.wait("worker_abort True True")
    run.wait("post_worker_init", 2)
    assert run.get() == 200
    assert run.stop() == 0


def test_a_signal_to_a_worker_is_its_hook_and_its_end(start):
    run = start(OURS, hooks=HOOKS + "\ndef post_worker_init(worker): say('pid', worker.pid)\n")
    run.wait("pid")
    os.kill(int(run.trace()[-1].split()[1]), signal.SIGINT)
    run.wait("worker_int")
    run.wait("pid", 2)
    run.wait("child_exit")
    assert run.get() == 200
    assert run.stop() == 0


def test_an_interrupt_does_not_wait_for_requests(start):
    slow = APP.replace('    start_response("200', '    import time\n    time.sleep(60)\n    start_response("200')
    run = start(OURS, app=slow)
    run.wait("post_worker_init")
    with RawClient(("127.0.0.1", run.port)) as client:
        client.request("GET", "/")
        run.wait("pre_request")
        assert run.stop(signal.SIGINT) == 0
    assert [line.split()[0] for line in run.trace()][-4:] == ["post_request", "worker_exit", "child_exit", "on_exit"]
    run.wait("worker_int")


# --- hooks that fail ------------------------------------------------------------------------------------

@pytest.mark.parametrize("hook, args", [("on_starting", "server"), ("when_ready", "server"), ("post_fork", "server, worker"),
                                        ("post_worker_init", "worker")])
def test_a_failure_at_the_start_is_the_end_and_named(start, hook, args):
    run = start(OURS, hooks=f"def {hook}({args}):\n    raise ValueError('broken on purpose')\n")
    assert run.process.wait(15 * SLOWNESS) == 3
    assert f"Exception in the hook {hook}:\nTraceback" in run.log()
    assert 'gunicorn.conf.py", line 2, in ' + hook in run.log() and "tierce_wsgi" not in run.log()


@pytest.mark.parametrize("hook, args", [("pre_fork", "server, worker"), ("worker_exit", "server, worker"), ("on_exit", "server"),
                                        ("child_exit", "server, worker"), ("nworkers_changed", "server, new, old"),
                                        ("post_request", "worker, req")])
def test_a_failure_later_is_named_and_nothing_else(start, hook, args):
    run = start(OURS, hooks=f"def {hook}({args}):\n    raise ValueError('broken on purpose')\n")
    eventually(lambda: "Booting worker" in run.log(), 10)
    assert run.get() == 200
    assert run.stop() == 0
    assert f"Exception in the hook {hook}:\nTraceback" in run.log()


def test_a_failing_pre_request_is_an_answer_of_500(start):
    run = start(OURS, hooks="def pre_request(worker, req):\n    raise ValueError('broken on purpose')\n")
    eventually(lambda: "Booting worker" in run.log(), 10)
    assert run.get() == 500
    assert "in pre_request" in run.log()
    assert run.stop() == 0


# --- what they are given --------------------------------------------------------------------------------

def test_the_log_is_the_servers(start):
    run = start(OURS, "--log-level", "debug", hooks="""
def post_fork(server, worker):
    worker.log.debug("a %s", "debug line")
    worker.log.warning("100%")
    try: 1 / 0
    except ZeroDivisionError: server.log.exception("caught")
    server.log.log("info", "by name")
    import logging
    logging.getLogger("gunicorn.error").error("by its logger")
""")
    eventually(lambda: "by its logger" in run.log(), 10)
    assert run.stop() == 0
    for text in ("[DEBUG] a debug line", "[WARNING] 100%", "[ERROR] caught\nTraceback (most", "[INFO] by name", "[ERROR] by its logger"):
        assert re.search(r"^\[[0-9-]+ [0-9:]+ \+[0-9]{4}\] \[[0-9]+\] " + re.escape(text), run.log(), re.M), run.log()


def test_flask_applications_find_the_logger_they_borrow(start):
    run = start(OURS, app="""
import logging
borrowed = logging.getLogger("gunicorn.error")
logger = logging.getLogger("shop")
logger.handlers = borrowed.handlers
logger.setLevel(borrowed.level)
def app(environ, start_response):
    logger.info("from the application")
    start_response("200 OK", [])
    return []
""")
    eventually(lambda: "Booting worker" in run.log(), 10)
    assert run.get() == 200
    eventually(lambda: "[INFO] from the application" in run.log(), 5)
    assert run.stop() == 0


def test_a_thread_started_by_a_server_hook_runs(start):
    run = start(OURS, hooks=HOOKS + """
def post_worker_init(worker): say("pid", worker.pid)
def when_ready(server):
    import threading, time
    def work():
        while True:
            say("tick"); time.sleep(0.05)
    threading.Thread(target=work, daemon=True).start()
""")
    run.wait("tick", 5)
    run.wait("pid")
    os.kill(int([line for line in run.trace() if line.startswith("pid")][0].split()[1]), signal.SIGKILL)
    run.wait("child_exit")  # The thread must not swallow the news.
    run.wait("pid", 2)
    assert run.stop() == 0


def test_requests_without_hooks_are_counted(start):
    run = start(OURS, hooks=HOOKS.replace("def pre_request", "def _a").replace("def post_request", "def _b"))
    run.wait("post_worker_init")
    for _ in range(3):
        assert run.get() == 200
    assert run.stop() == 0
    run.wait("worker_exit 1 3")

"""The gevent worker: requests in greenlets of the application's gevent, a thousand waiting at once in one worker."""

import json
import os
import re
import select
import signal
import sys
import time

import pytest

import processes
from gate import Background, Load
from gunicorn_peers import OURS, REAL
from raw_client import RawClient
from server_process import APPS, BINARY
from waiting import SLOWNESS, eventually, stays

GEVENT = ["-k", "gevent"]
PYTHONS = os.environ.get("TIERCE_TEST_PYTHONS", sys.executable).split(":")


def begin(server, app="greenlets:app", args=(), **how):
    return server.start(app, args=[*GEVENT, *args], **how)


def ask_at_once(server, paths):
    """The answers to requests that were all sent before the first of them was looked for."""
    clients = [server.raw(timeout=60) for _ in paths]
    try:
        for client, path in zip(clients, paths):
            client.request("GET", path)
        return [client.response() for client in clients]
    finally:
        for client in clients:
            client.close()


def test_a_thousand_requests_wait_at_once_in_one_worker(server):
    begin(server)
    answers = ask_at_once(server, ["/barrier?count=1000"] * 1000)
    assert {(answer.status, answer.body) for answer in answers} == {(200, b"1000")}
    assert {answer.header("X-Pid") for answer in answers} == {str(pid) for pid in server.workers(1)}


@pytest.mark.parametrize("python", PYTHONS, ids=lambda python: python.split("/")[-3])
def test_every_python_has_its_greenlets(server, python):
    begin(server, python=python, args=["--lazy-apps"])
    answers = ask_at_once(server, ["/barrier?count=100"] * 100 + ["/me?token=1", "/raises", "/spawned", "/killed"])
    assert [answer.status for answer in answers] == [200] * 101 + [500, 200, 500]
    with server.raw() as reads:
        reads.request("GET", "/endless")
        eventually(lambda: server.get("/pieces").text != "0 ")
    eventually(lambda: server.get("/pieces").text.endswith(" closed"), 10, "the stream has been closed")


def test_a_thousand_that_sleep_take_the_time_of_one(server):
    begin(server, "gated:app")
    clock = time.monotonic()
    answers = ask_at_once(server, ["/sleep?seconds=1"] * 1000)
    assert {answer.status for answer in answers} == {200}
    assert 1 <= time.monotonic() - clock < 30 * SLOWNESS  # One after the other: 1000 s.


@pytest.mark.parametrize("args", [[], ["--edge-threads", "2"], ["-w", "3"]], ids=["plain", "edge threads", "workers"])
def test_what_belongs_to_a_request_stays_with_it(server, args):
    begin(server, args=args)
    answers = ask_at_once(server, [f"/me?token={number}" for number in range(300)])
    for number, answer in enumerate(answers):
        assert answer.text.split() == [f"token={number}", str(number)] * 5


def test_the_application_is_patched_before_it_is_imported_lazily_too(server):
    begin(server, args=["--lazy-apps"])
    assert server.get("/quick").status == 200


def test_it_has_the_greenlets_and_threads_of_gevent(server):
    begin(server)
    assert server.get("/hub").text == "Greenlet 1"
    assert server.get("/spawned").text == "True"


@pytest.mark.parametrize("args", [[], ["--lazy-apps"]], ids=["one import", "lazy"])
def test_children_native_threads_and_names_work(server, args):
    begin(server, args=args)
    answers = ask_at_once(server, ["/native"] * 5)
    assert {answer.text for answer in answers} == {"child True 127.0.0.1"}


@pytest.mark.parametrize("app, path", [("flask_app:app", "/stream?word=w"), ("django_site.wsgi", "/")])
def test_frameworks_are_served(server, app, path):
    begin(server, app, workers=2)
    answers = ask_at_once(server, [path] * 30)
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1


def test_a_hub_that_the_import_has_made_survives_the_fork(server, tmp_path):
    (tmp_path / "early.py").write_text(
        "import socket, threading, time\n"
        "import gevent\n"
        "gevent.sleep(0.01)\n"
        "socket.getaddrinfo('localhost', 80)\n"
        "from greenlets import app\n")
    begin(server, "early:app", workers=2, env={"PYTHONPATH": str(APPS)}, chdir=tmp_path)
    answers = ask_at_once(server, ["/me?token=a"] * 20)
    assert {answer.text for answer in answers} == {" ".join(["token=a", "a"] * 5)}


def test_more_than_worker_connections_wait(server):
    begin(server, args=["--greenlets", "10"])
    first = server.workers(1)
    running = [server.raw() for _ in range(10)]
    for client in running:
        client.request("GET", "/barrier?count=99")
    with server.raw() as eleventh:
        eleventh.request("GET", "/open")
        assert stays(lambda: not select.select([eleventh.socket], [], [], 0)[0], 0.5)
        server.signal(signal.SIGTTIN)  # A second worker has room.
        assert eleventh.response().text == "open"
    os.kill(first[0], signal.SIGKILL)
    assert [client.response().status for client in running] == [502] * 10
    for client in running:
        client.close()


def test_a_slow_upload_and_a_slow_reader_hold_nobody(server):
    begin(server)
    with server.raw() as uploads, server.raw() as reads:
        uploads.send(b"POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" + b"\1" * 1000)
        reads.request("GET", "/endless")

        def made():
            return int(server.get("/pieces").text.split()[0])

        # The ring, what the edge puts aside and the kernel's buffers are full: the greenlet waits.
        def waits():
            before = made()
            return stays(lambda: made() == before, 0.2)
        eventually(waits, 60, "the stream waits for its reader")
        before = made()
        uploads.send(b"\1" * 299000)
        assert uploads.response().text == "300000 300000"
        received = 0
        while received < 300 << 20 and made() == before:
            received += len(reads.socket.recv(1 << 20))
        eventually(lambda: made() > before, 10, "the stream goes on")
    eventually(lambda: server.get("/pieces").text.endswith(" closed"), 10, "the stream has been closed")


def test_a_large_body_comes_as_a_file(server):
    begin(server, args=["--client-max-body-size", "10m"])
    answers = [Background(server.post, "/upload", b"\2" * (3 << 20)) for _ in range(5)]
    assert {answer.result().text for answer in answers} == {f"{3 << 20} {6 << 20}"}


def test_a_timeout_of_the_application_ends_its_wait_for_the_reader(server):
    begin(server, args=["--max-temp-file-size", "0"])
    with server.raw() as reads:
        reads.request("GET", "/timeout")
        eventually(lambda: server.get("/pieces").text.endswith(" closed"), 20, "the greenlet has ended")
        server.wait_log(r"gevent.timeout.Timeout|Timeout: 0.2 seconds")
    assert server.get("/quick").status == 200


def test_an_exception_is_its_own_requests_alone(server):
    begin(server)
    answers = ask_at_once(server, ["/raises", "/me?token=1", "/raises", "/me?token=2", "/killed"])
    assert [answer.status for answer in answers] == [500, 200, 500, 200, 500]
    server.wait_log("RuntimeError: broken on purpose", count=2)


@pytest.mark.parametrize("path", ["/wait", "/stream"])
def test_a_stop_lets_running_greenlets_finish(server, gates, path):
    begin(server, "gated:app", args=["--max-temp-file-size", "0"])
    held = [gates() for _ in range(3)]
    answers = [Background(server.get, gate.path(path)) for gate in held]
    for gate in held:
        gate.wait_started()
    server.signal(signal.SIGTERM)
    server.wait_log("Shutting down")
    for gate in held:
        gate.open()
    assert [answer.result().status for answer in answers] == [200] * 3
    assert server.wait_exit() == 0


def test_what_does_not_finish_in_the_graceful_timeout_is_cut(server, gate):
    begin(server, "gated:app", args=["--graceful-timeout", "0.5"])
    with server.raw() as client:
        client.request("GET", gate.path())
        gate.wait_started()
        server.signal(signal.SIGTERM)
        assert server.wait_exit() == 0
    server.assert_nothing_left()


def test_kill_9_costs_the_requests_of_that_worker(server, gates):
    begin(server, "gated:app")
    held = [gates() for _ in range(5)]
    answers = [Background(server.get, gate.path()) for gate in held]
    pid = {gate.wait_started() for gate in held}.pop()
    os.kill(pid, signal.SIGKILL)
    assert [answer.result().status for answer in answers] == [502] * 5
    assert server.get("/quick").status == 200


def test_a_killed_edge_is_replaced(server):
    begin(server, workers=2)
    assert server.get("/quick").status == 200
    os.kill(server.edge(), signal.SIGKILL)
    server.wait_log("starting another")

    def answers():
        try:
            return server.get("/me?token=1").status == 200
        except (OSError, AssertionError):
            return False
    eventually(answers, 10, "the next one serves")
    # Workers of before have gone.
    server.workers(2)


def test_max_requests_recycles_without_a_failed_request(server):
    begin(server, args=["--max-requests", "50"])
    first = server.workers(1)
    with Load(server, "/me?token=x", clients=10) as load:
        load.wait_more(500, 60)
    assert not load.failures, load.failures[:3]
    eventually(lambda: server.workers() and not set(first) & set(server.workers()), 10, "another worker")


def test_a_reload_fails_no_request(server):
    begin(server, workers=2)
    with Load(server, "/me?token=x", clients=10) as load:
        load.wait_more(50)
        server.signal(signal.SIGHUP)
        server.wait_log("The new code answers", 20)
        load.wait_more(50)
    assert not load.failures, load.failures[:3]


def test_what_waits_behind_a_blocked_hub_runs_elsewhere(server, tmp_path):
    begin(server, workers=2, args=["--timeout", "0"])
    mark = tmp_path / "started"
    blocked = Background(server.get, f"/blocks?seconds=4&started={mark}")
    eventually(mark.exists)
    clock = time.monotonic()
    for _ in range(100):
        assert server.get("/quick").status == 200
    if SLOWNESS == 1:
        assert time.monotonic() - clock < 3
    assert blocked.result().text == "awake"


def test_a_request_over_its_time_is_answered_504(server, gate):
    """tierce run: --timeout is each request's."""
    begin(server, "gated:app", args=["--timeout", "0.5"])
    assert server.get("/sleep?seconds=60").status == 504
    server.wait_log("Worker exiting")
    assert "in sleep_here" in server.log()  # The stack is that of the greenlet, which waits.
    assert server.get("/quick").status == 200


def test_no_gevent_is_said_with_what_to_install(server, tmp_path):
    (tmp_path / "gevent").mkdir()
    (tmp_path / "gevent" / "__init__.py").write_text("raise ImportError(\"No module named 'gevent'\")\n")
    ended = server.fails("hello:app", args=GEVENT, env={"PYTHONPATH": f"{tmp_path}:{APPS}"})
    assert ended.code == 3
    assert f"{sys.executable} -m pip install gevent" in ended.err


def test_places_for_requests_cost_memory_when_they_are_used(server):
    """4 workers with 1,000 places, each of 220 KiB, would be 860 MiB."""
    begin(server, workers=4)
    assert processes.resident_bytes(server.workers(4)) < 400 << 20


# --- Gunicorn ---

APP = """
import os, time
import gevent.monkey
assert gevent.monkey.is_module_patched("socket")
def say(*words):
    with open(os.environ["TRACE"], "a") as file:
        file.write(" ".join(map(str, words)) + "\\n")
say("import")
def app(environ, start_response):
    if environ["PATH_INFO"] in ("/blocks", "/sleeps"):
        say("begins", environ["PATH_INFO"])
    if environ["PATH_INFO"] == "/blocks":
        gevent.monkey.get_original("time", "sleep")(60)
    if environ["PATH_INFO"] == "/sleeps":
        time.sleep(2.5)
    start_response("200 OK", [])
    plain = {k: v if type(v) in (str, bool, tuple) else type(v).__name__ for k, v in environ.items()
             if k.startswith("wsgi.") or k.startswith("HTTP_X") or k in ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING")}
    import json
    return [json.dumps(plain).encode()]
"""
HOOKS = """
import os
def say(*words):
    with open(os.environ["TRACE"], "a") as file:
        file.write(" ".join(map(str, words)) + "\\n")
def post_fork(server, worker): say("post_fork", worker.age)
def post_worker_init(worker): say("post_worker_init")
def worker_int(worker): say("worker_int")
def pre_request(worker, req): say("pre_request", req.path)
def post_request(worker, req, environ, resp): say("post_request", resp.status)
def worker_exit(server, worker): say("worker_exit", worker.nr)
def on_exit(server): say("on_exit")
"""
NAMES = ["gevent", "gunicorn.workers.ggevent.GeventWorker", "egg:gunicorn#gevent"]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_worker_is_known(gunicorn_run, name):
    run = gunicorn_run(OURS, "-k", name, app=APP)
    run.wait("import")
    eventually(lambda: "Booting worker" in run.log())
    assert run.get() == 200
    assert "1000 greenlet(s)" in run.log()
    assert run.stop() == 0


def test_the_environ_is_that_of_gunicorn(gunicorn_run):
    def environ(program):
        run = gunicorn_run(program, "-k", "gevent", "-w", "2", app=APP)
        run.wait("import", 2)
        answer = run.request("GET", "/a%20b?c=d", [("X-One", "1")])
        assert answer.status == 200
        found = json.loads(answer.body)
        assert run.stop() == 0
        return found
    ours, theirs = environ(OURS), environ(REAL)
    for name in ("wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once", "wsgi.url_scheme", "PATH_INFO", "HTTP_X_ONE",
                 "QUERY_STRING", "REQUEST_METHOD", "wsgi.input_terminated"):
        assert ours[name] == theirs[name], name
    assert ours["wsgi.multithread"] is True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_hooks_are_called_as_gunicorn_calls_them(gunicorn_run, number):
    def story(program):
        run = gunicorn_run(program, "-k", "gevent", conf=HOOKS, app=APP)
        run.wait("post_worker_init")
        assert run.get("/") == 200
        run.wait("post_request")
        assert run.stop(number) == 0
        return run.trace()
    assert story(OURS) == story(REAL)


@pytest.mark.parametrize("path", ["/sleeps", "/blocks"])
def test_an_interrupt_does_not_wait_for_greenlets(gunicorn_run, path):
    run = gunicorn_run(OURS, "-k", "gevent", "--graceful-timeout", "60", app=APP.replace("2.5", "60"))
    run.wait("import")
    eventually(lambda: "Booting worker" in run.log())
    with RawClient(("127.0.0.1", run.port)) as client:
        client.request("GET", path)
        run.wait("begins " + path)
        clock = time.monotonic()
        assert run.stop(signal.SIGINT) == 0
        assert time.monotonic() - clock < 15 * SLOWNESS


def test_the_timeout_of_gunicorn_is_the_hubs(gunicorn_run):
    run = gunicorn_run(OURS, "-k", "gevent", "-t", "1", app=APP)
    run.wait("import")
    eventually(lambda: "Booting worker" in run.log())
    beside = Background(run.get, "/sleeps")
    # Longer than the timeout, and nobody minds: the hub turns.
    assert beside.result() == 200
    beside = Background(run.get, "/sleeps")
    # Only what the application has begun dies with the worker: a request that waits goes to the next one.
    run.wait("begins /sleeps", 2)
    blocked = Background(run.get, "/blocks")
    assert blocked.result() == 504
    assert beside.result() == 504
    eventually(lambda: "WORKER TIMEOUT" in run.log() and "in app" in run.log(), 5, "the stack in the log")
    assert run.get() == 200
    assert run.stop() == 0


# --- uWSGI ---

UWSGI_APP = """
import os, time
import uwsgi
import gevent, gevent.monkey
PATCHED = gevent.monkey.is_module_patched("socket")
def application(environ, start_response):
    token = environ["QUERY_STRING"].encode()
    uwsgi.set_logvar("token", token)
    gevent.sleep(0.05)
    same = uwsgi.get_logvar("token") == token
    child = []
    def without():
        try:
            uwsgi.get_logvar("token")
        except Exception as error:
            child.append(type(error).__name__)
    gevent.spawn(without).join()
    start_response("200 OK", [])
    return [("%s %s %s %s %s %s" % (PATCHED, environ["wsgi.multithread"], uwsgi.cores, uwsgi.loop, same, bool(child))).encode()]
"""


@pytest.mark.parametrize("patched", [False, True])
def test_uwsgis_options(server, tmp_path, patched):
    (tmp_path / "u.py").write_text(UWSGI_APP)
    command = [BINARY, "uwsgi", "--http-socket", "127.0.0.1:0", "--gevent", "50", "--wsgi-file", tmp_path / "u.py",
               "--venv", sys.prefix, "--logformat", "token=%(token) core=%(core) ."]
    server.spawn([str(word) for word in command] + (["--gevent-monkey-patch"] if patched else []))
    server.wait_listening()
    answers = ask_at_once(server, [f"/?{number}" for number in range(50)])
    assert {answer.text for answer in answers} == {f"{patched} False 50 b'gevent' True True"}
    lines = eventually(lambda: len(found := re.findall(r"token=(\d+) core=(\d+) \.", server.log() + server.out())) == 50 and found)
    # Each has its own variable, and its own core.
    assert {int(token) for token, _ in lines} == {int(core) for _, core in lines} == set(range(50))


def test_uwsgis_harakiri_is_each_requests(server, tmp_path):
    command = [BINARY, "uwsgi", "--http-socket", "127.0.0.1:0", "--gevent", "50", "--gevent-monkey-patch", "--module",
               "gated:app", "--chdir", APPS, "--venv", sys.prefix, "--harakiri", "1"]
    server.spawn([str(word) for word in command])
    server.wait_listening()
    assert server.get("/sleep?seconds=60").status == 504
    assert server.get("/quick").status == 200


def test_uwsgis_signals_run_beside(server, tmp_path):
    (tmp_path / "t.py").write_text(
        "import uwsgi\nfrom uwsgidecorators import timer\nRUNS = []\n"
        "@timer(1)\ndef tick(number):\n    RUNS.append(number)\n"
        "def application(environ, start_response):\n"
        "    start_response('200 OK', [])\n    return [str(len(RUNS)).encode()]\n")
    command = [BINARY, "uwsgi", "--http-socket", "127.0.0.1:0", "--gevent", "5", "--gevent-early-monkey-patch",
               "--wsgi-file", tmp_path / "t.py", "--venv", sys.prefix]
    server.spawn([str(word) for word in command])
    server.wait_listening()
    eventually(lambda: int(server.get("/").text) >= 2, 10, "the timer has run twice")

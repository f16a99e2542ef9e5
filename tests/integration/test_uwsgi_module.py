"""Inside the workers of `tierce uwsgi`, `import uwsgi` and `import uwsgidecorators` do what applications call."""

import ast
import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest

import processes
from raw_client import RawClient
from server_process import APPS, BINARY, free_port
from test_uwsgi_language import UWSGI
from waiting import eventually

INI = """[uwsgi]
chdir = %s
module = uwsgi_calls
master = true
%s
"""


def start(server, lines, env=None):
    home = os.path.dirname(os.path.dirname(sys.executable))
    path = server.directory / "t.ini"
    path.write_text(INI % (APPS, f"http-socket = 127.0.0.1:0\nhome = {home}\n" + lines))
    server.spawn([str(BINARY), "uwsgi", "--ini", "t.ini"], env)
    server.wait_listening()
    return server


def ask(server, expression, path="/"):
    return server.post(path, expression.encode()).body.decode()


def value(server, expression, path="/"):
    return ast.literal_eval(ask(server, expression, path))


def from_all(server, expression, count, seconds=10):
    """Answers by pid, of `count` workers."""
    found = {}

    def complete():
        # At once: one after the other, they would all go to the worker that is awake.
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(server.raw()) for _ in range(count)]
            for client in clients:
                client.request("POST", "/", (), f"(os.getpid(), {expression}, time.sleep(0.2))".encode())
            for client in clients:
                response = client.response("POST")
                if response.status == 200:
                    pid, answer, _ = ast.literal_eval(response.body.decode())
                    found[pid] = answer
        for pid in [pid for pid in found if not processes.alive(pid)]:
            del found[pid]
        return len(found) >= count

    eventually(complete, seconds, f"{count} workers answer")
    return found


def events(path):
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


# --- the module is there, and only there --------------------------------------------------------------

def test_tierce_run_has_no_module_uwsgi(server, tmp_path):
    (tmp_path / "asks.py").write_text(
        "try:\n    import uwsgi\n    found = b'yes'\nexcept ImportError:\n    found = b'no'\n"
        "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [found]\n")
    server.start("asks:app", chdir=tmp_path)
    assert server.get().body == b"no"


def test_tierce_gunicorn_has_no_module_uwsgi(server, tmp_path):
    (tmp_path / "asks.py").write_text(
        "import sys\nassert 'uwsgi' not in sys.modules\n"
        "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'no']\n")
    server.spawn([str(BINARY), "gunicorn", "-b", "127.0.0.1:0", "asks:app"], {"VIRTUAL_ENV": os.path.dirname(
        os.path.dirname(sys.executable))}, cwd=tmp_path)
    server.wait_listening()
    assert server.get().body == b"no"


def test_a_worker_knows_itself_and_its_master(server):
    start(server, "processes = 2\nthreads = 2")
    assert sorted(from_all(server, "uwsgi.worker_id()", 2).values()) == [1, 2]
    assert value(server, "(uwsgi.masterpid(), uwsgi.numproc, uwsgi.cores)") == (server.pid, 2, 2)
    assert value(server, "at_import") == 0
    assert value(server, "environ['uwsgi.version']") == value(server, "uwsgi.version") == b"2.0.31"
    assert value(server, "environ['uwsgi.core']") in (0, 1)


def test_workers_counts_requests_and_exceptions(server):
    start(server, "processes = 1")
    for _ in range(3):
        ask(server, "1")
    assert server.post("/raise").status == 500
    worker, = value(server, "uwsgi.workers()")
    assert (worker["requests"], worker["exceptions"], worker["status"]) == (4, 1, b"busy")
    assert worker["pid"] == value(server, "os.getpid()")
    assert value(server, "uwsgi.total_requests()") == 6


def test_a_replaced_worker_keeps_its_number_and_its_counters(server):
    start(server, "processes = 2")
    before = from_all(server, "uwsgi.worker_id()", 2)
    victim = next(pid for pid, number in before.items() if number == 1)
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: value(server, "uwsgi.workers()[0]['pid']") not in (0, victim), 5)
    after = from_all(server, "uwsgi.worker_id()", 2)
    assert sorted(after.values()) == [1, 2]
    assert value(server, "uwsgi.workers()[0]['respawn_count']") == 1


def test_after_a_reload_the_workers_are_numbered_from_one(server):
    start(server, "processes = 2")
    before = from_all(server, "uwsgi.worker_id()", 2)
    assert ask(server, "uwsgi.reload()") == "True"
    eventually(lambda: not any(processes.alive(pid) for pid in before), 10, "the old workers end")
    assert sorted(from_all(server, "uwsgi.worker_id()", 2).values()) == [1, 2]
    assert value(server, "uwsgi.is_a_reload") is True


def test_stop_ends_the_server(server):
    start(server, "")
    assert ask(server, "uwsgi.stop()") == "True"
    assert server.wait_exit() == 0


def test_log_writes_a_line(server):
    start(server, "")
    assert ask(server, "uwsgi.log('said by the application')") == "True"
    server.wait_log("said by the application")


# --- hooks ----------------------------------------------------------------------------------------------

def test_hooks_run_where_uwsgi_runs_them(server, tmp_path):
    start(server, "processes = 2", {"EVENTS": str(tmp_path / "events"), "BREAKS": "1"})
    found = from_all(server, "(uwsgi.worker_id(), forks)", 2)
    assert sorted(found.values()) == [(1, [1]), (2, [2, "second"])]
    server.wait_log("a broken postfork")
    pid, before = value(server, "(os.getpid(), len(ticks))")
    eventually(lambda: value(server, "(os.getpid(), len(ticks))") > (pid, before), 5, "after_req_hook runs")
    server.stop()
    assert sorted(line[:2] for line in events(tmp_path / "events")) == [["atexit", "1"], ["atexit", "2"]]


def test_timers_and_signals_go_on_when_their_worker_is_killed(server, tmp_path):
    path = tmp_path / "events"
    start(server, "processes = 2", {"EVENTS": str(path), "TIMERS": "1"})

    def of(name):
        return [line for line in events(path) if line[0] == name]

    eventually(lambda: len(of("tick")) >= 2, 10, "two ticks")
    assert {line[1] for line in of("tick")} == {"1"}
    ask(server, "[uwsgi.signal(number) for number in (40, 41, 42)]")
    eventually(lambda: len(of("forty")) == 1 and len(of("all")) == 2 and len(of("second")) == 1, 5, "signals")
    assert of("second")[0][1] == "2"
    (tmp_path / "events.watched").write_text("new")
    eventually(lambda: len(of("changed")) == 1, 5, "the watched file")
    first = int(of("tick")[-1][2])
    os.kill(first, signal.SIGKILL)
    count = len(of("tick"))
    eventually(lambda: len(of("tick")) >= count + 2, 10, "ticks of another worker")
    assert str(first) not in {line[2] for line in of("tick")[count + 1:]}
    assert len(of("twice")) == 2
    eventually(lambda: of("cron"), 65, "the minute")
    assert len(of("changed")) == 1


# --- locks and caches -------------------------------------------------------------------------------------

def test_a_lock_holds_between_workers_and_ends_with_its_holder(server):
    start(server, "processes = 2\nlocks = 2")
    first = value(server, "uwsgi.lock(1)\nanswer = os.getpid()", "/exec")
    seen = from_all(server, "uwsgi.is_locked(1)", 2)
    assert set(seen.values()) == {True}
    os.kill(first, signal.SIGKILL)
    eventually(lambda: value(server, "uwsgi.is_locked(1)") is False, 5, "the lock is free")
    assert ask(server, "uwsgi.lock(3)") == "ValueError: Invalid lock number"
    assert value(server, "(locked(), uwsgi.is_locked())") == (True, False)
    assert "would wait for ever" in ask(server, "(uwsgi.lock(2), uwsgi.lock(2))")


def test_a_cache_is_shared_and_survives_workers_and_reloads(server):
    start(server, "processes = 2\ncache2 = name=one,items=10\ncache2 = name=two,items=10,store=%s" %
          (server.directory / "store"))
    assert ask(server, "(uwsgi.cache_set('a', 'b'), uwsgi.cache_set('k', b'v', 0, 'two'))") == "(True, True)"
    assert set(from_all(server, "uwsgi.cache_get('a')", 2).values()) == {b"b"}
    for pid in from_all(server, "1", 2):
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: ask(server, "uwsgi.cache_get('a')") == "b'b'", 10, "the cache after the kill")
    pids = from_all(server, "1", 2)
    server.signal(signal.SIGHUP)
    eventually(lambda: not any(processes.alive(pid) for pid in pids), 10, "the reload")
    assert ask(server, "uwsgi.cache_get('a')") == "b'b'"
    server.stop()
    server.err_path.write_text("")
    server.spawn([str(BINARY), "uwsgi", "--ini", "t.ini"])
    server.wait_listening()
    assert ask(server, "(uwsgi.cache_get('a'), uwsgi.cache_get('k', 'two'))") == "(None, b'v')"


def test_an_item_of_a_cache_expires(server):
    start(server, "cache2 = name=one,items=10")
    ask(server, "uwsgi.cache_set('a', 'b', 1)")
    assert ask(server, "uwsgi.cache_get('a')") == "b'b'"
    eventually(lambda: ask(server, "uwsgi.cache_get('a')") == "None", 3, "the item is gone")


def test_increments_of_workers_that_are_killed_lose_nothing_and_hold_nothing(server):
    start(server, "processes = 3\ncache2 = name=one,items=10")
    # Each counts for itself and for all, in this order.
    loop = ("import threading\ndef go():\n    while True:\n        uwsgi.cache_inc('n')\n"
            "threading.Thread(target=go, daemon=True).start()\nanswer = os.getpid()")
    for _ in range(4):
        pid = value(server, loop, "/exec")
        before = value(server, "uwsgi.cache_num('n')")
        os.kill(pid, signal.SIGKILL)
        # 503 while no worker is there: one that is killed at once again and again is not started at once.
        eventually(lambda: ask(server, "uwsgi.cache_num('n')").isdigit(), 10, "the cache is usable")
        assert value(server, "uwsgi.cache_num('n')") >= before


@pytest.mark.parametrize("lines, said", [
    ("cache2 = items=5", "name="), ("cache2 = name=a", "items="),
    ("cache2 = name=a,items=5\ncache2 = name=a,items=5", "already")])
def test_a_cache_that_cannot_be_is_refused_by_its_line(tmp_path, lines, said):
    (tmp_path / "t.ini").write_text(INI % (APPS, "http-socket = 127.0.0.1:0\n" + lines))
    ran = subprocess.run([BINARY, "uwsgi", "t.ini"], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert ran.returncode == 1
    assert "t.ini:" in ran.stderr and said in ran.stderr


# --- the request ------------------------------------------------------------------------------------------

def test_log_variables_are_those_of_the_request(server):
    start(server, "")
    assert value(server, "(uwsgi.set_logvar('user', 'kim'), uwsgi.get_logvar(b'user'), uwsgi.get_logvar('x'))") == (
        None, b"kim", None)
    assert value(server, "uwsgi.get_logvar('user')") is None
    # A body that fills the ring several times keeps clear of them.
    big = value(server, "[uwsgi.set_logvar('a%d' % i, 'x' * 1000) for i in range(20)] and 'y' * 1000000")
    assert big == "y" * 1000000


def test_after_disconnect_the_application_goes_on(server, tmp_path):
    (tmp_path / "goes_on.py").write_text(
        "import uwsgi\n"
        "def application(environ, start_response):\n"
        "    write = start_response('200 OK', [('Content-Length', '2')])\n"
        "    write(b'ok')\n    uwsgi.disconnect()\n    import time\n    time.sleep(0.5)\n"
        "    uwsgi.log('went on')\n    return []\n")
    home = os.path.dirname(os.path.dirname(sys.executable))
    server.spawn([str(BINARY), "uwsgi", "--http", "127.0.0.1:0", "-w", "goes_on", "-H", home], cwd=tmp_path)
    server.wait_listening()
    begun = time.monotonic()
    assert server.get().body == b"ok"
    assert time.monotonic() - begun < 0.4
    server.wait_log("went on")


# --- what is not there ------------------------------------------------------------------------------------

def test_what_is_not_supported_says_why(server):
    start(server, "")
    for call in ("websocket_recv()", "rpc(b'', b'x')", "mule_msg(b'')", "connection_fd()", "metric_get('x')",
                 "spool({})", "queue_push(b'x')", "sharedarea_read(0, 0, 1)"):
        said = ask(server, "uwsgi." + call)
        assert "NotImplementedError: " in said or "NotSupported: " in said
        assert f"uwsgi.{call[:call.index('(')]}: not supported by tierce, because " in said
    assert value(server, "(hasattr(uwsgi, 'spool'), hasattr(uwsgi, 'queue_push'), hasattr(uwsgi, 'rpc'))") == (
        False, False, True)
    assert "has no attribute 'nonsense'" in ask(server, "uwsgi.nonsense")
    for call in ("spool(len)", "mulefunc(len)", "rpc('x')"):
        assert "NotImplementedError: uwsgidecorators." in ask(server, "uwsgidecorators." + call)
    assert "NotImplementedError" in ask(server, "uwsgi.register_signal(1, 'spooler', len)")


# --- the same through the real one ------------------------------------------------------------------------

DIFFERENTIAL = """processes = 2
threads = 2
foo = bar
foo = baz
empty =
cache2 = name=one,items=20,blocksize=64,keysize=20
cache2 = name=two,items=10
locks = 2
"""
SAME = """
uwsgi.version, uwsgi.version_info, uwsgi.hostname, uwsgi.numproc, uwsgi.cores, uwsgi.has_threads
{k: v for k, v in uwsgi.opt.items() if k not in ('http-socket', 'home', 'ini', 'die-on-term', 'need-app')}
[type(v).__name__ for v in uwsgi.opt.values()][0]
[sorted(worker) for worker in uwsgi.workers()]
[{k: type(v).__name__ for k, v in worker.items()} for worker in uwsgi.workers()]
[[sorted(app) for app in worker['apps']] for worker in uwsgi.workers()]
[worker['id'] for worker in uwsgi.workers()]
sorted(worker['status'] for worker in uwsgi.workers())
sorted(k for k in environ if k.startswith('uwsgi.'))
environ['uwsgi.version'], environ['uwsgi.node'], type(environ['uwsgi.core'])
forks == [uwsgi.worker_id()] or forks == [2, 'second']
at_import, uwsgi.masterpid() > 0, uwsgi.is_a_reload, uwsgi.applications
uwsgi.SPOOL_OK, uwsgi.SPOOL_RETRY, uwsgi.SPOOL_IGNORE, uwsgi.loop, uwsgi.unbit
uwsgi.mule_id(), uwsgi.i_am_the_spooler(), uwsgi.rpc_list(), uwsgi.accepting(), uwsgi.ready(), uwsgi.logsize()
[type(part) for part in uwsgi.mem()], type(uwsgi.micros()), type(uwsgi.started_on)
uwsgi.log('x'), uwsgi.log_this_request()
uwsgi.log(b'x')
uwsgi.cache_set('a', 'b'), uwsgi.cache_set('a', b'c'), uwsgi.cache_get('a'), uwsgi.cache_get(b'a')
uwsgi.cache_update('a', b'ddd', 5), uwsgi.cache_get('a'), uwsgi.cache_exists('a'), uwsgi.cache_exists('zz')
uwsgi.cache_get('zz'), uwsgi.cache_del('zz'), uwsgi.cache_del('a'), uwsgi.cache_get('a')
uwsgi.cache_set('k' * 21, b'x'), uwsgi.cache_set('k' * 20, b'x'), uwsgi.cache_set('', b'x')
uwsgi.cache_set('big', b'x' * 65), uwsgi.cache_set('big', b'x' * 64), uwsgi.cache_update('big', b'y' * 65), uwsgi.cache_get('big')
uwsgi.cache_set('e', b''), uwsgi.cache_update('e', b''), uwsgi.cache_exists('e')
uwsgi.cache_inc('n'), uwsgi.cache_inc('n', 5), uwsgi.cache_num('n'), uwsgi.cache_get('n')
uwsgi.cache_dec('n', 2), uwsgi.cache_mul('n', 3), uwsgi.cache_div('n', 2), uwsgi.cache_num('n')
uwsgi.cache_mul('n'), uwsgi.cache_num('n'), uwsgi.cache_div('n'), uwsgi.cache_num('n'), uwsgi.cache_div('n', 0), uwsgi.cache_num('n')
uwsgi.cache_dec('d'), uwsgi.cache_num('d'), uwsgi.cache_get('d'), uwsgi.cache_mul('m'), uwsgi.cache_num('m')
uwsgi.cache_inc('i', -7), uwsgi.cache_div('i', 2), uwsgi.cache_num('i'), uwsgi.cache_inc('i', 1 << 62), uwsgi.cache_inc('i', 1 << 62), uwsgi.cache_num('i')
uwsgi.cache_num('nope'), uwsgi.cache_update('text', b'abc'), uwsgi.cache_num('text')
uwsgi.cache_set('a', b'1', 0, 'two'), uwsgi.cache_get('a', 'two'), uwsgi.cache_get('a'), uwsgi.cache_keys('two')
uwsgi.cache_set('a', b'1', 0, 'none'), uwsgi.cache_get('a', 'none'), uwsgi.cache_inc('a', 1, 0, 'none'), uwsgi.cache_num('a', 'none'), uwsgi.cache_clear('none')
uwsgi.cache_keys('none')
uwsgi.cache_clear(), uwsgi.cache_keys(), uwsgi.cache_clear('two'), uwsgi.cache_keys('two')
uwsgi.cache_set('x')
uwsgi.cache_set(1, b'v')
uwsgi.cache_set('t', 1)
uwsgi.cache_inc('x', 'y')
uwsgi.lock(), uwsgi.is_locked(), uwsgi.unlock(), uwsgi.is_locked(0), uwsgi.unlock(0)
uwsgi.lock(2), uwsgi.is_locked(2), uwsgi.is_locked(1), uwsgi.unlock(2), locked(), uwsgi.is_locked()
uwsgi.lock(3)
uwsgi.is_locked(-1)
uwsgi.lock('a')
uwsgi.get_logvar('x'), uwsgi.set_logvar('x', 'y'), uwsgi.get_logvar(b'x'), uwsgi.set_logvar(b'x', b'z'), uwsgi.get_logvar('x')
uwsgi.set_logvar(1, 2)
uwsgi.signal_registered(200), uwsgi.register_signal(200, '', len), uwsgi.signal_registered(200)
sorted(name for name in dir(uwsgidecorators) if name in ('postfork', 'timer', 'rbtimer', 'cron', 'thread', 'lock', 'signal', 'filemon', 'spool', 'mulefunc', 'rpc', 'harakiri'))
""".strip().splitlines()
# What the real one says otherwise, with what we say and why.
EXCEPTIONS = {
    "uwsgi.cache_update('text', b'y' * 8), uwsgi.cache_update('text', b'abc'), uwsgi.cache_inc('text'), uwsgi.cache_get('text')":
        ("(True, True, True, b'bbc\\x00\\x00\\x00\\x00\\x00')", "uWSGI counts on with bytes that lie behind the text"),
    "uwsgi.cache_clear() and [uwsgi.cache_set('item%d' % i, b'v') for i in range(22)].count(True)":
        ("20", "of N items uWSGI can hold N - 1"),
    "uwsgi.cache_clear(), uwsgi.cache_set('neg', b'v', -1), uwsgi.cache_get('neg')":
        ("(True, True, None)", "what has expired is gone at once, not when the sweeper comes by"),
    "uwsgi.set_user_harakiri(0)":
        ("NotImplementedError: uwsgi.set_user_harakiri: not supported by tierce, because a request's time is limited "
         "by harakiri alone", "not built"),
    "[name for name in ('env', 'magic_table') if hasattr(uwsgi, name)]":
        ("[]", "the environ is the request's own; the magic is the configuration's business"),
}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """(real, ours): functions that answer an expression."""
    if not UWSGI:
        pytest.fail("the real uwsgi is missing: put it on PATH (pip install uwsgi) or name it in TIERCE_TEST_UWSGI")
    running = []

    def begin(name, command, extra):
        directory = tmp_path_factory.mktemp(name)
        port = free_port()
        (directory / "t.ini").write_text(INI % (APPS, f"http-socket = 127.0.0.1:{port}\n{extra}{DIFFERENTIAL}"))
        with open(directory / "log", "wb") as log:
            running.append(subprocess.Popen([*command, "--ini", "t.ini"], cwd=directory, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True))

        def answer(expression):
            with RawClient(("127.0.0.1", port)) as client:
                client.request("POST", "/", [("Connection", "close")], expression.encode())
                return client.response("POST").body.decode()

        def accepts():
            try:
                return answer("1") == "1"
            except (OSError, AssertionError):
                return False

        eventually(accepts, 15, f"{name} answers")
        return answer

    home = os.path.dirname(os.path.dirname(sys.executable))
    try:
        yield (begin("real", [UWSGI], "die-on-term = true\nneed-app = true\n"),
               begin("ours", [str(BINARY), "uwsgi"], f"home = {home}\n"))
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def test_the_same_calls_give_the_same_answers(both):
    real, ours = both
    different = []
    for expression in SAME:
        wanted, got = real(expression), ours(expression)
        if wanted != got:
            different.append(f"{expression}\n  uwsgi:  {wanted}\n  tierce: {got}")
    assert not different, "\n" + "\n".join(different)


def test_an_exception_is_still_one(both):
    real, ours = both
    for expression, (answer, why) in EXCEPTIONS.items():
        assert ours(expression) == answer, why
        assert real(expression) != answer, f"no exception any more: {expression}"

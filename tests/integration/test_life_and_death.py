"""One failure costs one request, and every end is a clean one."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

import processes
from gate import Background, Load
from raw_client import Incomplete
from server_process import GUNICORN, accepts
from waiting import SLOWNESS, eventually, stays


def write_app(directory, text="one", name="changing"):
    """An app in a directory of its own that answers `text`."""
    path = directory / f"{name}.py"
    new = directory / f"{name}.new"
    new.write_text(f"""
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len({text!r})))])
    return [{text!r}.encode()]
""")
    new.rename(path)
    return path


# --- the end ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers, threads", [(1, 1), (2, 2)])
def test_it_stops_cleanly_when_idle(server, number, workers, threads):
    server.start(workers=workers, threads=threads)
    assert server.get().status == 200
    begun = time.monotonic()
    server.signal(number)
    assert server.wait_exit() == 0
    assert time.monotonic() - begun < 2 * SLOWNESS
    server.assert_nothing_left()


def test_sigterm_before_the_first_request_stops_cleanly(server):
    server.start()
    server.stop()


@pytest.mark.parametrize("path", ["/wait", "/stream"])
def test_sigterm_lets_running_requests_finish(server, gate, path):
    server.start("gated:app")
    request = Background(server.get, gate.path(path))
    gate.wait_started()
    address = server.address
    server.signal(signal.SIGTERM)
    eventually(lambda: refused(address), 3, "no new connections")
    assert server.process.poll() is None
    gate.open()
    response = request.result()
    assert response.status == 200
    assert response.body.endswith(b"second") or response.body.strip().isdigit()
    assert server.wait_exit() == 0
    server.assert_nothing_left()


def refused(address):
    import socket
    try:
        socket.create_connection(address, 1).close()
        return False
    except OSError:
        return True


def test_sigterm_closes_idle_connections(server):
    server.start()
    with server.raw() as client:
        client.request()
        client.response()
        server.signal(signal.SIGTERM)
        client.ends()
    assert server.wait_exit() == 0


def test_a_request_over_the_graceful_timeout_is_cut(server, gate):
    server.start("gated:app", args=["--graceful-timeout", "1"])
    with server.raw() as client:
        client.request(path=gate.path())
        gate.wait_started()
        begun = time.monotonic()
        server.signal(signal.SIGTERM)
        server.wait_exit()
        assert 0.9 < time.monotonic() - begun < 4 * SLOWNESS
        answer = client.everything()
        assert not answer.startswith(b"HTTP/1.1 200"), answer
    server.assert_nothing_left()


def test_a_second_sigint_does_not_leave_anything_behind(server, gate):
    server.start("gated:app", args=["--graceful-timeout", "2"])
    Background(server.get, gate.path())
    gate.wait_started()
    server.signal(signal.SIGINT)
    server.signal(signal.SIGINT)
    server.wait_exit()
    server.assert_nothing_left()


def test_an_import_error_at_start_exits_3_with_one_traceback(server):
    begun = time.monotonic()
    ended = server.fails("fails_to_import:app", workers=3)
    assert ended.code == 3
    assert time.monotonic() - begun < 5 * SLOWNESS
    assert ended.err.count("Traceback (most recent call last)") == 1
    assert "RuntimeError: this module cannot be imported" in ended.err


def test_an_import_error_of_a_lazy_app_exits_3(server):
    ended = server.fails("fails_to_import:app", args=["--lazy-apps"])
    assert ended.code == 3
    assert "RuntimeError: this module cannot be imported" in ended.err


def test_a_syntax_error_at_start_exits_3_and_shows_the_line(server, tmp_path):
    (tmp_path / "broken.py").write_text("def app(:\n")
    ended = server.fails("broken:app", chdir=tmp_path)
    assert ended.code == 3
    assert "SyntaxError" in ended.err and "broken.py" in ended.err


def test_a_killed_supervisor_leaves_nothing_behind(server, gate):
    server.start("gated:app", workers=2)
    Background(server.get, gate.path())
    gate.wait_started()
    server.signal(signal.SIGKILL)
    server.process.wait()
    server.assert_nothing_left(seconds=5)


# --- workers that die ---------------------------------------------------------------------------------

@pytest.mark.parametrize("path", ["/die", "/segfault", "/exit?0", "/exit?1", "/abort"])
def test_a_dying_worker_costs_one_request(server, path):
    server.start("dies_on_demand:app")
    with server.raw() as client:
        client.request(path=path)
        assert client.response().status == 502
        # The connection is the edge's: it goes on.
        client.request(path="/quick")
        assert client.response().status == 200
    line = server.wait_log(re.escape(path) + r"\b").string
    assert re.search(r"request [0-9a-f]+", line)
    server.workers(1)


def test_the_log_names_the_signal(server):
    server.start("dies_on_demand:app")
    server.get("/segfault")
    server.wait_log("(?i)SIGSEGV|signal 11|segmentation")
    server.get("/die")
    server.wait_log("(?i)SIGKILL|signal 9|killed")


def test_a_worker_that_dies_in_its_answer_breaks_the_connection(server):
    server.start("dies_on_demand:app")
    with server.raw() as client:
        client.request(path="/half")
        with pytest.raises(Incomplete):
            client.response()
    assert server.get("/quick").status == 200


def test_kill_9_costs_only_the_request_of_that_worker(server, gates):
    server.start("gated:app", workers=3)
    held = [gates() for _ in range(3)]
    requests = [Background(server.get, gate.path()) for gate in held]
    pids = [gate.wait_started() for gate in held]
    assert len(set(pids)) == 3
    os.kill(pids[1], signal.SIGKILL)
    assert requests[1].result().status == 502
    assert requests[0].running() and requests[2].running()
    for gate in held:
        gate.open()
    for index in (0, 2):
        response = requests[index].result()
        assert (response.status, response.body) == (200, b"%d\n" % pids[index])
    server.workers(3)


def test_kill_9_costs_every_request_of_its_threads_and_no_waiting_one(server, gates):
    server.start("gated:app", workers=1, threads=2)
    held = [gates(), gates()]
    requests = [Background(server.get, gate.path()) for gate in held]
    pid = held[0].wait_started()
    assert held[1].wait_started() == pid
    waiting = [Background(server.get, "/quick") for _ in range(5)]
    os.kill(pid, signal.SIGKILL)
    assert [request.result().status for request in requests] == [502, 502]
    assert [request.result().status for request in waiting] == [200] * 5


def test_kill_9_of_an_idle_worker_costs_nothing(server):
    server.start("gated:app", workers=2)
    pid = server.workers(2)[0]
    assert server.get("/quick").status == 200
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not processes.alive(pid))
    assert [server.get("/quick").status for _ in range(10)] == [200] * 10
    assert len(server.workers(2)) == 2


def test_a_worker_that_dies_at_boot_is_not_started_in_a_loop(server, tmp_path):
    flag = tmp_path / "dies"
    flag.touch()
    server.start("dies_at_boot:app", env={"DIES_WHILE": str(flag)})
    server.wait_log("Booting worker with pid", 5)

    def boots():
        return len(server.log_lines("Booting worker with pid"))
    before = boots()
    window = 1.5
    assert stays(lambda: boots() - before <= 20, window), "no back-off"
    assert processes.cpu_seconds(server.tree()) < 20
    flag.unlink()
    eventually(lambda: server.get(timeout=20).status == 200, 15, "it answers when workers live again")


# --- time ---------------------------------------------------------------------------------------------

def test_a_request_over_its_time_gets_504_and_its_stack_is_logged(server):
    server.start("gated:app", args=["--timeout", "0.5"])
    begun = time.monotonic()
    assert server.get("/sleep?seconds=60&mark=1").status == 504
    took = time.monotonic() - begun
    assert 0.45 < took < 0.5 + 0.1 + 0.4 * SLOWNESS, took
    server.wait_log("sleep_here", 5)
    server.wait_log(r"request [0-9a-f]+.*GET /sleep\?seconds=60&mark=1")
    assert "gated.py" in server.log()
    assert server.get("/quick").status == 200


@pytest.mark.parametrize("app", ["busy_loop", "in_c"])
def test_a_request_that_never_lets_go_of_python_gets_504_too(server, app):
    server.start(f"stuck:{app}", args=["--timeout", "0.5"])
    begun = time.monotonic()
    assert server.get("/stuck").status == 504
    assert time.monotonic() - begun < 0.5 + 0.1 + 0.4 * SLOWNESS
    assert server.get("/").status == 200


def test_other_threads_of_that_worker_finish(server, gates):
    server.start("gated:app", threads=2, args=["--timeout", "1"])
    stuck = Background(server.get, "/sleep?seconds=60")
    gate = gates()
    # Begun later, so it has time left when the first is over its own.
    eventually(lambda: server.workers(), 5)
    time_before = time.monotonic()
    assert stays(stuck.running, 0.5)
    other = Background(server.get, gate.path())
    pid = gate.wait_started()
    assert stuck.result().status == 504
    assert time.monotonic() - time_before < 2 * SLOWNESS
    assert processes.alive(pid)
    gate.open()
    response = other.result()
    assert (response.status, response.body) == (200, b"%d\n" % pid)
    eventually(lambda: not processes.alive(pid), 10, "the worker with the stuck thread is replaced")
    assert server.get("/quick").status == 200


def test_a_stream_over_its_time_before_the_head_only(server, gate):
    """The deadline is for the answer to begin or to end: either way nobody waits for ever, and no clean end lies."""
    server.start("gated:app", args=["--timeout", "0.5"])
    with server.raw() as client:
        client.request(path=gate.path("/stream"))
        assert client.head().status == 200
        assert client.chunk() == b"first"
        gate.open()
        try:
            rest = client.chunk()
            assert rest in (b"second",)
        except Incomplete:
            pass


def test_a_late_answer_never_reaches_the_next_client(server, gate):
    server.start("gated:app", args=["--timeout", "0.3"])
    with server.raw() as client:
        client.request(path=gate.path())
        assert client.response().status == 504
        gate.open()
        if not client.is_open():
            return
        for number in range(5):
            client.request(path=f"/quick?{number}")
            assert client.response().status == 200


def test_timeout_0_is_none(server, gate):
    server.start("gated:app", args=["--timeout", "0"])
    request = Background(server.get, gate.path())
    gate.wait_started()
    assert stays(request.running, 0.5)
    gate.open()
    assert request.result().status == 200


# --- the queue ----------------------------------------------------------------------------------------

def test_more_requests_than_workers_wait_and_are_served(server, gate):
    server.start("gated:app", workers=1)
    first = Background(server.get, gate.path())
    gate.wait_started()
    waiting = [Background(server.get, "/quick") for _ in range(30)]
    assert stays(lambda: all(request.running() for request in waiting), 0.2)
    gate.open()
    assert first.result().status == 200
    assert [request.result().status for request in waiting] == [200] * 30


def test_a_free_worker_takes_what_waits_behind_a_stuck_one(server, gates):
    server.start("gated:app", workers=2)
    for _ in range(50):  # Fast answers: both workers are trusted with more than one request.
        server.get("/quick")
    gate = gates()
    stuck = Background(server.get, gate.path())
    pid = gate.wait_started()
    waiting = [Background(server.get, "/quick") for _ in range(20)]
    bodies = {request.result(5).body for request in waiting}
    assert stuck.running()
    assert b"%d\n" % pid not in bodies
    gate.open()
    assert stuck.result().status == 200


def test_a_client_that_has_just_connected_is_heard_before_the_end(server):
    server.start()
    with server.raw() as client, server.raw() as silent:
        server.get("/")  # Both have been accepted: they came before this one.
        server.signal(signal.SIGTERM)
        # Nobody listens any more: the edge has been told.
        eventually(lambda: not accepts(server.address), 5)
        answer = client.request().response()
        assert answer.status == 200 and answer.says_close
        silent.ends()
    assert server.wait_exit() == 0


def test_a_request_that_waited_too_long_is_shed(server, gate):
    server.start("gated:app", workers=1, args=["--queue-timeout", "0.3"])
    eventually(lambda: server.get("/quick").status == 200, 20, "a worker that answers")
    first = Background(server.get, gate.path())
    gate.wait_started()
    begun = time.monotonic()
    response = server.get("/quick")
    assert response.status == 503
    assert 0.25 < time.monotonic() - begun < 1.5 * SLOWNESS
    assert response.header("Retry-After").isdigit()
    gate.open()
    assert first.result().status == 200
    assert server.get("/quick").status == 200


def test_requests_beyond_the_queue_limit_are_refused_at_once(server, gate):
    server.start("gated:app", workers=1, args=["--queue-limit", "3"])
    first = Background(server.get, gate.path())
    gate.wait_started()
    requests = [Background(server.get, "/quick") for _ in range(12)]
    eventually(lambda: sum(not request.running() for request in requests) >= 5, 5, "refusals")
    refused_ones = [request.result() for request in requests if not request.running()]
    assert all(response.status == 503 and response.header("Retry-After") for response in refused_ones)
    gate.open()
    statuses = [request.result().status for request in requests]
    assert set(statuses) == {200, 503} and statuses.count(200) >= 3
    assert first.result().status == 200


# --- recycling ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("threads", [1, 2])
def test_max_requests_recycles_without_a_failed_request(server, threads):
    server.start("gated:app", workers=2, threads=threads, args=["--max-requests", "10", "--max-requests-jitter", "5"])
    with Load(server, "/quick", clients=4) as load:
        eventually(lambda: len(set(load.bodies)) >= 6 or load.failures, 20, "six different workers")
    assert not load.failures, load.failures[:3]
    counts = {body: load.bodies.count(body) for body in set(load.bodies)}
    assert max(counts.values()) <= 15 + 1000 * SLOWNESS, counts  # It answers until its replacement does.


def test_max_requests_with_one_worker_never_refuses(server):
    server.start("gated:app", workers=1, args=["--max-requests", "5"])
    with Load(server, "/quick", clients=2, keep_alive=True) as load:
        eventually(lambda: len(set(load.bodies)) >= 4 or load.failures, 20, "four different workers")
    assert not load.failures, load.failures[:3]


# --- reload -------------------------------------------------------------------------------------------

def test_sighup_loads_new_code_without_a_failed_request(server, tmp_path):
    write_app(tmp_path, "one")
    server.start("changing:app", workers=2, chdir=tmp_path)
    with Load(server, clients=4) as load:
        load.wait_more(20)
        write_app(tmp_path, "two")
        server.signal(signal.SIGHUP)
        # Both answer until all workers of the new code serve; from then on nothing old is heard.
        server.wait_log("The new code answers", 10)
        eventually(lambda: set(load.bodies[-50:]) == {b"two"} or load.failures, 10, "the new code alone")
    assert server.log().count("The new code answers") == 1
    assert not load.failures, load.failures[:3]
    assert set(load.bodies) == {b"one", b"two"}


def test_sighup_keeps_connections(server, tmp_path):
    write_app(tmp_path, "one")
    server.start("changing:app", chdir=tmp_path)
    with server.raw() as client:
        client.request()
        assert client.response().body == b"one"
        write_app(tmp_path, "two")
        server.signal(signal.SIGHUP)

        def answers_two():
            client.request()
            return client.response().body == b"two"
        eventually(answers_two, 10)


def test_sighup_lets_running_requests_finish_in_the_old_code(server, gate):
    server.start("gated:app", workers=1)
    request = Background(server.get, gate.path())
    pid = gate.wait_started()
    server.signal(signal.SIGHUP)
    eventually(lambda: server.get("/quick").body != b"%d\n" % pid, 10, "a new worker answers")
    assert request.running()
    gate.open()
    assert request.result().body == b"%d\n" % pid
    eventually(lambda: not processes.alive(pid), 5, "the old worker goes")


def test_sighup_with_broken_code_keeps_the_old(server, tmp_path):
    path = write_app(tmp_path, "one")
    server.start("changing:app", workers=2, chdir=tmp_path)
    with Load(server, clients=2) as load:
        load.wait_more(10)
        path.write_text("raise RuntimeError('the new code is broken')\n")
        server.signal(signal.SIGHUP)
        server.wait_log("RuntimeError: the new code is broken", 10)
        load.wait_more(50)
        assert set(load.bodies) == {b"one"}
        write_app(tmp_path, "three")
        server.signal(signal.SIGHUP)
        eventually(lambda: load.bodies[-1] == b"three" or load.failures, 10, "the repaired code")
    assert not load.failures, load.failures[:3]
    assert server.log().count("RuntimeError: the new code is broken") == 1


def test_ten_reloads_leave_no_processes(server):
    server.start(workers=2)
    server.workers(2)
    eventually(lambda: server.get().status == 200)
    before = len(server.tree())
    for number in range(10):
        old = set(server.workers())
        server.signal(signal.SIGHUP)
        eventually(lambda: old.isdisjoint(server.workers()) and len(server.workers()) == 2, 10, f"reload {number}")
    eventually(lambda: len(server.tree()) == before, 5, "as many processes as before")


def test_reload_on_a_changed_file(server, tmp_path):
    write_app(tmp_path, "one")
    server.start("changing:app", chdir=tmp_path, args=["--reload"])
    assert server.get().body == b"one"
    write_app(tmp_path, "two")
    eventually(lambda: server.get().body == b"two", 10)


def test_reload_on_a_changed_import(server, tmp_path):
    (tmp_path / "word.py").write_text("WORD = b'one'\n")
    (tmp_path / "uses.py").write_text("""
import word
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [word.WORD]
""")
    server.start("uses:app", chdir=tmp_path, args=["--reload"])
    assert server.get().body == b"one"
    (tmp_path / "word.py").write_text("WORD = b'second'\n")
    eventually(lambda: server.get().body == b"second", 10)


def test_reload_on_a_broken_file_shows_the_traceback_and_recovers(server, tmp_path):
    path = write_app(tmp_path, "one")
    server.start("changing:app", chdir=tmp_path, args=["--reload"])
    assert server.get().body == b"one"
    path.write_text("raise RuntimeError('half written')\n")
    server.wait_log("RuntimeError: half written", 10)
    assert server.get().status in (200, 503)
    write_app(tmp_path, "two")
    eventually(lambda: server.get().body == b"two", 10)


# --- more and fewer -----------------------------------------------------------------------------------

def test_sigttin_and_sigttou_change_the_number_of_workers(server):
    server.start(workers=1)
    server.workers(1)
    server.signal(signal.SIGTTIN)
    server.workers(2)
    server.signal(signal.SIGTTIN)
    server.workers(3)
    server.signal(signal.SIGTTOU)
    server.workers(2)
    server.signal(signal.SIGTTOU)
    server.workers(1)
    server.signal(signal.SIGTTOU)  # The last one stays.
    assert stays(lambda: len(server.workers()) == 1, 0.3)
    assert server.get().status == 200


def test_sigttou_under_load_fails_no_request(server):
    server.start("gated:app", workers=3)
    server.workers(3)
    with Load(server, "/quick", clients=4) as load:
        load.wait_more(50)
        server.signal(signal.SIGTTOU)
        server.workers(2)
        load.wait_more(50)
    assert not load.failures, load.failures[:3]


# --- the other processes ------------------------------------------------------------------------------

def test_a_killed_zygote_is_replaced(server):
    server.start(workers=2)
    server.workers(2)
    old = server.zygote()
    assert old != server.pid
    os.kill(old, signal.SIGKILL)
    eventually(lambda: server.get(timeout=5).status == 200, 10)
    eventually(lambda: server.workers() and server.zygote() not in (old, 1, None), 10, "a new zygote")
    server.workers(2, 10)
    assert [server.get().status for _ in range(10)] == [200] * 10


def test_a_killed_edge_is_replaced(server):
    server.start(workers=2)
    edge = server.edge()
    assert edge not in (server.pid, *server.workers())
    os.kill(edge, signal.SIGKILL)

    def answers():
        try:
            return server.get(timeout=3).status == 200
        except (OSError, AssertionError):
            return False
    eventually(answers, 10)
    server.workers(2)
    assert server.edge() != edge
    assert [server.get().status for _ in range(10)] == [200] * 10


def test_a_killed_edge_does_not_strand_its_workers(server, gate):
    server.start("gated:app", workers=1)
    edge = server.edge()
    Background(server.get, gate.path())
    gate.wait_started()
    os.kill(edge, signal.SIGKILL)
    gate.open()

    def answers():
        try:
            return server.get("/quick", timeout=3).status == 200
        except (OSError, AssertionError):
            return False
    eventually(answers, 10)


def test_workers_are_reaped(server):
    server.start("dies_on_demand:app", workers=2)
    for _ in range(3):
        server.get("/die")
    server.workers(2)
    eventually(lambda: not any(processes.zombies_below(pid) for pid in server.tree()), 5, "no zombies")


@pytest.mark.skipif(os.geteuid() != 0 or GUNICORN, reason="needs root for a pid namespace")
def test_as_process_1_it_reaps_orphans(server, tmp_path):
    unshare = ["unshare", "-p", "-f", "--mount-proc", "--kill-child"]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
        pytest.skip("unshare is not permitted here")
    server.spawn(server.command("leaves_orphans:app"), wrapper=unshare)
    server.wait_listening()
    first = eventually(lambda: processes.living_children_of(server.pid), 5)[0]
    for _ in range(3):
        assert server.get().status == 200
    eventually(lambda: not any(processes.zombies_below(pid) for pid in [first, *server.tree()]), 5, "no zombies")
    os.kill(first, signal.SIGTERM)
    assert server.wait_exit() == 0
    server.assert_nothing_left()


def test_the_pid_file_names_the_supervisor_and_goes_with_it(server, tmp_path):
    path = tmp_path / "server.pid"
    server.start(args=["--pid", path])
    assert int(path.read_text()) == server.pid
    server.stop()
    assert not path.exists()


def test_a_pid_file_of_a_running_server_is_respected(server, second_server, tmp_path):
    path = tmp_path / "server.pid"
    server.start(args=["--pid", path])
    ended = second_server.fails(args=["--pid", str(path)])
    assert ended.code != 0
    assert str(path) in ended.err
    assert int(path.read_text()) == server.pid


def test_a_stale_pid_file_is_replaced(server, tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    path = tmp_path / "server.pid"
    path.write_text(f"{dead.pid}\n")
    server.start(args=["--pid", path])
    assert int(path.read_text()) == server.pid


def test_sigusr1_reopens_renamed_logs(server, tmp_path):
    access, error = tmp_path / "access.log", tmp_path / "error.log"
    server.start(args=["--access-logfile", access])
    server.get("/before")
    eventually(lambda: "/before" in access.read_text())
    access.rename(tmp_path / "access.log.1")
    server.signal(signal.SIGUSR1)
    eventually(access.exists, 5, "the access log is there again")
    server.get("/after")
    eventually(lambda: "/after" in access.read_text())
    assert "/after" not in (tmp_path / "access.log.1").read_text()
    assert not error.exists()


def test_nothing_is_left_in_shared_memory_or_tmp(server, tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    before = set(os.listdir("/dev/shm"))
    server.start(env={"TMPDIR": str(temporary)})
    server.post("/", b"x" * 500_000)
    server.stop()
    assert set(os.listdir("/dev/shm")) <= before
    assert not list(temporary.iterdir())



"""The end of `tierce up`: what runs is answered, and nothing else holds it."""

import signal
import subprocess
import threading
import time

import processes
import pytest

from chain_run import PROGRAMS, ChainRun
from gate import Background
from nginx_pair import free_port
from raw_client import RawClient
from server_process import BINARY
from waiting import SLOWNESS, eventually

HALVES = {"head": b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Le", "line": b"GE",
          "body": b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nfive."}


class Callers:
    """Clients that come again and again, whatever they are told; how long the slowest has waited for it."""

    def __init__(self, run, count):
        self.slowest = 0
        self._run, self._over = run, threading.Event()
        self._threads = [threading.Thread(target=self._call, daemon=True) for _ in range(count)]

    def _call(self):
        while not self._over.wait(0.002):
            begun = time.monotonic()
            self._run.status("/pid")
            self.slowest = max(self.slowest, time.monotonic() - begun)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join(15)


# An nginx that gets TERM stops at once, so it is the last: whoever comes before that finds no application.
@pytest.mark.parametrize("how", ["QUIT", "TERM", "--no-fuse"])
def test_what_runs_is_answered_before_the_end(chain, tmp_path, how):
    programs = PROGRAMS.replace("stopsignal=QUIT\n", "") if how == "TERM" else PROGRAMS
    run = chain(programs=programs, arguments=["--no-fuse"] if how == "--no-fuse" else []).begin()
    gate = tmp_path / "gate"
    waiting = Background(run.request, f"/wait?{gate}")
    eventually(lambda: (tmp_path / "gate.begun").exists(), 10)
    left = run.tree()
    with Callers(run, 2) as callers:
        run.send(signal.SIGTERM)
        eventually(lambda: "received SIGTERM" in run.log(), 5)
        time.sleep(0.5)
        assert waiting.running()
        gate.write_text("")
        assert waiting.result().body == b"waited"
        clock = time.monotonic()
        assert run.process.wait(10 * SLOWNESS) == 0
        if SLOWNESS == 1:
            assert time.monotonic() - clock < 1
    assert callers.slowest < 1 * SLOWNESS
    eventually(lambda: not [pid for pid in left if processes.alive(pid)], 5)


@pytest.mark.parametrize("arguments", [(), ("--no-fuse",)])
def test_asked_twice_it_waits_for_nothing(chain, tmp_path, arguments):
    """A stream of events has no end."""
    run = chain(arguments=arguments).begin()
    waiting = Background(run.status, f"/wait?{tmp_path}/gate")
    eventually(lambda: (tmp_path / "gate.begun").exists(), 10)
    left = run.tree()
    run.send(signal.SIGTERM)
    eventually(lambda: run.log().count("received SIGTERM") == 1, 5)
    assert run.process.poll() is None
    clock = time.monotonic()
    run.send(signal.SIGTERM)
    run.process.wait(15 * SLOWNESS)
    if SLOWNESS == 1:
        assert time.monotonic() - clock < 5
    # Edge and workers are killed together: the edge may still see its worker go.
    assert waiting.result() in (None, 502)
    eventually(lambda: not [pid for pid in left if processes.alive(pid)], 5)


def test_who_comes_to_a_graceful_end_is_refused(chain, tmp_path):
    run = chain().begin()
    gate = tmp_path / "gate"
    waiting = Background(run.request, f"/wait?{gate}")
    eventually(lambda: (tmp_path / "gate.begun").exists(), 10)
    run.send(signal.SIGTERM)
    eventually(lambda: run.status() is None, 5)
    assert "stopped: nginx" not in run.log() and "Handling signal: term" not in run.app_log()
    gate.write_text("")
    assert waiting.result().body == b"waited"
    assert run.process.wait(10 * SLOWNESS) == 0


@pytest.mark.parametrize("arguments", [(), ("--no-fuse",)])
@pytest.mark.parametrize("half", HALVES)
def test_half_a_request_does_not_hold_the_end(chain, tmp_path, half, arguments):
    run = chain(arguments=arguments).begin()
    kept = RawClient(run.address)
    kept.request("GET", "/")
    kept.response()
    clients = [RawClient(run.address), kept]
    for client in clients:
        client.send(HALVES[half])
        client.wait_until_read()
    gate = tmp_path / "gate"
    waiting = Background(run.request, f"/wait?{gate}")
    eventually(lambda: (tmp_path / "gate.begun").exists(), 10)
    run.send(signal.SIGTERM)
    eventually(lambda: run.status() is None, 5)
    # Beside it goes on what is whole.
    gate.write_text("")
    assert waiting.result().body == b"waited"
    clock = time.monotonic()
    assert run.process.wait(15 * SLOWNESS) == 0
    if SLOWNESS == 1:
        assert time.monotonic() - clock < 4
    assert "killing" not in run.log()


@pytest.mark.parametrize("half", HALVES)
def test_nor_does_one_at_the_applications_own_socket(tmp_path, half):
    port, behind = free_port(), free_port()
    shape = ChainRun(tmp_path / "files", port, location=f"proxy_pass http://127.0.0.1:{behind};")
    process = subprocess.Popen([str(BINARY), "up", "--nginx", shape.folder / "nginx.conf", "--gunicorn",
                                f"chain_app:app -b 127.0.0.1:{behind} --chdir '{shape.folder}'"],
                               stdout=subprocess.DEVNULL, cwd=tmp_path)
    try:
        eventually(lambda: shape.status() == 200, 15)
        client = RawClient(("127.0.0.1", behind))
        client.send(HALVES[half])
        client.wait_until_read()
        clock = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20 * SLOWNESS) == 0
        if SLOWNESS == 1:
            assert time.monotonic() - clock < 5
    finally:
        process.kill()


@pytest.mark.parametrize("half", HALVES)
def test_half_a_request_does_not_stall_an_edge_that_is_reloaded(chain, half):
    """The old worker goes on with it, and with all the others, until the client has said the rest."""
    run = chain().begin()
    client, other = RawClient(run.address), RawClient(run.address)
    for each, text in ((client, HALVES[half]), (other, HALVES["body"])):
        each.send(text)
        each.wait_until_read()
    before = run.error_log().count("start worker process")
    run.ctl("signal", "HUP", "nginx", check=True)
    eventually(lambda: run.error_log().count("start worker process") > before, 10)
    assert run.status() == 200
    other.send(b"x" * 95)
    assert other.response("POST").status == 200
    rest = {"head": b"ngth: 0\r\n\r\n", "line": b"T / HTTP/1.1\r\nHost: a\r\n\r\n", "body": b"x" * 95}
    client.send(rest[half])
    assert client.response("POST").status == 200
    assert run.stop() == 0

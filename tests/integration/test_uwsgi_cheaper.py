"""As many workers as are needed: uWSGI's cheaper and cheap, asked of the running server."""

import json
import signal
import socket
import sys

import pytest

from gate import Background, Gate
from server_process import APPS, BINARY
from waiting import eventually, stays


@pytest.fixture
def cheaper(server):
    def start(*lines, app="gated:app", ready=1):
        ini = server.directory / "app.ini"
        ini.write_text("\n".join(["[uwsgi]", "http-socket = 127.0.0.1:0", f"chdir = {APPS}", f"module = {app}",
                                  "home = " + sys.prefix, f"stats = {server.directory}/stats", *lines]))
        server.spawn([str(BINARY), "uwsgi", "--ini", str(ini)])
        if ready is not None:
            server.wait_listening()
            server.workers(ready)
        return server
    return start


def statuses(server):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(server.directory / "stats"))
        text = b""
        while piece := client.recv(65536):
            text += piece
    return [worker["status"] for worker in json.loads(text)["workers"]]


def working(server):
    return sum(status != "cheap" for status in statuses(server))


def hold(server, directory, count):
    """So many requests that wait in the application, each at a gate of its own."""
    gates = [Gate(directory) for _ in range(count)]
    requests = [Background(server.get, gate.path()) for gate in gates]
    return gates, requests


def let_go(gates, requests):
    for gate in gates:
        gate.open()
    for request in requests:
        assert request.result().status == 200


def test_spare_grows_while_all_are_busy_and_shrinks_afterwards(cheaper, tmp_path):
    server = cheaper("processes = 4", "cheaper = 1", "cheaper-step = 2", "cheaper-overload = 1")
    assert statuses(server) == ["idle", "cheap", "cheap", "cheap"]
    gates, requests = hold(server, tmp_path, 6)
    eventually(lambda: statuses(server).count("busy") == 4, 20, "all four workers are busy")
    let_go(gates, requests)
    eventually(lambda: working(server) == 1, 20, "one worker is left")
    assert server.get("/quick").status == 200


def test_a_worker_that_is_not_needed_any_more_finishes_its_request(cheaper, tmp_path):
    server = cheaper("processes = 2", "cheaper = 1", "cheaper-initial = 2", "cheaper-algo = manual",
                     f"master-fifo = {tmp_path}/fifo", ready=2)
    gates, requests = hold(server, tmp_path, 2)
    for gate in gates:
        gate.wait_started()
    (tmp_path / "fifo").write_text("-")
    server.wait_log("Master fifo: '-'")
    stays(lambda: all(request.running() for request in requests), 0.5)
    let_go(gates, requests)
    eventually(lambda: working(server) == 1, 10, "one worker is left")


def test_backlog_grows_when_requests_wait(cheaper, tmp_path):
    server = cheaper("processes = 3", "cheaper = 1", "cheaper-algo = backlog", "cheaper-overload = 2")
    gates, requests = hold(server, tmp_path, 2)
    stays(lambda: working(server) == 1, 2.5)  # One waits: that is allowed.
    more, further = hold(server, tmp_path, 4)
    eventually(lambda: working(server) == 3, 15, "all three workers run")
    let_go(gates + more, requests + further)


def test_busyness_grows_and_says_so(cheaper, tmp_path):
    server = cheaper("processes = 2", "cheaper = 1", "cheaper-algo = busyness", "cheaper-overload = 1",
                     "cheaper-busyness-multiplier = 2", "cheaper-busyness-verbose")
    gates, requests = hold(server, tmp_path, 1)
    eventually(lambda: working(server) == 2, 15, "a second worker")
    server.wait_log(r"\[busyness\] 1s average busyness is at 100%, will spawn 1 new worker\(s\)")
    let_go(gates, requests)
    server.wait_log(r"\[busyness\] 1s average busyness is at 0%, cheap one of 2 running workers", seconds=20)
    eventually(lambda: working(server) == 1, 10, "one worker again")


def test_the_initial_number(cheaper):
    server = cheaper("processes = 4", "cheaper = 1", "cheaper-initial = 3", "cheaper-overload = 60", ready=3)
    assert working(server) == 3


def test_a_reload_keeps_the_number(cheaper):
    server = cheaper("processes = 4", "cheaper = 2", ready=2)
    before = set(server.workers())
    server.signal(signal.SIGHUP)
    eventually(lambda: len(server.workers()) == 2 and not before & set(server.workers()), 10, "two new workers")
    assert working(server) == 2


@pytest.mark.parametrize("lines, said", [
    (["processes = 2", "cheaper = 2"], "cheaper = 2: must be lower than processes, which is 2"),
    (["processes = 4", "cheaper = 2", "cheaper-initial = 1"], "cheaper-initial = 1: must be between cheaper, which is 2"),
    (["processes = 4", "cheaper = 2", "cheaper-initial = 5"], "cheaper-initial = 5: must be between cheaper, which is 2"),
])
def test_numbers_that_cannot_be(cheaper, lines, said):
    server = cheaper(*lines, ready=None)
    assert server.process.wait(10) != 0
    assert said in server.log()


def test_an_unknown_algorithm_is_named_and_spare_is_used(cheaper):
    server = cheaper("processes = 2", "cheaper = 1", "cheaper-algo = spare2")
    assert "there is no 'spare2': spare is used" in server.log()


def test_cheap_starts_no_worker_before_the_first_request(cheaper):
    server = cheaper("processes = 2", "cheap = true", ready=0)
    stays(lambda: working(server) == 0, 0.5)
    assert server.get("/quick").status == 200
    eventually(lambda: working(server) == 2, 10, "both workers run")

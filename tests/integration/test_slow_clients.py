"""A client that is slow, greedy or gone costs itself and nobody else."""

import contextlib
import time

import pytest

import processes
from gate import Background, Load
from waiting import SLOWNESS, eventually, stays


@contextlib.contextmanager
def others_are_served(server, path="/"):
    """Another client gets its answers, quickly, while the block runs."""
    with Load(server, path, clients=1) as load:
        load.wait_more(1)
        yield
        load.wait_more(3)
    assert not load.failures, load.failures[:3]


def ends_within(client, low, high, begun):
    client.ends()
    took = time.monotonic() - begun
    assert low * 0.9 <= took <= high * SLOWNESS, took


@pytest.mark.parametrize("sent", [b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: h\r\nA: b\r"])
def test_client_header_timeout(server, sent):
    server.start(args=["--client-header-timeout", "0.3"])
    with others_are_served(server), server.raw() as client:
        client.send(sent)
        assert client.response().status == 408
        client.ends()
        assert server.wait_log(rf"127\.0\.0\.1:{client.port}")


def test_client_header_timeout_counts_from_the_first_byte_not_the_last(server):
    server.start(args=["--client-header-timeout", "0.4"])
    begun = time.monotonic()
    with server.raw() as client:
        # A byte now and then does not help.
        while client.is_open() and time.monotonic() - begun < 5:
            client.send_what_is_taken(b"G")
            stays(client.is_open, 0.05)
    assert time.monotonic() - begun < 2 * SLOWNESS


def test_a_connection_that_says_nothing_is_closed(server):
    server.start(args=["--client-header-timeout", "0.3"])
    with server.raw() as client:
        begun = time.monotonic()
        client.everything()
        assert time.monotonic() - begun < 2 * SLOWNESS


def test_the_header_timeout_holds_for_later_requests_too(server):
    server.start(args=["--client-header-timeout", "0.3"])
    with server.raw() as client:
        client.request()
        assert client.response().status == 200
        client.send(b"GET / HT")
        assert client.response().status == 408
        client.ends()


@pytest.mark.parametrize("body", [b"Content-Length: 10\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
                                  b"Content-Length: 100000\r\n\r\n" + b"a" * 50_000, b"Content-Length: 5\r\n\r\n"])
def test_client_body_timeout(server, body):
    server.start("counting:app", args=["--client-body-timeout", "0.3"])
    with others_are_served(server, "/seen"), server.raw() as client:
        client.send(b"POST /slow HTTP/1.1\r\nHost: h\r\n" + body)
        assert client.response().status == 408
        client.ends()
    assert ["POST", "/slow"] not in server.get("/seen").json()


def test_a_slow_body_that_never_pauses_is_served(server):
    server.start("counting:app", args=["--client-body-timeout", "0.6"])
    with server.raw() as client:
        client.send(b"POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n")
        for byte in b"abcdef":
            assert stays(client.is_open, 0.15)
            client.send(bytes([byte]))
        assert client.response().json()["body"] == "abcdef"


def test_a_slow_upload_holds_no_worker(server):
    server.start("counting:app", workers=1, threads=1)
    slow = []
    try:
        for _ in range(20):
            client = server.raw()
            client.send(b"POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello")
            slow.append(client)
        assert server.get("/fast").json()["path"] == "/fast"
        for client in slow:
            client.send(b"world")
        assert [client.response().json()["body"] for client in slow] == ["helloworld"] * 20
    finally:
        for client in slow:
            client.close()


@pytest.mark.parametrize("option", ["--keepalive-timeout", "--keep-alive"])
def test_keepalive_timeout(server, option):
    server.start(args=[option, "1" if option == "--keep-alive" else "0.4"])
    with server.raw() as client:
        client.request()
        client.response()
        ends_within(client, 0.4, 3, time.monotonic())
        assert not server.log_lines(rf"127\.0\.0\.1:{client.port}\b")


def test_send_timeout(server):
    server.start("answers:app", args=["--send-timeout", "0.4"])
    with others_are_served(server, "/ok"), server.raw(receive_buffer=4096) as client:
        client.request(path="/streamed?slow&count=5000&size=10000")
        server.wait_log(rf"127\.0\.0\.1:{client.port}\b", 10)
        assert len(client.everything()) < 50_000_000
        eventually(lambda: server.get("/closes?slow").text == "1", 10, "the iterable is closed")
    assert server.workers(1)


def test_a_slow_reader_holds_neither_memory_nor_other_clients(server):
    server.start("answers:app", threads=2)
    server.get("/ok")
    with others_are_served(server, "/ok"), server.raw(receive_buffer=65536) as client:
        client.request(path="/streamed?reader&count=5000&size=10000")
        client.head()
        most, read = 0, 0
        while (chunk := client.chunk()) is not None:
            read += len(chunk)
            if read % 5_000_000 < len(chunk):
                most = max(most, processes.resident_bytes(server.tree()))
        assert read == 50_000_000
        assert 0 < most < 100 * 1024 * 1024 * (1 if SLOWNESS == 1 else 4)  # Sanitizers keep books of their own.
    assert server.get("/closes?reader").text == "1"


def test_a_reader_that_stops_does_not_hold_the_only_worker(server):
    """The answer is small enough for the server to hold: the worker is free at once."""
    server.start("answers:app", workers=1)
    with server.raw(receive_buffer=4096) as client:
        client.request(path="/large")
        client.wait_until_read()
        assert [server.get("/ok", timeout=5).status for _ in range(3)] == [200] * 3
        assert len(client.response().body) == 5_000_000


def test_clients_that_reset_at_once_cost_nothing(server):
    server.start()
    for _ in range(500):
        server.raw().reset()
    for _ in range(100):
        client = server.raw()
        client.send(b"GET / HTTP/1.1\r\nHost:")
        client.reset()
    assert server.get().status == 200
    # Nothing spins on what is gone.
    before = processes.cpu_seconds(server.tree())
    stays(lambda: True, 0.5)
    assert processes.cpu_seconds(server.tree()) - before < 0.2
    assert not server.log_lines(r"\[(ERROR|CRITICAL)\]")


def test_a_client_that_goes_while_its_request_waits_costs_no_run(server, gate):
    server.start("counting_gated:app", workers=1)
    first = Background(server.get, gate.path())
    gate.wait_started()
    with server.raw() as client:
        client.request(path="/gone")
        client.wait_until_read(1)
        client.reset()
    server.wait_access('"GET /gone HTTP/1.1" 499', 5)
    gate.open()
    assert first.result().status == 200
    assert b"/gone" not in server.get("/seen").body


def test_a_client_that_goes_while_its_request_runs_is_no_error(server, gate):
    server.start("gated:app", workers=1)
    with server.raw() as client:
        client.request(path=gate.path())
        gate.wait_started()
        client.reset()
    gate.open()
    assert server.get("/quick").status == 200
    server.wait_access('"GET /wait.*" 499')
    assert not server.log_lines(r"\[(WARNING|ERROR|CRITICAL)\]|Traceback")


def test_500_idle_connections_are_held_and_others_served(server):
    server.start()
    idle = []
    try:
        for _ in range(500):
            idle.append(server.raw())
        for client in idle[:250]:
            client.request()
            client.response()
        assert server.get().status == 200
        assert all(client.is_open() for client in idle)
        for client in idle[::50]:
            client.request()
            assert client.response().status == 200
    finally:
        for client in idle:
            client.close()


def test_idle_connections_cost_no_processor(server):
    server.start(workers=2, threads=2)
    with server.raw() as client:
        client.request()
        client.response()
        before = processes.cpu_seconds(server.tree())
        stays(lambda: True, 1)
        assert processes.cpu_seconds(server.tree()) - before <= 0.05

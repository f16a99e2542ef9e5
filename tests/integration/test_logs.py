"""What the logs say, and that nobody can make them say something else."""

import base64
import re
import signal
import time
from datetime import datetime

import pytest

from raw_client import Incomplete
from server_process import APPS
from waiting import eventually

COMBINED = re.compile(r'(?P<address>\S+) - (?P<user>\S+) \[(?P<time>[^]]+)\] "(?P<line>[^"]*)" (?P<status>[0-9]{3}) '
                      r'(?P<bytes>[0-9]+|-) "(?P<referer>[^"]*)" "(?P<agent>[^"]*)"')
ERROR_LINE = re.compile(r"\[[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8} [+-][0-9]{4}\] \[[0-9]+\] "
                        r"\[(DEBUG|INFO|WARNING|ERROR|CRITICAL)\] .+")


def entry(server, pattern):
    line = server.wait_access(pattern)
    match = COMBINED.fullmatch(line)
    assert match, line
    return match.groupdict()


def test_the_access_log_is_in_the_combined_format(server):
    server.start()
    server.get("/path?query=1", [("Referer", "http://from.example/"), ("User-Agent", "tests/1.0 (x)")])
    got = entry(server, "/path")
    stamp = datetime.strptime(got.pop("time"), "%d/%b/%Y:%H:%M:%S %z")
    assert abs(stamp.timestamp() - time.time()) < 10
    assert got == {"address": "127.0.0.1", "user": "-", "line": "GET /path?query=1 HTTP/1.1", "status": "200", "bytes": "6",
                   "referer": "http://from.example/", "agent": "tests/1.0 (x)"}


def test_what_is_missing_is_a_dash(server):
    server.start()
    with server.raw() as client:
        client.send("GET /old HTTP/1.0\r\n\r\n")
        client.response()
    got = entry(server, "/old")
    assert (got["user"], got["referer"], got["agent"], got["line"]) == ("-", "-", "-", "GET /old HTTP/1.0")


def test_the_user_of_basic_authentication_is_named(server):
    server.start()
    server.get("/", [("Authorization", "Basic " + base64.b64encode(b"misha:secret").decode())])
    assert entry(server, "misha")["user"] == "misha"
    assert "secret" not in server.out()


@pytest.mark.parametrize("method, path, size", [
    ("GET", "/large", "5000000"), ("GET", "/list", "13"), ("GET", "/generator", "13"), ("HEAD", "/large", "0"),
    ("HEAD", "/list", "0"), ("GET", "/status?line=204%20No%20Content", "0"), ("GET", "/empty_list", "0")])
def test_bytes_are_those_of_the_body(server, method, path, size):
    server.start("answers:app")
    server.request(method, path)
    assert entry(server, f"{method} {path.split('?')[0]}")["bytes"] in (size, "-" if size == "0" else size)


@pytest.mark.parametrize("status", [200, 302, 404, 500])
def test_the_status_is_the_one_sent(server, status):
    server.start("answers:app")
    server.get(f"/status?line={status}%20X&body=b")
    assert entry(server, "/status")["status"] == str(status)


def test_refused_requests_are_logged_too(server):
    server.start()
    with server.raw() as client:
        client.send(b"GET /bad HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n")
        assert client.response().status == 400
    assert entry(server, '" 400 ')["address"] == "127.0.0.1"


def test_every_request_of_a_connection_has_its_line(server):
    server.start()
    with server.raw() as client:
        client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % i for i in range(50)))
        for _ in range(50):
            client.response()
    eventually(lambda: len(server.access_log()) == 50, 3, "50 lines")
    assert [COMBINED.fullmatch(line)["line"] for line in server.access_log()] == [f"GET /{i} HTTP/1.1" for i in range(50)]


@pytest.mark.parametrize("evil", [b'" 200 0 "-" "-', b"\xff\xfe", b"\\", b"a\tb", b"\xe2\x80\xae"])
def test_a_client_cannot_write_into_the_log(server, evil):
    server.start()
    with server.raw() as client:
        client.send(b"GET /evil HTTP/1.1\r\nHost: h\r\nUser-Agent: x" + evil + b"y\r\nReferer: x" + evil + b"y\r\n\r\n")
        client.response()
    got = entry(server, "/evil")
    assert re.fullmatch(r"[\x20-\x7e]*", got["agent"] + got["referer"])


def test_quotes_in_the_target_are_escaped(server):
    server.start()
    with server.raw() as client:
        client.send(b'GET /q"x\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n')
        status = client.response().status
    got = entry(server, "/q")
    assert got["status"] == str(status)
    assert got["line"].startswith("GET /q") and "\\x22" in got["line"]


@pytest.mark.parametrize("value", ["none", ""])
def test_the_access_log_can_be_off(server, value, tmp_path):
    server.start("hello:app", chdir=tmp_path, args=["--access-logfile", value, "--pythonpath", APPS])
    for _ in range(3):
        server.get("/quiet")
    server.stop()
    assert "/quiet" not in server.out()
    assert not (tmp_path / "none").exists()


def test_the_access_log_is_complete_after_the_end(server):
    server.start()
    for number in range(20):
        server.get(f"/{number}")
    server.stop()
    assert len(server.access_log()) == 20


def test_logs_go_to_files(server, tmp_path):
    access, error = tmp_path / "access.log", tmp_path / "error.log"
    server.spawn(server.command("hello:app", args=["--access-logfile", access, "--error-logfile", error]))
    server.err_path = error
    server.wait_listening()
    server.get("/filed")
    eventually(lambda: "/filed" in access.read_text(), 3)
    assert server.access_log() == []
    assert ERROR_LINE.fullmatch(error.read_text().splitlines()[0])


@pytest.mark.parametrize("option", ["--log-file", "--error-logfile"])
def test_sigusr1_reopens_the_error_log(server, tmp_path, option):
    error, renamed = tmp_path / "error.log", tmp_path / "error.log.1"
    server.spawn(server.command("answers:app", args=[option, error]))
    server.err_path = error
    server.wait_listening()
    address = server.address
    server.get("/raises?before", address=address)
    eventually(lambda: "/raises?before" in error.read_text(), 3)
    error.rename(renamed)
    server.signal(signal.SIGUSR1)
    eventually(error.exists, 5, "the error log is there again")

    # Which of the processes reopens first is not promised: every one does soon.
    def lands_in_the_new_one():
        server.get("/raises?after", address=address)
        text = error.read_text()
        return "/raises?after" in text and "RuntimeError: oops before the output" in text
    eventually(lands_in_the_new_one, 5)


def test_a_log_that_cannot_be_opened_is_named(server):
    ended = server.fails(args=["--access-logfile", "/does/not/exist/access.log"])
    assert ended.code not in (0, None)
    assert "/does/not/exist/access.log" in ended.err


def test_error_log_lines_look_like_gunicorns(server):
    server.start(workers=2)
    server.workers(2)
    server.get()
    server.stop()
    lines = server.log().splitlines()
    assert lines and all(ERROR_LINE.fullmatch(line) for line in lines), lines
    assert any(f"({server.pid})" in line and "Listening at: http://127.0.0.1:" in line for line in lines)


def test_log_level_leaves_out_what_is_less(server):
    server.spawn(server.command("answers:app", bind="127.0.0.1:0", args=["--log-level", "debug"]))
    server.wait_listening()
    assert server.get("/ok").status == 200
    server.stop()
    server.err_path.unlink()
    import server_process
    port = server_process.free_port()
    server.spawn(server.command("answers:app", bind=f"127.0.0.1:{port}", args=["--log-level", "error"]))
    eventually(lambda: server_process.accepts(("127.0.0.1", port)), 10)
    address = ("127.0.0.1", port)
    with server.raw(address) as client:
        client.send(b"nonsense\r\n\r\n")
        client.response()
    assert server.get("/raises", address=address).status == 500
    eventually(lambda: "RuntimeError" in server.log(), 3)
    assert "[INFO]" not in server.log()


def test_a_traceback_stands_with_its_request(server):
    server.start("answers:app")
    server.get("/raises?who=1")
    server.wait_log("RuntimeError: oops before the output")
    lines = server.log().splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith("Traceback"))
    assert re.search(r"\[ERROR\] .*request [0-9a-f]+.*GET /raises\?who=1", "\n".join(lines[max(0, at - 2):at + 1])), lines


def test_the_id_in_the_log_is_the_one_the_app_sees(server):
    server.start("logs_own_id:app")
    assert server.get("/").status == 500
    seen = server.wait_log("app saw ([0-9a-f]+)")[1]
    assert server.wait_log("request ([0-9a-f]+)")[1] == seen


def test_a_broken_response_is_logged_with_its_status(server):
    server.start("answers:app")
    with server.raw() as client:
        client.request(path="/raises_later?x")
        with pytest.raises(Incomplete):
            client.response()
    assert entry(server, "/raises_later")["status"] == "200"


def test_502_503_and_504_are_in_both_logs(server):
    server.start("dies_on_demand:app", args=["--timeout", "0.4"])
    assert server.get("/die").status == 502
    assert server.get("/sleep?seconds=30").status == 504
    assert entry(server, "/die")["status"] == "502"
    assert entry(server, "/sleep")["status"] == "504"
    server.wait_log(r"\[ERROR\].*request [0-9a-f]+.*GET /die")
    server.wait_log(r"\[ERROR\].*request [0-9a-f]+.*GET /sleep")

"""How long a connection of HTTP/2 lasts, and what becomes of a stream whose client does not take it: frame by frame, the
real nginx and ours."""

import struct
import subprocess
import time

import pytest

from http2_client import ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, POST, RST_STREAM, SETTINGS, Http2Client, frame, head
from nginx_run import NginxRun
from waiting import SLOWNESS

both = pytest.mark.parametrize("program", ["real", "ours"])

@pytest.fixture
def serve(tmp_path):
    made = []

    def start(program, server):
        made.append(NginxRun(program, tmp_path / program, server=server, http2=True))
        return made[-1].start()

    yield start
    for nginx in made:
        nginx.kill()


SHORT = "keepalive_timeout 1s; client_header_timeout 1s; "


@both
@pytest.mark.parametrize("asked", [
    [frame(HEADERS, END_STREAM | END_HEADERS, 1, head())],
    [],
    [frame(HEADERS, END_STREAM, 1, head())],
], ids=["after an answer", "nothing asked", "half a head"])
def test_an_idle_connection_ends(serve, program, asked):
    nginx = serve(program, SHORT + 'location / { return 200 "ok\n"; }')
    with Http2Client(nginx.address) as client:
        client.send(*asked)
        client.acknowledges = not asked or asked[0][4] & END_HEADERS != 0  # Within a head nothing else may come.
        began = time.monotonic()
        client.until(GOAWAY)
        while client.next() is not None:
            pass
        assert time.monotonic() - began >= 0.9
    assert nginx.stop() == 0


@both
def test_a_connection_with_a_request_under_way_is_not_idle(serve, tmp_path, program):
    (tmp_path / "file").write_bytes(b"x" * 30_000)
    nginx = serve(program, SHORT + f"location /file {{ limit_rate 10k; alias {tmp_path}/file; }}")
    with Http2Client(nginx.address) as client:
        client.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, head("/file")))
        got = 0
        while not (data := client.until(DATA))[1] & END_STREAM:
            got += len(data[3])
        assert got + len(data[3]) == 30_000
    assert nginx.stop() == 0


@both
@pytest.mark.parametrize("limits", ["limit_rate 200k;", "limit_rate 200k; limit_rate_after 100k;"])
def test_a_limited_download_comes_whole(serve, tmp_path, program, limits):
    (tmp_path / "file").write_bytes(bytes(range(256)) * 1400)
    nginx = serve(program, f"send_timeout 3s; location /file {{ {limits} alias {tmp_path}/file; }}")
    done = subprocess.run(["curl", "-sS", "--http2-prior-knowledge", "--max-time", str(20 * SLOWNESS), f"http://127.0.0.1:{nginx.port}/file"],
                          capture_output=True)
    assert (done.returncode, len(done.stdout)) == (0, 358_400), done.stderr
    assert done.stdout == (tmp_path / "file").read_bytes()
    assert nginx.stop() == 0


@both
def test_a_stream_that_nobody_takes_is_reset(serve, tmp_path, program):
    (tmp_path / "file").write_bytes(b"x" * 27)
    nginx = serve(program, f"send_timeout 1s; location /file {{ alias {tmp_path}/file; }}")
    initial_window = struct.pack("!HI", 4, 5)
    with Http2Client(nginx.address, initial_window) as client:
        client.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, head("/file")))
        assert client.until(DATA)[3] == b"x" * 5
        assert client.until(RST_STREAM)[2] == 1
        # The connection serves others.
        client.send(frame(SETTINGS, payload=struct.pack("!HI", 4, 1000)), frame(HEADERS, END_STREAM | END_HEADERS, 3, head("/file")))
        assert client.until(DATA)[2:] == (3, b"x" * 27)
    assert nginx.stop() == 0


@both
def test_a_worker_ends_in_spite_of_a_client_that_takes_nothing(serve, tmp_path, program):
    (tmp_path / "file").write_bytes(b"x" * 27)
    nginx = serve(program, f"send_timeout 1s; location /file {{ alias {tmp_path}/file; }}")
    with Http2Client(nginx.address, struct.pack("!HI", 4, 5)) as client:
        client.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, head("/file")))
        client.until(DATA)
        assert nginx.stop() == 0


@both
def test_a_body_that_nobody_reads_is_told_to_stop(serve, program):
    nginx = serve(program, 'location / { return 200 "ok\n"; }')
    content_length = b"\x0f\x0d\x06200000"
    with Http2Client(nginx.address) as client:
        client.send(frame(HEADERS, END_HEADERS, 1, head("/", POST, content_length)))
        assert client.until(DATA)[3] == b"ok\n"
        kind, _, stream, payload = client.until(RST_STREAM)
        assert (stream, payload) == (1, bytes(4))  # NO_ERROR
    assert nginx.stop() == 0

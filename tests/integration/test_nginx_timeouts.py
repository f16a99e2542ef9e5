"""Connections whose time is over, and answers that wait on purpose: reset_timedout_connection, auth_delay, and body files
that stay."""

import socket
import time

import pytest

from nginx_run import NginxRun

HALF_A_HEAD = b"GET / HTTP/1.1\r\nHost:"
HALF_A_BODY = b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nab"
GET_444 = b"GET /444 HTTP/1.1\r\nHost: a\r\n\r\n"

SERVER = """client_header_timeout 1s; client_body_timeout 1s;
    location / { return 200 "x"; } location /444 { return 444; } location /body { proxy_pass http://127.0.0.1:1; }"""


def how_it_ends(address, data):
    with socket.create_connection(address, 10) as client:
        client.sendall(data)
        try:
            return "closed" if client.recv(100) == b"" else "answered"
        except ConnectionResetError:
            return "reset"


@pytest.fixture(scope="module", params=["real", "ours"])
def pair(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("timeouts")
    resets = NginxRun(request.param, folder / "on", server="reset_timedout_connection on; " + SERVER).start()
    closes = NginxRun(request.param, folder / "off", server=SERVER).start()
    yield resets, closes
    for nginx in (resets, closes):
        assert nginx.stop() == 0
        nginx.kill()


@pytest.mark.parametrize("data", [HALF_A_HEAD, HALF_A_BODY, GET_444], ids=["half a head", "half a body", "444"])
def test_a_connection_that_is_over_is_reset_where_that_is_asked_for(pair, data):
    resets, closes = pair
    assert how_it_ends(resets.address, data) == "reset"
    assert how_it_ends(closes.address, data) == "closed"


@pytest.mark.parametrize("program", ["real", "ours"])
def test_a_refused_password_is_answered_late(tmp_path, program):
    (tmp_path / "users").write_text("alice:{PLAIN}pw\n")
    nginx = NginxRun(program, tmp_path / program, server=f"""
        location / {{ auth_basic here; auth_basic_user_file {tmp_path}/users; auth_delay 700ms; return 200; }}
        location /in {{ auth_basic here; auth_basic_user_file {tmp_path}/users; auth_delay 700ms; try_files /none =404; }}
        location /denied {{ auth_delay 700ms; deny all; }}""").start()
    try:
        for credentials, status, late in ((None, 401, True), ("YWxpY2U6eHg=", 401, True), ("YWxpY2U6cHc=", 404, False)):
            headers = [("Authorization", f"Basic {credentials}")] if credentials else []
            began = time.monotonic()
            assert nginx.request("/in", headers=headers).status == status
            assert (time.monotonic() - began >= 0.69) == late
        began = time.monotonic()
        assert nginx.request("/denied").status == 403
        assert time.monotonic() - began < 0.6
        assert nginx.stop() == 0
    finally:
        nginx.kill()


@pytest.mark.parametrize("program", ["real", "ours"])
@pytest.mark.parametrize("how", ["on", "clean", "off"])
def test_bodies_stay_in_files_where_that_is_asked_for(tmp_path, program, how):
    files = tmp_path / "bodies"
    nginx = NginxRun(program, tmp_path / program, server=f"""
        client_body_temp_path {files}; client_body_in_file_only {how};
        location /up {{ proxy_pass http://127.0.0.1:1; }}""").start()
    try:
        assert nginx.request("/up", "POST", body=b"the body").status == 502
        assert nginx.request("/up").status == 502
        texts = [path.read_bytes() for path in files.rglob("*") if path.is_file()]
        assert texts == ([b"the body"] if how == "on" else [])
        assert nginx.stop() == 0
    finally:
        nginx.kill()

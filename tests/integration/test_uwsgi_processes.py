"""What uWSGI's files say about sockets, processes and their ends, asked of the running server."""

import os
import pwd
import re
import signal
import socket
import stat
import sys

import pytest

from gate import Load
from server_process import APPS, BINARY
from waiting import eventually


def start(server, tmp_path, lines, app="gated:app", wait=True):
    ini = tmp_path / "uwsgi.ini"
    ini.write_text("[uwsgi]\nhome = %s\nmodule = %s\nchdir = %s\nhttp = 127.0.0.1:0\n%s\n" % (sys.prefix, app, APPS, "\n".join(lines)))
    server.spawn([str(BINARY), "uwsgi", "--ini", str(ini), "--env", "unused=1"])
    if wait:
        server.wait_listening(1 + sum("socket =" in line for line in lines if line.startswith(("socket", "scgi-", "fastcgi-"))))
    return server


@pytest.mark.parametrize("option, mode", [("chmod-socket = 600", 0o600), ("chmod-socket = 664", 0o664), ("chmod-socket", 0o666)])
def test_the_mode_of_the_socket(server, tmp_path, option, mode):
    start(server, tmp_path, [f"socket = {tmp_path}/s", option])
    assert stat.S_IMODE(os.stat(tmp_path / "s").st_mode) == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_the_owner_of_the_socket(server, tmp_path):
    nobody = pwd.getpwnam("nobody")
    start(server, tmp_path, [f"socket = {tmp_path}/s", "chown-socket = nobody:nogroup"])
    assert os.stat(tmp_path / "s").st_uid == nobody.pw_uid and os.stat(tmp_path / "s").st_gid == nobody.pw_gid


def test_an_owner_that_does_not_exist_is_named(server, tmp_path):
    start(server, tmp_path, [f"socket = {tmp_path}/s", "chown-socket = nobody-of-that-name"], wait=False)
    assert server.process.wait(10) != 0
    assert "nobody-of-that-name" in server.log()
    server.assert_nothing_left()


def test_a_socket_is_gone_after_the_end(server, tmp_path):
    start(server, tmp_path, [f"socket = {tmp_path}/s", "vacuum = true"])
    server.stop()
    assert not (tmp_path / "s").exists()


def workers_seen(server, count):
    """Loads the server until so many different workers have answered; no request may fail."""
    with Load(server, "/quick", clients=2) as load:
        eventually(lambda: len(set(load.bodies)) >= count or load.failures, 20, f"{count} different workers")
    assert not load.failures, load.failures[:3]


def test_a_worker_with_too_much_memory_is_replaced_after_its_request(server, tmp_path):
    start(server, tmp_path, ["reload-on-rss = 1"])
    workers_seen(server, 3)
    assert re.search(r"Autorestarting worker with \d+ MiB of resident memory", server.log())


def test_a_worker_with_too_much_address_space_is_replaced(server, tmp_path):
    start(server, tmp_path, ["reload-on-as = 1"])
    workers_seen(server, 2)
    assert "of address space" in server.log()


def test_a_worker_is_replaced_after_its_lifetime(server, tmp_path):
    start(server, tmp_path, ["processes = 2", "max-worker-lifetime = 1"])
    workers_seen(server, 4)
    assert "Autorestarting worker after its lifetime" in server.log()


def test_touching_a_file_reloads(server, tmp_path):
    touched = tmp_path / "reload"
    touched.touch()
    start(server, tmp_path, [f"touch-reload = {touched}"])
    before = server.get("/quick").body
    os.utime(touched)
    server.wait_log("The new code answers", 10)
    eventually(lambda: server.get("/quick").body != before, 10, "a new worker")


def test_sigterm_stops_gracefully_and_exits_0(server, tmp_path):
    start(server, tmp_path, ["master = true", "processes = 2", "die-on-term = true"])
    server.signal(signal.SIGTERM)
    assert server.process.wait(10) == 0


def test_the_socket_speaks_uwsgi_and_refuses_http(server, tmp_path):
    start(server, tmp_path, [f"socket = {tmp_path}/s"])
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(tmp_path / "s"))
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.recv(1000) == b""
    server.wait_log("HTTP", 5)

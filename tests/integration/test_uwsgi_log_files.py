"""log-maxsize and its kin: what becomes of the log files themselves, in the real uWSGI and in ours."""

import os
import pathlib
import re
import signal
import sys

import pytest

import uwsgi_peers
from server_process import APPS, BINARY
from waiting import eventually

PYTHON = pathlib.Path(sys.executable)


@pytest.mark.parametrize("peer_name", ["uwsgi", "tierce"])
@pytest.mark.parametrize("backup", [False, True], ids=["dated", "named"])
def test_a_large_log_is_moved_away(tmp_path, peer_name, backup):
    log = tmp_path / "app.log"
    ini = f"logto = {log}\nlog-maxsize = 3000\n" + (f"log-backupname = {tmp_path}/old.log\n" if backup else "")

    def moved():
        return [path for path in tmp_path.iterdir() if path != log and path.is_file()]
    with uwsgi_peers.started(peer_name, tmp_path / peer_name, ini, PYTHON) as peer:
        eventually(lambda: peer.ask().status == 200 and moved(), 20, "a moved log")
        assert all(path.name == "old.log" if backup else re.fullmatch(r"app\.log\.[0-9]{10}", path.name) for path in moved())
        peer.ask(path="/after")
        eventually(lambda: any(b"/after" in path.read_bytes() for path in tmp_path.iterdir() if path.is_file()), 5, "the line")
        assert log.exists()


def start(server, tmp_path, *lines):
    ini = tmp_path / "uwsgi.ini"
    ini.write_text("\n".join(["[uwsgi]", "http-socket = 127.0.0.1:0", "module = hello:app", f"chdir = {APPS}", "master = true",
                              f"home = {sys.prefix}", f"logto = {tmp_path}/app.log", *lines, ""]))
    server.err_path = tmp_path / "app.log"
    server.spawn([str(BINARY), "uwsgi", "--ini", str(ini)])
    server.wait_listening()


def test_log_truncate(server, tmp_path):
    (tmp_path / "app.log").write_text("of yesterday\n")
    start(server, tmp_path, "log-truncate = true")
    assert "of yesterday" not in server.log()


def test_a_log_is_kept_unless_said_otherwise(server, tmp_path):
    (tmp_path / "app.log").write_text("of yesterday\n")
    start(server, tmp_path)
    assert server.log().startswith("of yesterday\n")


def test_log_reopen(server, tmp_path):
    start(server, tmp_path, "log-reopen = true")
    server.workers(1)
    (tmp_path / "app.log").rename(tmp_path / "moved.log")
    server.signal(signal.SIGHUP)
    eventually(lambda: "Booting worker" in server.log(), 10, "the new log")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_mode_and_owner(server, tmp_path):
    (tmp_path / "app.log").touch(0o644)
    start(server, tmp_path, "logfile-chmod = 640", "logfile-chown = true")
    assert (tmp_path / "app.log").stat().st_mode & 0o777 == 0o640


def test_a_mode_that_is_none(server, tmp_path):
    ini = tmp_path / "uwsgi.ini"
    ini.write_text("[uwsgi]\nhttp-socket = 127.0.0.1:0\nmodule = hello:app\nlogfile-chmod = 999\n")
    server.spawn([str(BINARY), "uwsgi", "--ini", str(ini)])
    assert server.wait_exit() != 0
    assert f"{ini}:4: logfile-chmod: '999' is no octal mode" in server.log()

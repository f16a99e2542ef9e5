"""What systemd is told by a unit with Type=notify, as the manuals of Gunicorn and uWSGI have it."""

import os
import socket
import subprocess
import sys

import pytest

from server_process import APPS, BINARY
from waiting import SLOWNESS

COMMANDS = {
    "run": ["run", "-b", "127.0.0.1:0"],
    "gunicorn": ["gunicorn", "-b", "127.0.0.1:0"],
    "uwsgi": ["uwsgi", "--http-socket", "127.0.0.1:0", "--master", "--need-app", "--module"],
}


@pytest.fixture
def manager(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
        own.bind(str(tmp_path / "notify"))
        own.settimeout(20 * SLOWNESS)
        yield own


def begin(manager, command, app):
    env = {**os.environ, "VIRTUAL_ENV": sys.prefix, "NOTIFY_SOCKET": manager.getsockname()}
    return subprocess.Popen([BINARY, *COMMANDS[command], app], cwd=APPS, env=env, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("command", COMMANDS)
def test_it_is_told_when_requests_can_come(manager, command):
    process = begin(manager, command, "hello:app")
    try:
        assert "READY=1" in manager.recv(4096).decode().splitlines()
    finally:
        process.terminate()
        process.wait(20 * SLOWNESS)


@pytest.mark.parametrize("command", COMMANDS)
def test_it_is_not_told_of_an_application_that_cannot_be_imported(manager, command):
    process = begin(manager, command, "fails_to_import:app")
    assert process.wait(20 * SLOWNESS) != 0
    manager.setblocking(False)
    with pytest.raises(BlockingIOError):
        manager.recv(4096)

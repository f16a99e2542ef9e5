"""The real uWSGI beside ours: the same ini, the same requests."""

import contextlib
import os
import shutil
import socket
import subprocess

from raw_client import RawClient
from server_process import APPS, BINARY, free_port
from waiting import eventually


_OF_SANITIZERS = {name: value for name, value in os.environ.items()
                  if name.startswith(("TIERCE_PYTHON_PRELOAD", "ASAN_", "TSAN_"))}


class Peer:
    def __init__(self, name, address, log):
        self.name, self.address, self.log_path = name, address, log

    def ask(self, method="GET", path="/", headers=()):
        with RawClient(self.address) as client:
            client.request(method, path, headers)
            return client.response(method)

    def log(self):
        return self.log_path.read_text(errors="replace")


@contextlib.contextmanager
def started(name, directory, ini, python):
    directory.mkdir()
    port = free_port()
    path = directory / "uwsgi.ini"
    path.write_text(f"[uwsgi]\nhttp-socket = 127.0.0.1:{port}\nmodule = hello:app\nchdir = {APPS}\nmaster = true\n"
                    f"die-on-term = true\nneed-app = true\n{ini}\n")
    if name == "uwsgi":
        # Debian's: the one of PyPI is built without regular expressions, and so without routes.
        program = shutil.which("uwsgi")
        assert program, "uwsgi-core is not installed (tools/deps.sh test)"
        command = [program, "--plugins", "python3", "--ini", str(path)]
    else:
        command = [str(BINARY), "uwsgi", "--ini", str(path)]
    log = directory / "log"
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=directory,
                                   env={**_OF_SANITIZERS, "PATH": f"{python.parent}:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1",
                                        "VIRTUAL_ENV": str(python.parent.parent), "TZ": "UTC"})

    def accepts():
        assert process.poll() is None, log.read_text(errors="replace")
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
            return True
        except OSError:
            return False
    try:
        eventually(accepts, 15, f"{name} accepts")
        yield Peer(name, ("127.0.0.1", port), log)
    finally:
        process.terminate()
        process.wait(20)

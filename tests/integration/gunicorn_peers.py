"""The same command line for tierce gunicorn and for the real Gunicorn (tests/requirements.txt has it)."""

import os
import signal
import subprocess
import sys

from raw_client import RawClient
from server_process import BINARY, free_port
from waiting import SLOWNESS, eventually

OURS = [str(BINARY), "gunicorn", "--python", sys.executable]
REAL = [sys.executable, "-c", "import sys; sys.argv[0] = 'gunicorn'; from gunicorn.app.wsgiapp import run; run(prog='gunicorn')"]


def environment(env=None):
    full = {name: value for name, value in os.environ.items()
            if name not in ("PORT", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS", "GUNICORN_CMD_ARGS", "LISTEN_FDS", "LISTEN_PID")}
    full["PYTHONDONTWRITEBYTECODE"] = "1"
    full.update(env or {})
    return full


def run(program, args, cwd, env=None):
    return subprocess.run([*program, *map(str, args)], cwd=cwd, capture_output=True, text=True, timeout=60,
                          env=environment({"PWD": str(cwd), **(env or {})}))


def ours(args, cwd, env=None):
    return run(OURS, args, cwd, env)


def real(args, cwd, env=None):
    done = run(REAL, args, cwd, env)
    assert "No module named 'gunicorn'" not in done.stderr, "pip install -r tests/requirements.txt"
    return done


APP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]
"""


class GunicornRun:
    """One of the two servers in a directory with an application and a gunicorn.conf.py; what they write into the file
    $TRACE is its trace."""

    def __init__(self, directory, program, args=(), conf="", app=APP, env=None, bind=None):
        self.directory = directory
        directory.mkdir()
        (directory / "traced.py").write_text(app)
        (directory / "gunicorn.conf.py").write_text(conf)
        self.trace_file, self.log_file = directory / "trace", directory / "log"
        self.port = free_port()
        more = ["--no-control-socket"] if program is REAL else []
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(
                [*program, *more, "-b", bind or f"127.0.0.1:{self.port}", *args, "traced:app"], cwd=directory, stdout=log, stderr=log,
                env=environment({"TRACE": str(self.trace_file), "PWD": str(directory), **(env or {})}), start_new_session=True)

    def trace(self):
        return self.trace_file.read_text().splitlines() if self.trace_file.exists() else []

    def log(self):
        return self.log_file.read_text()

    def wait(self, beginning, count=1):
        eventually(lambda: sum(line.startswith(beginning) for line in self.trace()) >= count, 10,
                   f"{count} of {beginning!r} in {self.trace()}\n{self.log()}")

    def get(self, path="/a%20b?c=d", headers=(("X-One", "1"),)):
        """The status."""
        return self.request("GET", path, headers).status

    def request(self, method="GET", path="/", headers=(), body=None):
        with RawClient(("127.0.0.1", self.port)) as client:
            client.request(method, path, headers, body)
            return client.response(method)

    def wait_ready(self, workers=1):
        eventually(lambda: self.log().count("Booting worker") >= workers, 10, self.log())

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(15 * SLOWNESS)

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

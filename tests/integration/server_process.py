"""One server under test: started, watched, stopped, and looked after when it leaves something behind."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid

import processes
from raw_client import RawClient
from waiting import SLOWNESS, eventually

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
APPS = REPOSITORY / "tests" / "apps"
BINARY = pathlib.Path(os.environ.get("TIERCE_BIN", REPOSITORY / "build" / "release" / "tierce"))

# For checking the tests themselves: what a real gunicorn passes, our reading of WSGI has not invented.
GUNICORN = os.environ.get("TIERCE_TEST_SERVER") == "gunicorn"
_NOT_GUNICORNS = {
    "--python", "--limit-request-head", "--client-max-body-size", "--client-header-timeout", "--client-body-timeout",
    "--keepalive-timeout", "--send-timeout", "--keepalive-requests", "--queue-timeout", "--queue-limit",
    "--edge-threads"}
_LISTENING = re.compile(r"Listening at: (?:(https?|uwsgi|fastcgi|scgi)://(\[[0-9a-f:]+\]|[0-9.]+):([0-9]+)|"
                        r"(?:(?:uwsgi|fastcgi|scgi)://)?(?:unix:)?([^ ]+)) \(([0-9]+)\)")
_BOOTING = re.compile(r"Booting worker with pid: ([0-9]+)")


class Exited:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return f"<exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}>"


class Server:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.tag = f"TIERCE_TEST_TAG={uuid.uuid4().hex}"
        self.process = None
        self.out_path = self.directory / "server.out"
        self.err_path = self.directory / "server.err"
        self.unix_paths = []

    # --- starting ---------------------------------------------------------------------------------
    def command(self, app, workers=1, threads=1, bind=("127.0.0.1:0",), args=(), python=None, chdir=APPS):
        python = python or sys.executable
        if GUNICORN:
            command = [str(python), "-m", "gunicorn", "--access-logfile", "-", "--no-control-socket", "-k", "gthread", "--keep-alive", "75"]
            args = _without(args, _NOT_GUNICORNS)
        else:
            command = [str(BINARY), "run", "--python", str(python)]
        if app is not None:
            command.append(app)
        if workers is not None:
            command += ["-w", str(workers)]
        if threads is not None:
            command += ["--threads", str(threads)]
        if chdir is not None:
            command += ["--chdir", str(chdir)]
        for address in [bind] if isinstance(bind, str) else bind:
            command += ["-b", address]
            if "unix:" in address:
                self.unix_paths.append(address.partition("unix:")[2])
        return command + [str(arg) for arg in args]

    def environment(self, env=None):
        full = dict(os.environ)
        for name in ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "PYTHONPATH", "WEB_CONCURRENCY"):
            full.pop(name, None)
        full["PYTHONDONTWRITEBYTECODE"] = "1"
        full.update(env or {})
        name, value = self.tag.split("=")
        full[name] = value
        return full

    def spawn(self, command, env=None, cwd=None, wrapper=(), **popen):
        """Starts a command line as the server; start() is the usual way."""
        assert self.process is None or self.process.poll() is not None, "it runs already"
        with open(self.out_path, "ab") as out, open(self.err_path, "ab") as err:
            self.process = subprocess.Popen([*wrapper, *command], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                            env=self.environment(env), cwd=cwd or self.directory,
                                            start_new_session=True, **popen)
        return self

    def start(self, app="hello:app", workers=1, threads=1, args=(), env=None, bind="127.0.0.1:0", python=None,
              chdir=APPS, cwd=None, **popen):
        """Starts and waits until every listener accepts connections."""
        bind = [bind] if isinstance(bind, str) else list(bind)
        self.spawn(self.command(app, workers, threads, bind, args, python, chdir), env, cwd, **popen)
        self.wait_listening(len(bind))
        return self

    def wait_listening(self, count=1):
        eventually(lambda: len(self.addresses()) >= count or self._fail_if_gone(), 15, "Listening at")
        for address in self.addresses():
            eventually(lambda: accepts(address), 5, f"{address} accepts")

    def _fail_if_gone(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}\n{self.dump()}")

    def fails(self, app="hello:app", seconds=10, **how):
        """Starts something that cannot start; answers how it ended. Asserts that nothing is left behind."""
        env, cwd, wrapper = how.pop("env", None), how.pop("cwd", None), how.pop("wrapper", ())
        self.spawn(self.command(app, **how), env, cwd, wrapper)
        try:
            code = self.process.wait(seconds * SLOWNESS)
        except subprocess.TimeoutExpired:
            raise AssertionError("it goes on running") from None
        self.assert_nothing_left()
        return Exited(code, self.out(), self.log())

    # --- talking ----------------------------------------------------------------------------------
    def addresses(self):
        found = []
        # gunicorn joins several with commas; ours may do either.
        for line in self.log().splitlines():
            if "Listening at:" not in line:
                continue
            pid = line.rsplit("(", 1)[-1]
            for one in line.split("Listening at:", 1)[1].rsplit(" (", 1)[0].split(","):
                match = _LISTENING.fullmatch(f"Listening at: {one.strip()} ({pid}")
                assert match, f"what does this say? {line}"
                address = match[4] or (match[2].strip("[]"), int(match[3]))
                if address not in found:
                    found.append(address)
        return found

    @property
    def address(self):
        return self.addresses()[0]

    @property
    def port(self):
        return self.address[1]

    @property
    def url(self):
        return f"http://{self.address[0]}:{self.address[1]}"

    def raw(self, address=None, **options):
        return RawClient(address or self.address, **options)

    def request(self, method="GET", path="/", headers=(), body=None, address=None, timeout=10.0):
        with self.raw(address, timeout=timeout) as client:
            client.request(method, path, headers, body)
            return client.response(method)

    def get(self, path="/", headers=(), **options):
        return self.request("GET", path, headers, **options)

    def post(self, path="/", body=b"", headers=(), **options):
        return self.request("POST", path, headers, body, **options)

    # --- looking ----------------------------------------------------------------------------------
    def log(self):
        return self.err_path.read_text(errors="replace") if self.err_path.exists() else ""

    def out(self):
        return self.out_path.read_text(errors="replace") if self.out_path.exists() else ""

    def log_lines(self, pattern):
        return [line for line in self.log().splitlines() if re.search(pattern, line)]

    def wait_log(self, pattern, seconds=5, count=1):
        """Waits until `count` matches of pattern stand in the error log; answers the last of them."""
        expression = re.compile(pattern, re.M)
        eventually(lambda: len(expression.findall(self.log())) >= count, seconds, f"{pattern!r} in the log")
        return list(expression.finditer(self.log()))[-1]

    def access_log(self):
        """Lines of the access log on stdout (what the app prints there does not look like one)."""
        return [line for line in self.out().splitlines() if re.search(r'" [0-9]{3} ([0-9]+|-) "', line)]

    def wait_access(self, pattern, seconds=5):
        return eventually(lambda: [line for line in self.access_log() if re.search(pattern, line)], seconds,
                          f"{pattern!r} in the access log")[-1]

    @property
    def pid(self):
        return self.process.pid

    def tree(self):
        return processes.tagged(self.tag, self.process.pid)

    def workers(self, count=None, seconds=5):
        """Pids of living workers; waits until there are `count` of them."""
        def living():
            return [pid for pid in dict.fromkeys(int(pid) for pid in _BOOTING.findall(self.log()))
                    if processes.alive(pid)]
        if count is not None:
            eventually(lambda: len(living()) == count, seconds, f"{count} workers")
        return living()

    def edge(self):
        """Pid of the process that owns the client connections: the one that holds a listening socket and is
        not the supervisor."""
        with self.raw() as client:
            client.request()
            client.response()
            inode = eventually(lambda: _server_inode(client), 2, "the connection in /proc/net/tcp")
            for pid in self.tree():
                if inode in _socket_inodes(pid):
                    return pid
        raise AssertionError("nobody owns the connection")

    def zygote(self):
        """Pid of the parent of a worker."""
        return processes.parent_of(self.workers()[0])

    # --- stopping ---------------------------------------------------------------------------------
    def signal(self, number):
        os.kill(self.pid, number)

    def wait_exit(self, seconds=10):
        try:
            return self.process.wait(seconds * SLOWNESS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {seconds} s") from None

    def stop(self, seconds=10):
        """SIGTERM, and everything a good end is: exit 0, no process and no unix socket left."""
        if self.process is None or self.process.poll() is not None:
            return
        self.signal(signal.SIGTERM)
        code = self.wait_exit(seconds)
        assert code == 0, f"exit code {code}"
        self.assert_nothing_left()

    def assert_nothing_left(self, seconds=1):
        try:
            eventually(lambda: not self.tree(), seconds)
        except AssertionError:
            left = [f"{pid} {processes.command_of(pid)}" for pid in self.tree()]
            raise AssertionError(f"left behind: {left}") from None
        left = [path for path in self.unix_paths if os.path.exists(path)]
        assert not left, f"unix sockets left behind: {left}"

    def kill(self):
        """For tests that have failed already: nothing stays, whatever it takes."""
        if self.process is None:
            return
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        deadline = time.monotonic() + 5
        while (left := self.tree()) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)

    def dump(self):
        return f"--- stderr\n{_tail(self.log())}\n--- stdout\n{_tail(self.out())}"


def _tail(text, limit=20000):
    return text if len(text) <= limit else "...\n" + text[-limit:]


def _without(args, names):
    kept, skip = [], False
    for arg in args:
        if skip:
            skip = False
        elif str(arg).split("=")[0] in names:
            skip = "=" not in str(arg)
        else:
            kept.append(arg)
    return kept


def accepts(address):
    try:
        RawClient(address).close()
        return True
    except OSError:
        return False


def _server_inode(client):
    from raw_client import _kernel_address
    ours = "%08X:%04X" % _kernel_address(client.socket.getsockname())
    theirs = "%08X:%04X" % _kernel_address(client.socket.getpeername())
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        part = line.split()
        if part[1] == theirs and part[2] == ours and part[9] != "0":
            return part[9]
    return None


def _socket_inodes(pid):
    found = set()
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                target = os.readlink(f"/proc/{pid}/fd/{name}")
                if target.startswith("socket:["):
                    found.add(target[8:-1])
    return found


def free_port(family=socket.AF_INET):
    """For the few cases that must name a port; everything else binds to 0."""
    with socket.socket(family) as probe:
        probe.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        return probe.getsockname()[1]


def is_executable(name):
    return shutil.which(name) is not None

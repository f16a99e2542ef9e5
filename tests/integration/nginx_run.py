"""One nginx, the real one or ours, with its process life in view: master, workers, pid file, logs."""

import os
import re
import signal
import socket
import subprocess

import processes
from nginx_pair import free_port
from nginx_peers import OURS, REAL
from raw_client import RawClient
from waiting import SLOWNESS, eventually

PROGRAMS = {"real": [REAL], "ours": OURS}

FRAME = """
{main}
error_log {dir}/error.log {level};
pid {dir}/nginx.pid;
events {{ worker_connections {connections}; }}
http {{
  access_log {dir}/access.log;
  client_body_temp_path {dir}/tmp_body; proxy_temp_path {dir}/tmp_proxy; uwsgi_temp_path {dir}/tmp_uwsgi;
  fastcgi_temp_path {dir}/tmp_fastcgi; scgi_temp_path {dir}/tmp_scgi;
  {http}
  server {{
    listen 127.0.0.1:{port};
    {server}
  }}
}}
"""


class NginxRun:
    def __init__(self, program, folder, server='return 200 "one\\n";', http="", main="", connections=512, level="info", http2=False):
        self.program, self.folder = PROGRAMS[program], folder
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.address = ("127.0.0.1", self.port)
        self.how = dict(http=http, main=main, connections=connections, level=level)
        self.http2 = http2
        self.configure(server)
        self.process = None

    def configure(self, server, **how):
        self.how.update(how)
        main = self.how["main"]
        if os.geteuid() == 0 and "user " not in main:
            main = "user root;\n" + main
        text = FRAME.format(dir=self.folder, port=self.port, server=server, **{**self.how, "main": main})
        if self.http2:
            text = text.replace(f"listen 127.0.0.1:{self.port};", f"listen 127.0.0.1:{self.port} http2;")
        (self.folder / "nginx.conf").write_text(text)

    def command(self, *arguments):
        return [*self.program, "-p", f"{self.folder}/", "-c", str(self.folder / "nginx.conf"), "-e",
                str(self.folder / "start.log"), *arguments]

    def start(self, *arguments):
        """In the foreground."""
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen(self.command("-g", "daemon off;", *arguments), stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output, start_new_session=True)
        self.wait_serves()
        return self

    def wait_serves(self):
        # The look whether it answers is HTTP/1.
        looks = self._accepts if self.http2 else self.status
        eventually(lambda: looks() or self._fail_if_gone(), 10, "nginx answers")

    def _accepts(self):
        try:
            socket.create_connection(self.address, 1).close()
            return True
        except OSError:
            return False

    def _fail_if_gone(self):
        assert self.process is None or self.process.poll() is None, (self.folder / "output").read_text() + self.log()

    def ask(self, *arguments):
        """-s and its kin."""
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=30 * SLOWNESS)

    def signal(self, number):
        os.kill(self.master, number)

    @property
    def master(self):
        return int((self.folder / "nginx.pid").read_text())

    @property
    def workers(self):
        return processes.living_children_of(self.master)

    def request(self, path="/", method="GET", headers=(), body=None):
        with RawClient(self.address) as client:
            client.request(method, path, headers, body)
            return client.response(method)

    def status(self, path="/"):
        try:
            return self.request(path).status
        except (OSError, AssertionError):
            return None

    def log(self):
        path = self.folder / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def access_lines(self, name="access.log"):
        path = self.folder / name
        return path.read_text(errors="replace").splitlines() if path.exists() else []

    def logged(self, pattern, seconds=5):
        return eventually(lambda: re.search(pattern, self.log()), seconds, lambda: f"{pattern} in {self.log()}")

    def wait_gone(self, *pids, seconds=10):
        eventually(lambda: not any(processes.alive(pid) for pid in pids), seconds, f"{pids} end")

    def stop(self):
        self.process.send_signal(signal.SIGQUIT)
        return self.process.wait(15 * SLOWNESS)

    def kill(self):
        pids = [self.process.pid] if self.process else []
        for name in ("nginx.pid", "nginx.pid.oldbin"):
            path = self.folder / name
            if path.exists() and path.read_text().strip():
                pids.append(int(path.read_text()))
        everyone = set(pids)
        for pid in pids:
            everyone.update(processes.living_children_of(pid))
        for pid in everyone:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()

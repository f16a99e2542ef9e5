"""The real supervisord and ours, each with the same configuration in a folder of its own."""

import os
import pathlib
import signal
import subprocess
import sys
import xmlrpc.client

from server_process import BINARY
from supervisor.xmlrpc import SupervisorTransport
from waiting import SLOWNESS, eventually

REAL = "real"
OURS = "ours"

SCRIPTS = pathlib.Path(sys.executable).parent

HEAD = """
[supervisord]
logfile=%(here)s/supervisord.log
pidfile=%(here)s/supervisord.pid
childlogdir=%(here)s
identifier=test
{supervisord}
[unix_http_server]
file=%(here)s/s.sock
{http}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://%(here)s/s.sock
{ctl}
"""


class SupervisordRun:
    def __init__(self, folder, program, config, supervisord="", http="", ctl="", arguments=("-n",)):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.program = program
        self.config = folder / "supervisord.conf"
        self.head = HEAD.format(supervisord=supervisord, http=http, ctl=ctl)
        self.configure(config)
        self.process = None
        self.arguments = list(arguments)

    def configure(self, config):
        self.config.write_text(self.head + config)

    def command(self, *arguments):
        if self.program == REAL:
            return [str(SCRIPTS / "supervisord"), *arguments]
        return [str(BINARY), "supervisord", *arguments]

    def start(self):
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen(
                self.command(*self.arguments, "-c", str(self.config)), cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT)
        eventually(self.answers, 15, "supervisord answers: " + self.output())
        return self

    def answers(self):
        assert self.process.poll() is None, self.output()
        try:
            return self.rpc.getState()["statename"] == "RUNNING"
        except (OSError, xmlrpc.client.Error):
            return False

    @property
    def server(self):
        """A connection of its own each time, so that a restart of the server does not break it."""
        transport = SupervisorTransport(None, None, f"unix://{self.folder}/s.sock")
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport, allow_none=True)

    @property
    def rpc(self):
        return self.server.supervisor

    def ctl(self, *arguments, check=False, timeout=30):
        """The real supervisorctl."""
        done = subprocess.run([str(SCRIPTS / "supervisorctl"), "-c", str(self.config), *arguments],
                              capture_output=True, text=True, timeout=timeout * SLOWNESS, cwd=self.folder)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def our_ctl(self, *arguments, timeout=30):
        return subprocess.run([str(BINARY), "ctl", "-c", str(self.config), *arguments],
                              capture_output=True, text=True, timeout=timeout * SLOWNESS, cwd=self.folder)

    def state(self, name):
        return self.rpc.getProcessInfo(name)["statename"]

    def reaches(self, name, state, seconds=15):
        eventually(lambda: self.state(name) == state, seconds, f"{name} is {state}")

    def log(self):
        path = self.folder / "supervisord.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def log_lines(self):
        """Without times and process numbers."""
        return [" ".join(line.split(" ")[2:]) for line in self.log().splitlines() if line[:2] == "20"]

    def output(self):
        path = self.folder / "output"
        return path.read_text(errors="replace") if path.exists() else ""

    def send(self, number):
        os.kill(self.process.pid, number)

    def end(self, number=signal.SIGTERM, seconds=20):
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.send(number)
        return self.process.wait(seconds * SLOWNESS)

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.send(signal.SIGTERM)
            try:
                self.process.wait(15 * SLOWNESS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def outcome_of(call, *arguments):
    """What a call answers, a fault as a value too."""
    try:
        return call(*arguments)
    except xmlrpc.client.Fault as fault:
        return ("fault", fault.faultCode, fault.faultString)


#!/usr/bin/env python3
"""tierce supervisord and the real one in the same run: start of 500 programs, memory, idle CPU, a flood of output.

    python bench/supervisord.py [--json FILE]

Needs build/release/tierce and a virtual environment with supervisor: build/venv-test, or PEER_SCRIPTS=/path/to/bin.
"""

import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from http.client import HTTPConnection
from socket import AF_UNIX, socket

ROOT = pathlib.Path(__file__).resolve().parents[1]
BINARY = pathlib.Path(os.environ.get("TIERCE_BIN", ROOT / "build" / "release" / "tierce"))
SCRIPTS = pathlib.Path(os.environ.get("PEER_SCRIPTS", ROOT / "build" / "venv-test" / "bin"))
SERVERS = {"tierce": [str(BINARY), "supervisord"], "supervisord": [str(SCRIPTS / "supervisord")]}

HEAD = """
[supervisord]
logfile=%(here)s/supervisord.log
pidfile=%(here)s/supervisord.pid
childlogdir=%(here)s
minfds=8192
[unix_http_server]
file=%(here)s/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""

PROGRAMS = 500
MANY = f"""
[program:p]
command=/bin/sleep 100000
process_name=p%(process_num)03d
numprocs={PROGRAMS}
startsecs=0
"""

FLOOD_MB = 1000
FLOOD_ROUNDS = 3
# Paced: 1 MB every 10 ms. It says how long it took all in all, and how long writing took.
WRITER = f"""
import os, sys, time
line = b"x" * 99 + b"\\n"
part = line * 10486
began = time.monotonic()
wrote = 0.0
for i in range({FLOOD_MB}):
    pause = began + i * 0.01 - time.monotonic()
    if pause > 0:
        time.sleep(pause)
    at = time.monotonic()
    view = memoryview(part)
    while view:
        view = view[os.write(1, view):]
    wrote += time.monotonic() - at
open(sys.argv[1], "w").write("%f %f %d" % (time.monotonic() - began, wrote, len(part) * {FLOOD_MB}))
"""


class UnixConnection(HTTPConnection):
    def connect(self):
        self.sock = socket(AF_UNIX)
        self.sock.connect(self.host_path)


class UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def make_connection(self, host):
        connection = UnixConnection("localhost")
        connection.host_path = self.path
        return connection


class Server:
    def __init__(self, name, folder, config):
        self.folder = pathlib.Path(folder)
        path = self.folder / "supervisord.conf"
        path.write_text(HEAD + config)
        self.began = time.monotonic()
        self.process = subprocess.Popen([*SERVERS[name], "-n", "-c", str(path)], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    @property
    def rpc(self):
        return xmlrpc.client.ServerProxy("http://localhost", transport=UnixTransport(str(self.folder / "s.sock"))).supervisor

    def wait_for(self, state, count, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if sum(info["statename"] == state for info in self.rpc.getAllProcessInfo()) >= count:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise SystemExit(f"{count} programs were not {state} within {seconds} s")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def many(name):
    with tempfile.TemporaryDirectory() as folder:
        server = Server(name, folder, MANY)
        server.wait_for("RUNNING", PROGRAMS)
        started = time.monotonic() - server.began
        resident = server.resident_mib()
        before = server.cpu_seconds()
        time.sleep(20)
        idle = (server.cpu_seconds() - before) / 20 * 100
        server.end()
    return {"start of 500 programs, s": round(started, 2), "resident memory with 500 programs, MiB": round(resident, 1),
            "idle CPU with 500 programs, %": round(idle, 2)}


def flood(name):
    with tempfile.TemporaryDirectory() as folder:
        writer = pathlib.Path(folder, "writer.py")
        writer.write_text(WRITER)
        result = pathlib.Path(folder, "result")
        server = Server(name, folder, f"""
[program:flood]
command={sys.executable} {writer} {result}
stdout_logfile=%(here)s/flood.log
stdout_logfile_maxbytes=100MB
stdout_logfile_backups=20
startsecs=0
autorestart=false
""")
        server.wait_for("EXITED", 1, 120)
        cpu = server.cpu_seconds()
        server.end()
        took, wrote, sent = result.read_text().split()
        stored = sum(path.stat().st_size for path in pathlib.Path(folder).glob("flood.log*"))
    return {"MB/s that a program could write (100 wanted)": round(int(sent) / 1e6 / float(took)),
            "share of its time it waited in write, %": round(float(wrote) / float(took) * 100, 1),
            "bytes lost": int(sent) - stored, "CPU for 1 GB of output, s": round(cpu, 2)}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--json")
    given = arguments.parse_args()
    results = {}
    for name in SERVERS:
        results[name] = many(name)
    rounds = {name: [] for name in SERVERS}
    for _ in range(FLOOD_ROUNDS):
        for name in SERVERS:
            rounds[name].append(flood(name))
    for name, all_of_it in rounds.items():
        results[name].update({row: statistics.median(one[row] for one in all_of_it) for row in all_of_it[0]})
    print(f"| | {' | '.join(SERVERS)} |\n|---|---|---|")
    for row in results["tierce"]:
        print(f"| {row} | {' | '.join(str(results[name][row]) for name in SERVERS)} |")
    if given.json:
        pathlib.Path(given.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The whole chain from the same files: `tierce up` against supervisord with nginx and uWSGI, in one run.

    python3 bench/chain.py [--seconds N] [--rounds N] [--json FILE]

The floor is the Flask view called in a loop, without server and client, by a process on each processor: nothing that
serves it can be faster. Where it lies below twice the original it is what is asked for.

Four application processes, access logs of the edge and of the application on, as in the tutorial that the chain is
from. Rates, CPU and latency are medians of the rounds; the two chains take turns within a round. Needs wrk, nginx, and
build/venv-bench with uwsgi and flask (bench.py installs it), and supervisord in build/venv-test.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import tempfile
import time

from harness import load, machine, process_tree
from harness.running_server import free_port, get_status

ROOT = pathlib.Path(__file__).resolve().parents[1]
TIERCE = pathlib.Path(os.environ.get("TIERCE_BIN", ROOT / "build" / "release" / "tierce"))
VENV = ROOT / "build" / "venv-bench"
SUPERVISORD = pathlib.Path(os.environ.get("PEER_SCRIPTS", ROOT / "build" / "venv-test" / "bin")) / "supervisord"

NGINX = """
{user}
worker_processes auto;
error_log {dir}/error.log notice;
pid {dir}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
  include {mime};
  default_type application/octet-stream;
  log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                  '$status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_forwarded_for"';
  access_log {dir}/access.log main;
  sendfile on;
  keepalive_timeout 65;
  keepalive_requests 1000000;
  server {{
    listen 127.0.0.1:{port};
    location / {{ include {params}; uwsgi_pass unix:{dir}/uwsgi.sock; }}
  }}
}}
daemon off;
"""
UWSGI = """
[uwsgi]
wsgi-file = {app}
socket = {dir}/uwsgi.sock
chmod-socket = 666
callable = app
master = true
processes = 4
home = {venv}
"""
SUPERVISOR = """
[supervisord]
nodaemon=true
logfile=%(here)s/supervisord.log
pidfile=%(here)s/supervisord.pid
[program:uwsgi]
command={venv}/bin/uwsgi --ini %(here)s/uwsgi.ini
stdout_logfile=%(here)s/uwsgi.log
stdout_logfile_maxbytes=0
stderr_logfile=%(here)s/uwsgi.log
stderr_logfile_maxbytes=0
[program:nginx]
command=/usr/sbin/nginx -p %(here)s/ -c %(here)s/nginx.conf
stdout_logfile=%(here)s/nginx.out
stderr_logfile=%(here)s/nginx.out
stopsignal=QUIT
"""
# What is asked of the two: at least, or at most, so many times the original.
TARGETS = {
    "raw": {"rate": (">=", 5.0), "cpu_us": ("<=", 0.15)},
    "flask": {"rate": (">=", 2.0)},
    "alone": {"p50_us": ("<=", 0.6)},
    "memory": {"pss_mib": ("<=", 0.55)},
    "start": {"answer_s": ("<=", 0.3)},
}


class Chain:
    def __init__(self, command: list[str], app: str, arguments: list[str] = []):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="chain"))
        os.chmod(self.folder, 0o755)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        files = dict(dir=self.folder, port=self.port, app=ROOT / "bench" / "apps" / app, venv=VENV,
                     user="user root;" if os.geteuid() == 0 else "", params=ROOT / "share" / "nginx" / "uwsgi_params",
                     mime=ROOT / "share" / "nginx" / "mime.types")
        for name, text in (("nginx.conf", NGINX), ("uwsgi.ini", UWSGI), ("supervisord.conf", SUPERVISOR)):
            (self.folder / name).write_text(text.format(**files))
        self.command = [*command, "-c", str(self.folder / "supervisord.conf")]

    def __enter__(self) -> Chain:
        began = time.perf_counter()
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True)
        while get_status(self.port, 1) != 200:
            if time.perf_counter() > began + 30:
                raise SystemExit(f"{self.command[0]} did not answer; see {self.folder}")
            time.sleep(0.002)
        self.seconds_to_answer = time.perf_counter() - began
        return self

    def tree(self) -> list[process_tree.Process]:
        return process_tree.find_tree([self.process.pid])

    def first_tree(self) -> list[process_tree.Process]:
        return self.tree()

    def stop(self) -> tuple[float, int]:
        began = time.perf_counter()
        self.process.send_signal(signal.SIGTERM)
        return_code = self.process.wait(60)
        return time.perf_counter() - began, return_code

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()
        # uWSGI starts anew at TERM; supervisord kills the one that it knows, and its workers run on, on our processors.
        for proc in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if str(self.folder).encode() in (proc / "cmdline").read_bytes():
                    os.kill(int(proc.name), signal.SIGKILL)
            except (FileNotFoundError, ProcessLookupError):
                pass


CHAINS = {
    "tierce up": [str(TIERCE), "up"],
    "supervisord, nginx, uWSGI": [str(SUPERVISORD)],
}


CALL_IN_A_LOOP = """
import sys, time
from wsgiref.util import setup_testing_defaults
sys.path.insert(0, sys.argv[1])
from flask_app import app
environ = {}
setup_testing_defaults(environ)
start = lambda status, headers, exc_info=None: None
def call():
    answer = app(dict(environ), start)
    for part in answer: pass
    answer.close()
for _ in range(500): call()
end, calls = time.perf_counter() + float(sys.argv[2]), 0
while time.perf_counter() < end:
    for _ in range(50): call()
    calls += 50
print(calls)
"""


def flask_floor(seconds: int) -> float:
    """Calls a second of the Flask view by all processors, with nothing around it."""
    command = [str(VENV / "bin" / "python"), "-c", CALL_IN_A_LOOP, str(ROOT / "bench" / "apps"), str(seconds)]
    loops = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(os.cpu_count() or 1)]
    return sum(int(loop.communicate()[0]) for loop in loops) / seconds


def one_round(seconds: int) -> dict:
    figures: dict = {"floor": flask_floor(seconds)}
    for name, command in CHAINS.items():
        of = figures[name] = {}
        with Chain(command, "raw_hello.py") as chain:
            of["start"] = {"answer_s": round(chain.seconds_to_answer, 3)}
            load.warm_up(chain)
            of["raw"] = load.measure(chain, seconds, 64)
            of["alone"] = load.measure(chain, seconds, 1)
            of["memory"] = {"pss_mib": round(process_tree.pss_mib(chain.tree()), 1)}
            stopped, code = chain.stop()
            of["stop"] = {"stop_s": round(stopped, 2), "exit": code}
        with Chain(command, "flask_app.py") as chain:
            load.warm_up(chain)
            of["flask"] = load.measure(chain, seconds, 64)
    return figures


def median_of(rounds: list[dict], name: str, section: str, key: str) -> float:
    return statistics.median(each[name][section][key] for each in rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    rounds = [one_round(options.seconds) for _ in range(options.rounds)]
    ours, theirs = CHAINS
    keys = [("raw", "rate"), ("raw", "cpu_us"), ("raw", "p50_us"), ("flask", "rate"), ("flask", "cpu_us"),
            ("alone", "p50_us"), ("memory", "pss_mib"), ("start", "answer_s"), ("stop", "stop_s")]
    result: dict = {"machine": machine.facts(), "seconds": options.seconds, "rounds": options.rounds, "figures": {}}
    print(f"{'':<18}{ours:>14}{'original':>14}{'ratio':>9}   target")
    for section, key in keys:
        a, b = (median_of(rounds, name, section, key) for name in (ours, theirs))
        ratio = statistics.median(
            each[ours][section][key] / each[theirs][section][key] for each in rounds if each[theirs][section][key])
        floor = statistics.median(each["floor"] / each[theirs]["flask"]["rate"] for each in rounds)
        sign, bound = TARGETS.get(section, {}).get(key, ("", 0.0))
        if (section, key) == ("flask", "rate"):
            bound = round(min(bound, floor), 2)
        verdict = "" if not sign else "reached" if (ratio >= bound if sign == ">=" else ratio <= bound) else "NOT REACHED"
        print(f"{section + ' ' + key:<18}{a:>14,.2f}{b:>14,.2f}{ratio:>9.2f}   {sign} {bound or ''} {verdict}")
        result["figures"][f"{section}.{key}"] = {"ours": a, "original": b, "ratio": round(ratio, 3), "verdict": verdict}
    floor = statistics.median(each["floor"] for each in rounds)
    result["figures"]["flask.floor"] = round(floor)
    print(f"{'flask floor':<18}{floor:>14,.2f}   calls a second, without server and client")
    errors = {e for each in rounds for name in CHAINS for s in ("raw", "flask", "alone") for e in each[name][s]["errors"]}
    print("exit status after SIGTERM:", {name: rounds[-1][name]["stop"]["exit"] for name in CHAINS}, *errors)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

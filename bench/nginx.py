#!/usr/bin/env python3
"""tierce nginx and the real nginx side by side: the same configuration, one worker each, the same loads in turn.

    python bench/nginx.py [--seconds N] [--rounds N] [--only CASE,...] [--json FILE]

Needs build/release/tierce, nginx, wrk, h2load and openssl. Compare within one run only; the ratio of a case is the
median of its rounds' ratios, in each of which both servers have run one right after the other.
"""

import argparse
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from harness import process_tree
from harness.running_server import free_port
from harness.slow_clients import open_files_allowed

ROOT = pathlib.Path(__file__).resolve().parents[1]
BINARY = os.environ.get("TIERCE_BIN", str(ROOT / "build" / "release" / "tierce"))
SERVERS = {"tierce": [BINARY, "nginx"], "nginx": ["nginx"]}
IDLE_CONNECTIONS = 4000

CONFIG = """
worker_processes 1;
error_log {folder}/error.log;
pid {folder}/nginx.pid;
{user}
events {{ worker_connections 20000; }}
http {{
  types {{ application/json json; text/plain txt; }}
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  sendfile on;
  tcp_nopush on;
  upstream backend {{ server 127.0.0.1:{backend}; keepalive 128; }}
  ssl_certificate {files}/cert.pem;
  ssl_certificate_key {files}/key.pem;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:TLS:1m;
  server {{
    listen 127.0.0.1:{port};
    listen 127.0.0.1:{tls} ssl http2;
    root {files};
    location = /word {{ return 200 "Hello, World!"; }}
    location /logged/ {{ alias {files}/; access_log {folder}/access.log; }}
    location /packed/ {{ alias {files}/; gzip on; gzip_types application/json; }}
    location /packed-new/ {{ proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";
                            gzip on; gzip_proxied any; gzip_types application/json; }}
    location /proxied {{ proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""

BACKEND = """
worker_processes 1;
error_log {folder}/backend.log;
pid {folder}/backend.pid;
{user}
events {{ worker_connections 20000; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "Hello, World!"; }}
           location /packed-new/ {{ alias {files}/; default_type application/json; }} }}
}}
"""


@dataclass
class Case:
    name: str
    title: str
    path: str
    target: float
    tls: bool = False
    headers: tuple = ()
    tool: str = "wrk"
    cpu_too: bool = False  # The target counts for the CPU as well: no more than nginx's.


CASES = [
    Case("word", "return 200", "/word", 1.0),
    Case("small", "1 KB file", "/1k.txt", 1.1),
    Case("large", "100 KB file", "/100k.txt", 1.0, cpu_too=True),
    Case("logged", "1 KB file, access log on", "/logged/1k.txt", 1.0),
    Case("proxied", "proxy, upstream kept alive", "/proxied", 1.2),
    Case("tls", "TLS, kept connections, 1 KB file", "/1k.txt", 1.0, tls=True),
    Case("handshakes", "TLS handshakes", "/word", 1.0, tls=True, headers=("Connection: close",)),
    Case("http2", "HTTP/2, 1 KB file", "/1k.txt", 1.0, tls=True, tool="h2load"),
    Case("gzip", "gzip of 50 KB JSON", "/packed/50k.json", 1.0, headers=("Accept-Encoding: gzip",)),
    # The same from an upstream: nothing can be kept of it.
    Case("gzip-new", "gzip of 50 KB JSON from an upstream", "/packed-new/50k.json", 1.0, headers=("Accept-Encoding: gzip",)),
]


def make_files(folder):
    (folder / "1k.txt").write_bytes(b"x" * 1024)
    (folder / "100k.txt").write_bytes(b"y" * 102400)
    rows = [{"id": i, "name": f"user {i * 7919 % 1000}", "mail": f"u{i}@example.test", "ok": i % 3 == 0} for i in range(800)]
    (folder / "50k.json").write_text(json.dumps(rows)[:51200])
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "30", "-subj", "/CN=localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
                   check=True, capture_output=True)
    os.chmod(folder, 0o755)


class Server:
    def __init__(self, command, folder, config, **ports):
        self.folder = folder
        folder.mkdir()
        self.ports = ports
        path = folder / "nginx.conf"
        # Nobody's home may not be asked for a group of his: as root both stay root.
        user = "user root;" if os.geteuid() == 0 else ""
        path.write_text(config.format(folder=folder, user=user, **ports))
        self.process = subprocess.Popen([*command, "-p", str(folder), "-e", str(folder / "start.log"), "-c", str(path), "-g",
                                         "daemon off;"], stdin=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            answer = subprocess.run(["curl", "-s", "-o", "/dev/null", f"http://127.0.0.1:{ports['port']}/word"])
            if answer.returncode == 0:
                return
            time.sleep(0.02)
        raise SystemExit(f"{command[0]} does not answer: {folder}")

    def url(self, case):
        return f"https://127.0.0.1:{self.ports['tls']}{case.path}" if case.tls else f"http://127.0.0.1:{self.ports['port']}{case.path}"

    def tree(self):
        return process_tree.find_tree([self.process.pid])

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def load(case, url, seconds):
    """Requests that were answered well, and how many a second."""
    if case.tool == "h2load":
        said = subprocess.run(["h2load", "-t1", "-c16", "-m16", "-D", str(seconds), url], capture_output=True, text=True).stdout
        done = int(re.search(r"(\d+) succeeded", said)[1])
        if re.search(r"([1-9]\d*) (failed|errored)", said):
            raise SystemExit(f"{case.title}: {said}")
        return done, done / seconds
    headers = [word for header in case.headers for word in ("-H", header)]
    said = subprocess.run(["wrk", "-t1", "-c64", f"-d{seconds}s", *headers, url], capture_output=True, text=True).stdout
    if "Non-2xx" in said:
        raise SystemExit(f"{case.title}: {said}")
    return int(re.search(r"(\d+) requests in", said)[1]), float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])


def measure(case, server, seconds):
    before = process_tree.cpu_seconds(server.tree())
    done, rate = load(case, server.url(case), seconds)
    spent = process_tree.cpu_spent(before, process_tree.cpu_seconds(server.tree()))
    return {"rate": round(rate), "cpu_us": round(spent * 1e6 / done, 2)}


def bytes_per_idle_connection(server):
    import socket

    before = process_tree.pss_mib(server.tree())
    held = []
    for i in range(IDLE_CONNECTIONS):
        one = socket.create_connection(("127.0.0.1", server.ports["port"]))
        one.sendall(b"GET /word HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b""
        while not answer.endswith(b"Hello, World!"):
            answer += one.recv(4096)
        held.append(one)
    grown = process_tree.pss_mib(server.tree()) - before
    for one in held:
        one.close()
    return round(grown * 1024 * 1024 / IDLE_CONNECTIONS)


def line(title, ours, theirs, ratio, target, met):
    print(f"| {title} | {ours} | {theirs} | {ratio} | {target} | {'reached' if met else 'NOT REACHED'} |", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=int, default=3)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--only", help=", ".join(case.name for case in CASES) + ", idle")
    arguments.add_argument("--json")
    given = arguments.parse_args()
    only = given.only.split(",") if given.only else None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    results = {}
    with tempfile.TemporaryDirectory(prefix="tierce-bench-") as folder, open_files_allowed(3 * IDLE_CONNECTIONS):
        folder = pathlib.Path(folder)
        os.chmod(folder, 0o755)
        files = folder / "files"
        files.mkdir()
        make_files(files)
        running = []
        try:
            backend = Server(["nginx"], folder / "backend", BACKEND, port=free_port(), files=files)
            running.append(backend)
            pair = {}
            for name, command in SERVERS.items():
                pair[name] = Server(command, folder / name, CONFIG, port=free_port(), tls=free_port(),
                                    backend=backend.ports["port"], files=files)
                running.append(pair[name])
            print("| load | tierce req/s (CPU us) | nginx req/s (CPU us) | ratio (CPU) | target | |\n|---|---|---|---|---|---|")
            if not only or "idle" in only:
                idle = {name: bytes_per_idle_connection(server) for name, server in pair.items()}
                results["idle"] = idle
            for case in CASES:
                if only and case.name not in only:
                    continue
                rounds = []
                for server in pair.values():
                    load(case, server.url(case), 1)
                for i in range(given.rounds):
                    # Turn about, so that neither always has the warmer machine.
                    names = list(pair) if i % 2 == 0 else list(reversed(pair))
                    rounds.append({name: measure(case, pair[name], given.seconds) for name in names})
                median = {name: {key: statistics.median(r[name][key] for r in rounds) for key in ("rate", "cpu_us")} for name in pair}
                ratio = statistics.median(r["tierce"]["rate"] / r["nginx"]["rate"] for r in rounds)
                cpu = statistics.median(r["tierce"]["cpu_us"] / r["nginx"]["cpu_us"] for r in rounds)
                results[case.name] = {"rounds": rounds, "ratio": round(ratio, 3), "cpu_ratio": round(cpu, 3), "target": case.target}
                shown = {name: f"{m['rate']:,.0f} ({m['cpu_us']})" for name, m in median.items()}
                met = ratio >= case.target and (not case.cpu_too or cpu <= 1.0)
                line(case.title, shown["tierce"], shown["nginx"], f"{ratio:.2f} ({cpu:.2f})", f">= {case.target}", met)
            if "idle" in results:
                idle = results["idle"]
                ratio = idle["tierce"] / max(idle["nginx"], 1)
                line("bytes for an idle connection", idle["tierce"], idle["nginx"], f"{ratio:.2f}", "<= 1.5", ratio <= 1.5)
        finally:
            for server in running:
                server.end()
    if given.json:
        pathlib.Path(given.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""How each server is started, and why one is not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import Callable, NamedTuple

from .running_server import RunningServer, free_port

PIP_SECONDS_MAX = 300


class Paths(NamedTuple):
    repo: str
    tierce: str
    venv: str
    scratch: str  # Sockets, configuration and access logs of one run; removed after it.
    logs: str  # What the servers said; stays, to look into.

    @property
    def apps(self) -> str:
        return os.path.join(self.repo, "bench", "apps")

    @property
    def python(self) -> str:
        return os.path.join(self.venv, "bin", "python")

    def tool(self, name: str) -> str:
        return os.path.join(self.venv, "bin", name)


class Contender(NamedTuple):
    """A server in one configuration: a row of a table."""

    label: str
    family: str  # What --servers names, and what is skipped as one.
    commands: Callable[[Paths, str, int], list[list[str]]]  # (paths, module, port)

    def start(self, paths: Paths, module: str) -> RunningServer:
        port = free_port()
        log_name = self.label.replace(" ", "_").replace("/", "_") + ".log"
        commands = self.commands(paths, module, port)
        return RunningServer(self.label, commands, port, paths.apps, os.path.join(paths.logs, log_name))


def tierce(workers: int, threads: int = 1, access_log: bool = False, label: str = "") -> Contender:
    def commands(paths, module, port):
        log = os.path.join(paths.scratch, "tierce-access.log") if access_log else "none"
        return [
            [
                *(paths.tierce, "run", f"{module}:app", "-w", str(workers), "--threads", str(threads)),
                *("-b", f"127.0.0.1:{port}", "--chdir", paths.apps),
                *("--access-logfile", log, "--python", paths.python),
            ]
        ]

    return Contender(label or f"tierce -w {workers}" + (" + access log" if access_log else ""), "tierce", commands)


def embedded(server: str, processes: int) -> Contender:
    """bjoern and FastWSGI are libraries: a small program of ours calls them."""

    def commands(paths, module, port):
        return [[paths.python, os.path.join(paths.apps, "embed.py"), server, module, str(port), str(processes)]]

    return Contender(f"{server} x{processes}", server, commands)


def granian(workers: int, threads: int = 1) -> Contender:
    def commands(paths, module, port):
        return [
            [
                *(paths.tool("granian"), "--interface", "wsgi", "--http", "1", "--no-ws", "--log-level", "error"),
                *("--workers", str(workers), "--blocking-threads", str(threads)),
                *("--host", "127.0.0.1", "--port", str(port), f"{module}:app"),
            ]
        ]

    return Contender(f"granian x{workers}", "granian", commands)


def gunicorn(workers: int, threads: int = 1) -> Contender:
    def commands(paths, module, port):
        return [
            [
                *(paths.tool("gunicorn"), "-w", str(workers), "-b", f"127.0.0.1:{port}", "--log-level", "warning"),
                *(("-k", "gthread", "--threads", str(threads)) if threads > 1 else ("-k", "sync")),
                f"{module}:app",
            ]
        ]

    kind = f"gthread {threads}" if threads > 1 else "sync"
    return Contender(f"gunicorn {kind} x{workers}", "gunicorn", commands)


def uwsgi(processes: int, threads: int = 1) -> Contender:
    """uWSGI alone, with its HTTP router: http-socket would end the connection after each answer."""

    def commands(paths, module, port):
        return [
            [
                *_uwsgi_program(paths),
                *("--http", f"127.0.0.1:{port}", "--http-keepalive", "--disable-logging"),
                *("--master", "--processes", str(processes), "--module", f"{module}:app"),
                *(("--threads", str(threads)) if threads > 1 else ()),
            ]
        ]

    return Contender(f"uwsgi http x{processes}", "uwsgi", commands)


def nginx_and_uwsgi(processes: int, connections_max: int = 1024) -> Contender:
    """The chain tierce stands for, set up as in the tutorial: unix socket, both access logs on."""

    return _behind_nginx(f"nginx + uwsgi x{processes}", "nginx+uwsgi", _uwsgi_program, processes, connections_max)


def nginx_and_tierce(processes: int) -> Contender:
    """The same nginx and the same options; tierce takes uWSGI's place behind it."""
    return _behind_nginx(
        f"nginx + tierce x{processes}",
        "tierce",
        lambda paths: [paths.tierce, "uwsgi", "--home", paths.venv, "--chdir", paths.apps],
        processes,
        1024,
    )


def _behind_nginx(label, family, program, processes, connections_max) -> Contender:
    def commands(paths, module, port):
        home = os.path.join(paths.scratch, f"nginx-{port}")
        os.makedirs(home)
        uwsgi_socket = os.path.join(home, "uwsgi.sock")
        config = os.path.join(home, "nginx.conf")
        with open(config, "w") as f:
            f.write(_nginx_config(port, uwsgi_socket, connections_max))
        return [
            [
                *program(paths),
                *("--socket", uwsgi_socket, "--chmod-socket=664"),
                *("--master", "--processes", str(processes), "--module", f"{module}:app"),
            ],
            [_find_tool("nginx"), "-p", home, "-c", config, "-e", "error.log"],
        ]

    return Contender(label, family, commands)


def _nginx_config(port: int, uwsgi_socket: str, connections_max: int) -> str:
    # Only a master that runs as root changes its user; others are warned about the line.
    user = "user root;" if os.geteuid() == 0 else ""
    temp_paths = "\n".join(
        f"    {kind}_temp_path {kind}_temp;" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""{user}
daemon off;
worker_processes auto;
error_log error.log notice;
pid nginx.pid;
events {{ worker_connections {connections_max}; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                    '$status $body_bytes_sent "$http_referer" '
                    '"$http_user_agent" "$http_x_forwarded_for"';
    access_log access.log main;
    sendfile on;
    keepalive_timeout 65;
{temp_paths}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            include /etc/nginx/uwsgi_params;
            uwsgi_pass unix:{uwsgi_socket};
        }}
    }}
}}
"""


def _find_tool(name: str) -> str | None:
    # Debian keeps daemons in /usr/sbin, which is not on everybody's PATH.
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def _uwsgi_program(paths: Paths) -> list[str]:
    if os.path.exists(paths.tool("uwsgi")):
        return [paths.tool("uwsgi"), "--home", paths.venv]
    # Debian's uWSGI brings its own interpreter; it only borrows the packages of the venv.
    packages = subprocess.run(
        [paths.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        timeout=20,
    ).stdout.strip()
    return [shutil.which("uwsgi") or "uwsgi", "--plugins", "http,python3", "--pythonpath", packages]


def _package_names(repo: str) -> list[str]:
    with open(os.path.join(repo, "bench", "requirements.txt")) as f:
        return [line.strip() for line in f if line.strip() and not line.startswith("#")]


def install_peers(paths: Paths, say: Callable[[str], None]) -> dict[str, str]:
    """Fills the venv, package by package. Returns the ones that failed, with pip's last line."""
    if not os.path.exists(paths.python):
        say(f"creating {paths.venv}")
        made = subprocess.run(
            [sys.executable, "-m", "venv", paths.venv], capture_output=True, text=True, timeout=PIP_SECONDS_MAX
        )
        if made.returncode != 0:
            raise SystemExit(f"creating {paths.venv}: {(made.stdout + made.stderr).strip()}")
    present = peer_versions(paths)
    failed = {}
    for wanted in _package_names(paths.repo):
        name = wanted.split("<")[0]
        # A bound is pip's to judge; it needs no network when it is kept already.
        if name in present and wanted == name:
            continue
        say(f"pip: {wanted}")
        try:
            done = subprocess.run(
                [paths.python, "-m", "pip", "install", "-q", "--disable-pip-version-check", wanted],
                capture_output=True,
                text=True,
                timeout=PIP_SECONDS_MAX,
            )
            if done.returncode != 0:
                lines = done.stderr.strip().splitlines() or ["pip said nothing"]
                errors = [line for line in lines if "rror" in line]
                failed[name] = (errors or lines)[0].strip()[:160]
        except subprocess.TimeoutExpired:
            failed[name] = f"pip took more than {PIP_SECONDS_MAX} s"
    return failed


def peer_versions(paths: Paths) -> dict[str, str]:
    ask = (
        "from importlib.metadata import distributions\n"
        "for d in distributions(): print(d.metadata['Name'].lower(), d.version)"
    )
    out = subprocess.run([paths.python, "-c", ask], capture_output=True, text=True, timeout=30).stdout
    versions = dict(line.split(" ", 1) for line in out.splitlines())
    return {name: versions[name] for n in _package_names(paths.repo) if (name := n.split("<")[0]) in versions}


def tool_versions(paths: Paths) -> dict[str, str]:
    asked = {
        "wrk": ["wrk", "--version"],
        "nginx": [_find_tool("nginx") or "nginx", "-v"],
        "tierce": [paths.tierce, "--version"],
    }
    if not os.path.exists(paths.tool("uwsgi")):
        asked["uwsgi (Debian)"] = ["uwsgi", "--version"]
    found = {}
    for name, command in asked.items():
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=10)
            # wrk prints its usage and exits with 1 here; the version is there all the same.
            number = re.search(r"\d+\.\d+[\w.+-]*", done.stdout + done.stderr)
            found[name] = number[0] if number else "unknown"
        except (OSError, subprocess.TimeoutExpired):
            pass
    return found


def find_absent(paths: Paths, pip_failures: dict[str, str]) -> dict[str, str]:
    """Families that cannot take part, each with the reason."""
    present = peer_versions(paths)
    absent = {}
    if not os.access(paths.tierce, os.X_OK):
        absent["tierce"] = f"{paths.tierce} is not built (make build)"
    for family in ("bjoern", "fastwsgi", "granian", "gunicorn"):
        if family not in present:
            absent[family] = pip_failures.get(family, "not in the venv")
    if "uwsgi" not in present and not shutil.which("uwsgi"):
        absent["uwsgi"] = pip_failures.get("uwsgi", "neither in the venv nor on PATH")
    if "uwsgi" in absent:
        absent["nginx+uwsgi"] = absent["uwsgi"]
    elif not _find_tool("nginx"):
        absent["nginx+uwsgi"] = "nginx is not installed (bench/packages.txt)"
    return absent

"""One load on one running server: wrk, with the server's CPU read at its start and end."""

from __future__ import annotations

import re
import subprocess

from . import process_tree
from .running_server import RunningServer

SECONDS_PER = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


class LoadFailed(Exception):
    pass


def _wrk(url: str, seconds: int, connections: int) -> str:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", url]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30).stdout
    except subprocess.TimeoutExpired:
        raise LoadFailed("wrk did not come back")


def _percentile_us(output: str, percent: int) -> float:
    found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s|m)$", output, re.MULTILINE)
    if not found:
        raise LoadFailed("wrk printed no latencies")
    return round(float(found[1]) * SECONDS_PER[found[2]] * 1e6, 1)


def warm_up(server: RunningServer) -> None:
    """Fills caches and pools, so that no server pays for its first requests in the figures."""
    _wrk(server.url, 1, 32)


def measure(server: RunningServer, seconds: int, connections: int) -> dict:
    before = process_tree.cpu_seconds(server.tree())
    first_before = process_tree.cpu_seconds(server.first_tree())
    output = _wrk(server.url, seconds, connections)
    tree = server.tree()
    spent = process_tree.cpu_spent(before, process_tree.cpu_seconds(tree))
    first_spent = process_tree.cpu_spent(first_before, process_tree.cpu_seconds(server.first_tree()))
    counted = re.search(r"(\d+) requests in", output)
    if not counted or int(counted[1]) == 0:
        raise LoadFailed("not one request was answered")
    return {
        "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1]),
        "p50_us": _percentile_us(output, 50),
        "p99_us": _percentile_us(output, 99),
        "cpu_us": round(spent * 1e6 / int(counted[1]), 2),
        "first_cpu_us": round(first_spent * 1e6 / int(counted[1]), 2),
        "pss_mib": round(process_tree.pss_mib(tree), 1),
        "errors": [" ".join(e.split()) for e in re.findall(r"Non-2xx.*|Socket errors.*", output)],
    }

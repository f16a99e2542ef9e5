"""What is measured. Each section returns plain dictionaries, ready for JSON.

Sections that compare run in rounds: every server once per round, so that a noisy minute hits all
of them, and ratios are taken within a round before the median over the rounds.
"""

from __future__ import annotations

import statistics
import subprocess
import time
from typing import Callable, NamedTuple

from . import load, process_tree, slow_clients
from .running_server import DidNotStart
from .servers import Contender, Paths, embedded, granian, gunicorn, nginx_and_tierce, nginx_and_uwsgi, tierce, uwsgi

IDLE_CONNECTIONS = 10_000
STREAM_BYTES_PER_SECOND = 1_000_000


class Plan(NamedTuple):
    paths: Paths
    seconds: int
    rounds: int
    takes_part: Callable[[Contender], bool]
    say: Callable[[str], None]
    fail: Callable[[str, str], None]  # (label, reason): a server that should have run and did not

    @property
    def stream_seconds(self) -> int:
        return 20 if self.seconds > 1 else 5

    @property
    def start_repeats(self) -> int:
        return 5 if self.seconds > 1 else 2

    def invited(self, contenders: list[Contender]) -> list[Contender]:
        return [c for c in contenders if self.takes_part(c)]


def _median_of(rounds: list[dict]) -> dict:
    middle = {key: round(statistics.median(r[key] for r in rounds), 2) for key in rounds[0] if key != "errors"}
    errors = [e for r in rounds for e in r["errors"]]
    return {**middle, "errors": errors, "rounds": rounds}


def _compare(plan: Plan, module: str, connections: int, contenders: list[Contender]) -> dict:
    measured: dict[str, list[dict]] = {}
    for number in range(plan.rounds):
        for contender in plan.invited(contenders):
            plan.say(f"round {number + 1}/{plan.rounds}: {contender.label}")
            try:
                with contender.start(plan.paths, module) as server:
                    load.warm_up(server)
                    result = load.measure(server, plan.seconds, connections)
                measured.setdefault(contender.label, []).append({"round": number, **result})
            except (DidNotStart, load.LoadFailed) as e:
                plan.fail(contender.label, str(e))
    return {label: _median_of(rounds) for label, rounds in measured.items()}


def raw(plan: Plan) -> dict:
    return _compare(
        plan,
        "raw_hello",
        64,
        [
            tierce(1),
            embedded("bjoern", 1),
            tierce(1, access_log=True),
            embedded("fastwsgi", 1),
            granian(1),
            uwsgi(1),
            gunicorn(1),
            tierce(4),
            nginx_and_uwsgi(4),
        ],
    )


def flask(plan: Plan) -> dict:
    return _compare(
        plan,
        "flask_app",
        64,
        [tierce(2), embedded("bjoern", 2), embedded("fastwsgi", 2), granian(2), gunicorn(2), nginx_and_uwsgi(4)],
    )


def single(plan: Plan) -> dict:
    return _compare(plan, "raw_hello", 1, [tierce(1), nginx_and_uwsgi(4), embedded("bjoern", 1)])


def behind(plan: Plan) -> dict:
    """In uWSGI's place behind nginx, on the uwsgi protocol and a unix socket."""
    return _compare(plan, "raw_hello", 64, [nginx_and_tierce(4), nginx_and_uwsgi(4)])


def waiting(plan: Plan) -> dict:
    """One process of 32 threads: what a server makes of an application that mostly waits."""
    return _compare(
        plan,
        "sleepy",
        64,
        [
            tierce(1, threads=32, label="tierce -w 1 --threads 32"),
            granian(1, threads=32),
            gunicorn(1, threads=32),
            uwsgi(1, threads=32),
        ],
    )


def memory(plan: Plan) -> dict:
    """Four Flask workers after a load that reached all of them, process by process."""
    measured = {}
    for contender in plan.invited([tierce(4), nginx_and_uwsgi(4)]):
        plan.say(contender.label)
        try:
            with contender.start(plan.paths, "flask_app") as server:
                load.warm_up(server)
                load.measure(server, plan.seconds, 64)
                tree = server.tree()
                processes = [
                    {
                        "pid": p.pid,
                        "title": process_tree.title_of(p.pid),
                        "pss_mib": round(process_tree.pss_mib_of(p.pid), 2),
                    }
                    for p in tree
                ]
                result = {
                    "pss_mib": round(sum(p["pss_mib"] for p in processes), 1),
                    "alone_mib": round(process_tree.alone_mib(tree), 1),
                    "processes": processes,
                }
                if contender.family == "tierce":
                    roles = process_tree.roles_of_preforked(tree, server.root)
                    for p in processes:
                        p["role"] = roles[p["pid"]]
                    chosen = [p["pss_mib"] for p in processes if p["role"] in ("edge", "worker")]
                    result["edge_and_workers_mib"] = round(sum(chosen), 1)
                measured[contender.label] = result
        except (DidNotStart, load.LoadFailed) as e:
            plan.fail(contender.label, str(e))
    return measured


def idle(plan: Plan) -> dict:
    measured = {}
    with slow_clients.open_files_allowed(IDLE_CONNECTIONS + 1000) as files_max:
        count = min(IDLE_CONNECTIONS, files_max - 200)
        for contender in plan.invited([tierce(1), embedded("bjoern", 1), nginx_and_uwsgi(4, connections_max=16384)]):
            plan.say(f"{contender.label}: {count} connections")
            try:
                with contender.start(plan.paths, "raw_hello") as server:
                    load.warm_up(server)
                    before = process_tree.pss_mib(server.tree())
                    with slow_clients.idle_connections(server.port, count) as (held, refused):
                        time.sleep(1)
                        after = process_tree.pss_mib(server.tree())
                        closed = slow_clients.count_closed(held)
                    measured[contender.label] = {
                        "connections": count,
                        "refused": refused,
                        "closed": closed,
                        "before_mib": round(before, 1),
                        "after_mib": round(after, 1),
                        "cost_mib": round(after - before, 1),
                    }
            except (DidNotStart, load.LoadFailed) as e:
                plan.fail(contender.label, str(e))
    return measured


def stream(plan: Plan) -> dict:
    """1 GB for a client that reads 1 MB/s. nginx would write the rest to disk, so it is not asked."""
    measured = {}
    for contender in plan.invited([tierce(1), embedded("bjoern", 1)]):
        plan.say(f"{contender.label}: {plan.stream_seconds} s")
        seen = []
        try:
            # The readiness check takes its 200 from the head and leaves; the server must cope.
            with contender.start(plan.paths, "gigabyte") as server:
                received = slow_clients.read_slowly(
                    server.port,
                    STREAM_BYTES_PER_SECOND,
                    plan.stream_seconds,
                    lambda: seen.append(process_tree.pss_mib(server.tree())),
                )
            measured[contender.label] = {
                "received_mb": round(received / 1e6, 1),
                "expected_mb": round(plan.stream_seconds * STREAM_BYTES_PER_SECOND / 1e6, 1),
                "pss_mib_max": round(max(seen), 1),
            }
        except (DidNotStart, OSError) as e:
            plan.fail(contender.label, str(e))
    return measured


def start(plan: Plan) -> dict:
    """From exec to the first answer, less what importing the application takes the same interpreter.

    An interpreter that ends the ordinary way spends some 40 ms on tearing modules down. No server
    does that before it answers, so the import that is subtracted leaves by os._exit; the whole
    of `python -c 'import app'` is measured beside it.
    """
    contenders = plan.invited([tierce(1), gunicorn(1), embedded("bjoern", 1), nginx_and_uwsgi(4)])
    imports: list[float] = []
    whole_runs: list[float] = []
    answers: dict[str, list[float]] = {}
    overs: dict[str, list[float]] = {}
    for number in range(plan.start_repeats + 1):
        plan.say(f"repeat {number}/{plan.start_repeats}" if number else "filling the page cache")
        import_ms = _milliseconds_of_python(plan.paths, "import flask_app, os; os._exit(0)")
        whole_ms = _milliseconds_of_python(plan.paths, "import flask_app")
        if number:
            imports.append(import_ms)
            whole_runs.append(whole_ms)
        for contender in contenders:
            try:
                with contender.start(plan.paths, "flask_app") as server:
                    answer_ms = server.seconds_to_answer * 1e3
                if number:
                    answers.setdefault(contender.label, []).append(answer_ms)
                    overs.setdefault(contender.label, []).append(answer_ms - import_ms)
            except DidNotStart as e:
                plan.fail(contender.label, str(e))
    return {
        label: {
            "answer_ms": round(statistics.median(answers[label]), 1),
            "import_ms": round(statistics.median(imports), 1),
            "python_c_ms": round(statistics.median(whole_runs), 1),
            "over_import_ms": round(statistics.median(overs[label]), 1),
        }
        for label in answers
    }


def _milliseconds_of_python(paths: Paths, code: str) -> float:
    began = time.perf_counter()
    subprocess.run([paths.python, "-c", code], cwd=paths.apps, check=True, timeout=60)
    return (time.perf_counter() - began) * 1e3


class Section(NamedTuple):
    name: str
    title: str
    run: Callable[[Plan], dict]


SECTIONS = [
    Section("raw", "raw WSGI hello, 64 keep-alive connections", raw),
    Section("flask", "Flask JSON, 64 keep-alive connections", flask),
    Section("single", "raw WSGI hello, one connection", single),
    Section("behind", "behind nginx on a uwsgi socket, raw WSGI hello, 64 connections", behind),
    Section("waiting", "application that waits 10 ms, 64 connections, 32 threads", waiting),
    Section("memory", "four Flask workers, PSS", memory),
    Section("idle", "idle keep-alive connections, PSS", idle),
    Section("stream", "1 GB to a client that reads 1 MB/s, largest PSS", stream),
    Section("start", "first answer of the Flask application", start),
]

#!/usr/bin/env python3
"""Measures tierce and its peers on this machine, in one run, and holds the figures against the targets.

Needs wrk and, for the chain tierce stands for, nginx (bench/packages.txt). The other servers are
installed into build/venv-bench; those that do not install are named and skipped. A full run takes
about eight minutes. Compare figures within one run only, and CPU per request before rate: it is
the steadier of the two on a machine that does other things.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile

from harness import machine, report, servers, targets
from harness.sections import SECTIONS, Plan

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FAMILIES = ["tierce", "bjoern", "fastwsgi", "granian", "uwsgi", "gunicorn", "nginx+uwsgi"]


def _names(allowed: list[str]):
    def parse(text: str) -> list[str]:
        names = [name for name in text.split(",") if name]
        for name in names:
            if name not in allowed:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(allowed)}")
        return names

    return parse


def parse_arguments() -> argparse.Namespace:
    section_names = [s.name for s in SECTIONS]
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--only", metavar="SECTION,...", type=_names(section_names), help=", ".join(section_names))
    p.add_argument("--servers", metavar="NAME,...", type=_names(FAMILIES), help=", ".join(FAMILIES))
    p.add_argument("--seconds", type=int, default=4, help="of load per server and round (default: 4)")
    p.add_argument("--rounds", type=int, default=3, help="(default: 3)")
    p.add_argument("--quick", action="store_true", help="one round of one second: does everything run?")
    p.add_argument("--tierce", default=os.path.join(REPO, "build", "release", "tierce"), help="the program to measure")
    p.add_argument("--venv", default=os.path.join(REPO, "build", "venv-bench"), help="where the peers are installed")
    p.add_argument("--no-install", action="store_true", help="use the peers that are in the venv already")
    p.add_argument(
        "--output", help="default: bench/results.json for a full run, build/bench-results.json for a part of it"
    )
    options = p.parse_args()
    if options.seconds < 1 or options.rounds < 1:
        p.error("--seconds and --rounds start at 1")
    if options.quick:
        options.seconds, options.rounds = 1, 1
    return options


def output_path(options: argparse.Namespace) -> str:
    if options.output:
        return options.output
    # The committed figures are those of a full run, never of a look at one section.
    partial = options.quick or options.only or options.servers or options.rounds < 3
    return os.path.join(REPO, *(("build", "bench-results.json") if partial else ("bench", "results.json")))


def say(text: str) -> None:
    print(f"  .. {text}", file=sys.stderr, flush=True)


def run(options: argparse.Namespace, scratch: str) -> dict:
    paths = servers.Paths(
        repo=REPO,
        tierce=os.path.abspath(options.tierce),
        venv=os.path.abspath(options.venv),
        scratch=scratch,
        logs=os.path.join(REPO, "build", "bench-logs"),
    )
    os.makedirs(paths.logs, exist_ok=True)
    machine_facts = machine.facts()  # First: installing the peers would raise the load it reports.
    pip_failures = {} if options.no_install else servers.install_peers(paths, say)
    absent = servers.find_absent(paths, pip_failures)
    versions = {**servers.tool_versions(paths), **servers.peer_versions(paths)}
    settings = {"seconds": options.seconds, "rounds": options.rounds}
    print(report.heading_text(machine_facts, versions, absent, settings), flush=True)

    failed: dict[str, str] = {}

    def fail(label: str, reason: str) -> None:
        failed[label] = reason
        say(f"{label}: {reason}")

    plan = Plan(
        paths=paths,
        seconds=options.seconds,
        rounds=options.rounds,
        takes_part=lambda c: c.family not in absent and (not options.servers or c.family in options.servers),
        say=say,
        fail=fail,
    )
    measured = {}
    for section in SECTIONS:
        if options.only and section.name not in options.only:
            continue
        say(section.title)
        measured[section.name] = {"title": section.title, "servers": section.run(plan)}
        print(report.section_text(section.name, measured[section.name]), flush=True)

    judged = [targets.judge(t, measured) for t in targets.TARGETS if t.section in measured]
    print(report.targets_text(judged), flush=True)
    for label, reason in failed.items():
        print(f"failed: {label}: {reason}")
    return {
        "machine": machine_facts,
        "versions": versions,
        "settings": settings,
        "skipped": absent,
        "failed": failed,
        "targets": judged,
        "sections": measured,
    }


def main() -> int:
    options = parse_arguments()
    if not shutil.which("wrk"):
        print("bench: wrk is not installed (bench/packages.txt)", file=sys.stderr)
        return 2
    # A shell starts background jobs with SIGINT ignored, and our servers would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # As with Ctrl-C, the servers are stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with tempfile.TemporaryDirectory(prefix="tierce-bench-") as scratch:
            results = run(options, scratch)
    except KeyboardInterrupt:
        print("\nbench: interrupted; all servers are stopped", file=sys.stderr)
        return 130
    path = output_path(options)
    with open(path, "w") as f:
        json.dump(results, f, indent=1)
        f.write("\n")
    print(f"\nwritten to {os.path.relpath(path)}")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())

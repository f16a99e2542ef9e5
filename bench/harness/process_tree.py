"""What /proc says about a server: which processes it is, their CPU time, their memory."""

from __future__ import annotations

import os
from typing import NamedTuple

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Process(NamedTuple):
    pid: int
    parent: int
    session: int
    started: int  # With the pid, names a process for good: pids are used again.
    cpu_ticks: int


def read_process(pid: int) -> Process | None:
    try:
        with open(f"/proc/{pid}/stat") as f:
            # The name in parentheses may hold blanks and parentheses itself.
            fields = f.read().rsplit(")", 1)[1].split()
    except OSError:
        return None
    if fields[0] == "Z":
        return None
    return Process(pid, int(fields[1]), int(fields[3]), int(fields[19]), int(fields[11]) + int(fields[12]))


def find_tree(roots: list[int]) -> list[Process]:
    """The roots, their descendants, and everyone in the roots' sessions.

    The session finds a child whose parent has died, the parent link one that made its own session.
    """
    everyone = [p for p in (read_process(int(d)) for d in os.listdir("/proc") if d.isdigit()) if p]
    found = {p.pid: p for p in everyone if p.pid in roots or p.session in roots}
    grew = True
    while grew:
        newcomers = [p for p in everyone if p.pid not in found and p.parent in found]
        found.update((p.pid, p) for p in newcomers)
        grew = bool(newcomers)
    return sorted(found.values())


def _cpu_seconds_of(process: Process) -> float:
    try:
        nanoseconds = 0
        for task in os.listdir(f"/proc/{process.pid}/task"):
            with open(f"/proc/{process.pid}/task/{task}/schedstat") as f:
                nanoseconds += int(f.read().split()[0])
        return nanoseconds / 1e9
    except OSError:  # A kernel without schedstat, or a process that has just gone.
        return process.cpu_ticks / TICKS_PER_SECOND


def cpu_seconds(tree: list[Process]) -> dict[tuple[int, int], float]:
    return {(p.pid, p.started): _cpu_seconds_of(p) for p in tree}


def cpu_spent(before: dict, after: dict) -> float:
    """Seconds between two readings; a process born in between counts from its birth."""
    return sum(seconds - before.get(key, 0.0) for key, seconds in after.items())


def pss_mib_of(pid: int) -> float:
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            for line in f:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def pss_mib(tree: list[Process]) -> float:
    return sum(pss_mib_of(p.pid) for p in tree)


def alone_mib(tree: list[Process]) -> float:
    """About what the tree's PSS would be if nobody else on the machine mapped the same files.

    PSS divides a page among all who map it, so every other Python on the machine (this one is
    at least the first) makes a server look smaller. Here a file's shared pages count once for the tree.
    """
    own_kib = 0
    shared_kib: dict[str, int] = {}
    for p in tree:
        mapping, kib = "", {}
        try:
            with open(f"/proc/{p.pid}/smaps") as f:
                for line in [*f, "0-0 end"]:
                    words = line.split()
                    if not words[0].endswith(":"):  # The first line of the next mapping.
                        shared = kib.get("Shared_Clean:", 0) + kib.get("Shared_Dirty:", 0)
                        if mapping.startswith("/"):
                            own_kib += kib["Rss:"] - shared
                            shared_kib[mapping] = max(shared_kib.get(mapping, 0), shared)
                        else:
                            own_kib += kib.get("Pss:", 0)  # Anonymous: shared within the tree only.
                        # A file is mapped in several pieces; the offset tells them apart.
                        mapping, kib = " ".join([*words[5:], words[2]] if len(words) > 5 else []), {}
                    elif words[-1] == "kB":
                        kib[words[0]] = int(words[1])
        except OSError:
            pass
    return (own_kib + sum(shared_kib.values())) / 1024


def title_of(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            words = f.read().rstrip(b"\0").decode(errors="replace").split("\0")
    except OSError:
        return "gone"
    words[0] = os.path.basename(words[0]) if words[0].startswith("/") else words[0]
    return " ".join(words)[:60]


def roles_of_preforked(tree: list[Process], root: int) -> dict[int, str]:
    """Who is who in tierce, read from the shape of the tree: it does not depend on process titles.

    The supervisor is the root, the zygote the one below it with the most children, the workers
    are these children, and what else hangs below the supervisor is the edge.
    """
    children = {p.pid: [q.pid for q in tree if q.parent == p.pid] for p in tree}
    zygote = max((p.pid for p in tree if p.pid != root), key=lambda pid: len(children[pid]), default=None)
    roles = {}
    for p in tree:
        if p.pid == root:
            roles[p.pid] = "supervisor"
        elif p.pid == zygote and children[zygote]:
            roles[p.pid] = "zygote"
        elif p.parent == zygote and children.get(zygote):
            roles[p.pid] = "worker"
        else:
            roles[p.pid] = "edge"
    return roles

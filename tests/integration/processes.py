"""What /proc says about processes."""

import os
import pathlib


def _stat(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    # The name in parentheses may hold anything.
    return text[text.rindex(")") + 2:].split()


def alive(pid):
    stat = _stat(pid)
    return stat is not None and stat[0] not in "ZX"


def parent_of(pid):
    stat = _stat(pid)
    return int(stat[1]) if stat else None


def cpu_seconds(pids):
    ticks = 0
    for pid in pids:
        stat = _stat(pid)
        if stat:
            ticks += int(stat[11]) + int(stat[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_bytes(pids):
    """Proportional set size of all of them: pages shared between them count once."""
    total = 0
    for pid in pids:
        try:
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
        except OSError:
            pass
    return total


def command_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "?"


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def living_children_of(pid):
    return [other for other in all_pids() if parent_of(other) == pid and alive(other)]


def zombies_below(pid):
    found = []
    for other in all_pids():
        stat = _stat(other)
        if stat and stat[0] == "Z" and int(stat[1]) == pid:
            found.append(other)
    return found


def tagged(tag, session):
    """Living processes of the session, and those that were started with `tag` in their environment."""
    needle = tag.encode()
    found = []
    for pid in all_pids():
        if pid == os.getpid() or not alive(pid):
            continue
        try:
            if os.getsid(pid) == session or needle in pathlib.Path(f"/proc/{pid}/environ").read_bytes():
                found.append(pid)
        except OSError:
            continue
    return found

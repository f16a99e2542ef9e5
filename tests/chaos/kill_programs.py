"""Kills random processes of a tree of programs under our supervisord, and looks at what is left.

    python tests/chaos/kill_programs.py --kills 1000 [--peer]

Every program is RUNNING again, every process belongs to one that runs, nobody is a zombie. --peer does the same to the
real supervisord, for comparison: it leaves the children of killed programs behind.
"""

import argparse
import os
import pathlib
import random
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from processes import alive, all_pids, parent_of, zombies_below  # noqa: E402
from supervisord_peers import OURS, REAL, SupervisordRun  # noqa: E402
from waiting import eventually  # noqa: E402

PROGRAMS = """
[program:alone]
command=/bin/sleep 100000
process_name=a%(process_num)02d
numprocs=20
autorestart=true
startsecs=0
[program:family]
command=/bin/sh -c "sleep 100000 & sleep 100000 & (sleep 100000 & wait) & wait"
process_name=f%(process_num)02d
numprocs=30
autorestart=true
startsecs=0
"""


def below(pid):
    """All that descends from a process, by its parent numbers now."""
    children = {}
    for other in all_pids():
        children.setdefault(parent_of(other), []).append(other)
    found, todo = [], [pid]
    while todo:
        found += children.get(todo[-1], [])
        todo = todo[:-1] + children.get(todo[-1], [])
    return [other for other in found if alive(other)]


def victims(run):
    """Processes of programs: not the helper of the server that outlives it."""
    return [pid for pid in below(run.process.pid) if "keeper" not in name_of(pid)]


def name_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        return ""


def orphans(run):
    """What was started by a program of this server, and neither descends from one that runs nor is in its process group."""
    mark = f"SUPERVISOR_SERVER_URL=unix://{run.folder}/s.sock".encode()
    programs = {info["pid"] for info in run.rpc.getAllProcessInfo()}
    found = []
    for pid in all_pids():
        try:
            if mark not in pathlib.Path(f"/proc/{pid}/environ").read_bytes() or not alive(pid) or os.getpgid(pid) in programs:
                continue
        except OSError:
            continue
        above = pid
        while above and above not in programs:
            above = parent_of(above)
        if not above:
            found.append(pid)
    return found


def settled(run):
    return all(info["statename"] == "RUNNING" for info in run.rpc.getAllProcessInfo())


def kill_at_random(run, kills, seed):
    chance = random.Random(seed)
    done = 0
    while done < kills:
        found = victims(run)
        for pid in chance.sample(found, min(len(found), 10, kills - done)):
            try:
                os.kill(pid, signal.SIGKILL)
                done += 1
            except ProcessLookupError:
                pass
    return done


def start(program, folder):
    run = SupervisordRun(pathlib.Path(folder), program, PROGRAMS).start()
    eventually(lambda: settled(run), 30, "all programs run")
    return run


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--kills", type=int, default=1000)
    arguments.add_argument("--seed", type=int, default=None)
    arguments.add_argument("--peer", action="store_true")
    given = arguments.parse_args()
    seed = given.seed if given.seed is not None else int(time.time())
    bad = 0
    for program in (OURS, REAL) if given.peer else (OURS,):
        with tempfile.TemporaryDirectory() as folder:
            run = start(program, folder)
            try:
                began = time.monotonic()
                done = kill_at_random(run, given.kills, seed)
                eventually(lambda: settled(run), 30, "all programs run again")
                if program == OURS:
                    eventually(lambda: not orphans(run) and not zombies_below(run.process.pid), 10, "nothing is left")
                left, zombies = len(orphans(run)), len(zombies_below(run.process.pid))
                print(f"{program}: seed {seed}, {done} killed in {time.monotonic() - began:.1f} s, "
                      f"{left} orphans, {zombies} zombies, all 50 programs RUNNING", flush=True)
                bad += program == OURS and left + zombies
                for pid in orphans(run):
                    os.kill(pid, signal.SIGKILL)
            finally:
                run.kill()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

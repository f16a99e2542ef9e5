"""A listener of the real supervisord and one of ours are told of the same states, in the same order, for each program."""

import re
import sys

from supervisord_peers import OURS, REAL
from waiting import eventually

LISTENER = """
import sys
while True:
    sys.stdout.write("READY\\n"); sys.stdout.flush()
    head = dict(pair.split(":") for pair in sys.stdin.readline().split())
    payload = sys.stdin.read(int(head["len"]))
    sys.stderr.write(head["eventname"] + " " + payload.replace("\\n", "|") + "\\n"); sys.stderr.flush()
    sys.stdout.write("RESULT 2\\nOK"); sys.stdout.flush()
"""

# What programs do in the world: each ends in a state of its own.
PROGRAMS = """
[eventlistener:ear]
command={python} {script}
events=PROCESS_STATE,SUPERVISOR_STATE_CHANGE,PROCESS_GROUP
buffer_size=1000
stderr_logfile=%(here)s/ear.log
startsecs=0
[program:exits]
command=/bin/sh -c "sleep 1.2; exit 0"
autorestart=unexpected
[program:crashes]
command=/bin/sh -c "sleep 1.2; kill -SEGV $$"
autorestart=false
[program:crashes_again]
command=/bin/sh -c "if test -e %(here)s/crashed; then exec sleep 1000; fi; touch %(here)s/crashed; sleep 1.2; kill -9 $$"
[program:hangs]
command={python} -c "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 3, 15)]; time.sleep(1000)"
stopwaitsecs=1
[program:stops]
command={python} -c "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(3)); [time.sleep(0.05) for _ in iter(int, 1)]"
[program:forks_away]
command=/bin/sh -c "sleep 2 > /dev/null 2>&1 < /dev/null & sleep 1.2"
autorestart=false
[program:floods]
command=/bin/sh -c "while true; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done"
stdout_logfile=%(here)s/floods.log
stdout_logfile_maxbytes=1MB
stdout_logfile_backups=1
[program:too_quick]
command=/bin/true
startretries=2
[program:absent]
command=/no/such/command
startretries=1
[program:not_started]
command=/bin/cat
autostart=false
"""

ENDS = {"exits": "EXITED", "crashes": "EXITED", "crashes_again": "RUNNING", "hangs": "RUNNING", "stops": "RUNNING",
        "forks_away": "EXITED", "floods": "RUNNING", "too_quick": "FATAL", "absent": "FATAL", "not_started": "STOPPED",
        "ear": "RUNNING"}


def events(run):
    """What the listener was told, of each program; without process numbers."""
    told = {}
    for line in (run.folder / "ear.log").read_text().splitlines():
        line = re.sub(r"pid:\d+", "pid:N", line)
        name = re.search(r"(?:processname|groupname):(\S+)", line.replace("|", " "))
        told.setdefault(name.group(1) if name else "", []).append(line)
    return told


def live(run):
    eventually(lambda: {i["name"]: i["statename"] for i in run.rpc.getAllProcessInfo()} == ENDS, 30, run.log())
    run.rpc.stopProcess("hangs")
    run.rpc.stopProcess("stops")
    run.rpc.startProcess("stops")
    run.rpc.signalProcess("stops", "TERM")
    eventually(lambda: any("STATE_EXITED" in line for line in events(run).get("stops", [])), 10)
    run.reaches("stops", "RUNNING")
    run.rpc.startProcess("not_started")
    run.rpc.stopProcess("not_started")
    run.rpc.removeProcessGroup("not_started")
    run.rpc.addProcessGroup("not_started")
    run.rpc.stopProcess("floods")
    eventually(lambda: any("STATE_STOPPED" in line for line in events(run).get("floods", [])), 10)
    return events(run)


def test_the_same_lives_are_told_in_the_same_words(supervisord_run, tmp_path):
    script = tmp_path / "listener.py"
    script.write_text(LISTENER)
    config = PROGRAMS.format(python=sys.executable, script=script)
    runs = [supervisord_run(program, config).start() for program in (REAL, OURS)]
    real, ours = (live(run) for run in runs)
    # Its own start is told before it listens, or not, and both are right.
    for told in (real, ours):
        told.pop("ear", None)
        told.pop("", None)
    assert ours == real
    assert {len(lines) for lines in real.values()} != {0} and set(real) >= set(ENDS) - {"ear"}

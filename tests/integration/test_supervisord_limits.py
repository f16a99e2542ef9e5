"""What a program may use, when it runs, and what is left of it: keys that the original does not have."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading

import pytest
from processes import all_pids, alive, command_of
from server_process import BINARY
from supervisord_peers import OURS
from waiting import eventually, stays

TREE = """
[program:tree]
command=/bin/sh -c "sleep 1000 & echo $!; {setsid} wait"
stdout_logfile=%(here)s/tree.log
startsecs=0
{more}
"""


def child_of(run):
    return int(eventually(lambda: (run.folder / "tree.log").read_text().split())[-1])


def test_a_program_that_uses_too_much_memory_is_restarted_children_counted(supervisord_run):
    hog = f"{sys.executable} -c \\\"import time; x = b'x' * 60000000; time.sleep(1000)\\\""
    run = supervisord_run(OURS, f"""
[program:hog]
command=/bin/sh -c "{hog} & wait"
memory_max=50MB
startsecs=0
[program:small]
command=/bin/cat
memory_max=50MB
startsecs=0
""").start()
    run.reaches("hog", "RUNNING")
    pids = {name: run.rpc.getProcessInfo(name)["pid"] for name in ("hog", "small")}
    eventually(lambda: run.rpc.getProcessInfo("hog")["pid"] not in (0, pids["hog"]), 20)
    assert run.rpc.getProcessInfo("small")["pid"] == pids["small"]
    assert "memory_max: hog uses" in run.log() or "terminated by SIGKILL" in run.log()


def test_children_of_a_killed_program_end_before_it_starts_again(supervisord_run):
    run = supervisord_run(OURS, TREE.format(setsid="", more="autorestart=true")).start()
    run.reaches("tree", "RUNNING")
    child, pid = child_of(run), run.rpc.getProcessInfo("tree")["pid"]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not alive(child))
    eventually(lambda: run.rpc.getProcessInfo("tree")["pid"] not in (0, pid))


def test_children_of_a_stopped_program_are_asked_and_then_killed(supervisord_run, tmp_path):
    child = tmp_path / "child.py"
    child.write_text("import os, signal, sys, time\n"
                     "signal.signal(signal.SIGTERM, lambda *_: open(sys.argv[1], 'w').close())\n"
                     "print(os.getpid(), flush=True)\nwhile True: time.sleep(0.05)\n")
    run = supervisord_run(OURS, f"""
[program:tree]
command=/bin/sh -c "{sys.executable} {child} %(here)s/asked & exec sleep 1000"
stdout_logfile=%(here)s/tree.log
stopwaitsecs=1
startsecs=0
""").start()
    run.reaches("tree", "RUNNING")
    child = child_of(run)
    run.rpc.stopProcess("tree")
    eventually(lambda: (run.folder / "asked").exists())
    assert alive(child)
    eventually(lambda: not alive(child))


def test_orphans_are_left_alone_where_that_is_wanted_and_after_an_exit(supervisord_run):
    for more, end in (("kill_orphans=false", lambda pid: os.kill(pid, signal.SIGKILL)), ("", None)):
        run = supervisord_run(OURS, TREE.format(setsid="exit 0;" if end is None else "", more=more + "\nautorestart=false")).start()
        child = child_of(run)
        if end:
            end(run.rpc.getProcessInfo("tree")["pid"])
        run.reaches("tree", "EXITED")
        assert stays(lambda: alive(child), 0.5)
        os.kill(child, signal.SIGKILL)


def cgroups_can_be_made():
    home = pathlib.Path("/proc/self/cgroup").read_text().splitlines()[-1].removeprefix("0::")
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        if " - cgroup2 " in line:
            return os.access(line.split()[4] + home + "/cgroup.procs", os.W_OK)
    return False


def test_with_a_cgroup_nothing_survives_also_what_left_the_process_group(supervisord_run):
    """Where none can be made it is all the same started, without."""
    run = supervisord_run(OURS, TREE.format(setsid="setsid sleep 4242 &", more="cgroup=true\nautorestart=true")).start()
    run.reaches("tree", "RUNNING")

    def strays():
        return [pid for pid in all_pids() if command_of(pid) == "sleep 4242" and f"tierce-{run.process.pid}-tree" in
                pathlib.Path(f"/proc/{pid}/cgroup").read_text()]

    pid = run.rpc.getProcessInfo("tree")["pid"]
    if cgroups_can_be_made():
        first = eventually(strays)
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not any(alive(stray) for stray in first))
    assert run.end() == 0
    for pid in all_pids():
        if command_of(pid) == "sleep 4242":
            os.kill(pid, signal.SIGKILL)


def test_a_job_is_started_at_its_times_and_not_before(supervisord_run):
    run = supervisord_run(OURS, """
[program:job]
command=/bin/sh -c "date +%%S >> %(here)s/times; exit 1"
cron=* * * * *
[program:never]
command=/bin/cat
cron=0 0 1 1 *
""").start()
    assert run.state("job") == run.state("never") == "STOPPED"
    times = eventually(lambda: (run.folder / "times").exists() and (run.folder / "times").read_text().split(), 70)
    assert len(times) == 1 and int(times[0]) < 5
    run.reaches("job", "EXITED")
    assert run.state("never") == "STOPPED" and "cron: job is due" in run.log()


@pytest.mark.parametrize("config, what", [
    ("cron=61 * * * *", "the minute '61' is not *"), ("log_format=xml", "'xml' is not plain, text or json"),
    ("health_url=https://x/", "does not begin with http://"), ("health_retries=0", "0 is less than 1"),
    ("health_url=http://x/\nhealth_command=y", "one of them is enough"), ("memory_max=much", "invalid size"),
    ("reload_signal=NO", "not a valid signal name"),
])
def test_mistakes_in_our_keys_are_named(supervisord_run, config, what):
    run = supervisord_run(OURS, f"[program:x]\ncommand=/bin/cat\n{config}\n")
    done = subprocess.run([str(BINARY), "supervisord", "-n", "-c", str(run.config)], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and what in done.stderr and f"{run.config}:" in done.stderr, done.stderr


IN_A_NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]


def test_as_the_first_process_it_passes_signals_on_reaps_and_ends_with_the_code(supervisord_run):
    run = supervisord_run(OURS, """
[program:main]
command=/bin/sh -c "trap 'echo USR1' USR1; trap 'echo WINCH' WINCH; trap 'exit 7' HUP; echo up; (sleep 0.1 &); while :; do sleep 0.05; done"
stdout_logfile=%(here)s/main.log
essential=true
autorestart=false
startsecs=0
""")
    command = run.command
    run.command = lambda *arguments: [*IN_A_NAMESPACE, *command(*arguments)]
    run.start().reaches("main", "RUNNING")
    assert run.rpc.getPID() == 1
    eventually(lambda: "up" in (run.folder / "main.log").read_text())
    first = [pid for pid in all_pids() if command_of(pid).startswith(f"{BINARY} supervisord") and
             pathlib.Path(f"/proc/{pid}/status").read_text().split("NSpid:")[1].split("\n")[0].split()[1:] == ["1"] and
             str(run.config) in command_of(pid)][0]
    for number, name in ((signal.SIGUSR1, "USR1"), (signal.SIGWINCH, "WINCH")):
        os.kill(first, number)
        eventually(lambda: name in (run.folder / "main.log").read_text())
    eventually(lambda: "reaped unknown pid" in run.log())
    run.rpc.signalProcess("main", "HUP")
    assert run.process.wait(15) == 7


def test_who_only_connects_cuts_nobodys_call(supervisord_run):
    """A call waits for a program to stop; more connections come meanwhile than are kept."""
    run = supervisord_run(OURS, """
[program:slow]
command=/bin/sh -c "trap '' TERM; echo ready; while :; do sleep 0.1; done"
stdout_logfile=%(here)s/slow.log
stopwaitsecs=3
""").start()
    run.reaches("slow", "RUNNING")
    eventually(lambda: "ready" in (run.folder / "slow.log").read_text())
    outcome = []
    call = threading.Thread(target=lambda: outcome.append(run.rpc.stopProcess("slow")))
    call.start()
    eventually(lambda: run.rpc.getProcessInfo("slow")["statename"] == "STOPPING")
    crowd = []
    for _ in range(300):
        one = socket.socket(socket.AF_UNIX)
        one.connect(str(run.folder / "s.sock"))
        crowd.append(one)
    call.join(30)
    for one in crowd:
        one.close()
    assert outcome == [True]

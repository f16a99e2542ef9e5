"""Keys that the original does not have."""

import subprocess

from server_process import BINARY
from supervisord_peers import OURS
from waiting import eventually


def test_a_program_waits_for_what_it_depends_on(supervisord_run):
    run = supervisord_run(OURS, """
[program:app]
command=/bin/cat
priority=1
depends_on=db,cache
startsecs=0
[program:db]
command=/bin/cat
startsecs=1
[program:cache]
command=/bin/cat
startsecs=0
autostart=false
""").start()
    run.reaches("db", "RUNNING")
    assert run.state("app") == "STOPPED"
    run.rpc.startProcess("cache")
    run.reaches("app", "RUNNING")


def test_circles_and_unknown_names_are_refused(supervisord_run):
    for config, what in (("[program:a]\ncommand=x\ndepends_on=b\n[program:b]\ncommand=x\ndepends_on=a\n", "waits for itself"),
                         ("[program:a]\ncommand=x\ndepends_on=nosuch\n", "no program or group 'nosuch'")):
        run = supervisord_run(OURS, config)
        done = subprocess.run([str(BINARY), "supervisord", "-n", "-c", str(run.config)], capture_output=True, text=True, timeout=20)
        assert done.returncode == 2 and what in done.stderr and f"{run.config}:" in done.stderr


def test_the_end_of_an_essential_program_ends_the_server_with_its_code(supervisord_run):
    run = supervisord_run(OURS, """
[program:job]
command=/bin/sh -c "sleep 1.2; exit 7"
autorestart=false
essential=true
[program:cat]
command=/bin/cat
""").start()
    assert run.process.wait(20) == 7
    assert "essential program job is EXITED: the server ends with exit status 7" in run.log()
    assert "stopped: cat" in run.log()


def test_an_essential_program_that_cannot_start_ends_the_server(supervisord_run):
    run = supervisord_run(OURS, "[program:job]\ncommand=/no/such\nstartretries=0\nessential=true\n")
    run.answers = lambda: True
    assert run.start().process.wait(20) == 1


def test_variables_come_from_a_file_that_is_read_at_each_start(supervisord_run):
    run = supervisord_run(OURS, """
[program:x]
command=/bin/sh -c "echo $A $B; exec sleep 1000"
env_file=%(here)s/x.env
environment=B="mine"
stdout_logfile=%(here)s/x.log
startsecs=0
autostart=false
""").start()
    assert "No such file" in run.ctl("start", "x").stdout + run.rpc.getProcessInfo("x")["spawnerr"]
    run.rpc.stopProcess("x")
    for value in ("one", "two"):
        (run.folder / "x.env").write_text(f"A={value}\nB=theirs\n")
        run.rpc.startProcess("x")
        eventually(lambda: f"{value} mine\n" in (run.folder / "x.log").read_text())
        run.rpc.stopProcess("x")


NUMBERED = """
[program:n]
command=/bin/sh -c "echo $$ >> %(here)s/%(process_num)d.pids; exec sleep {seconds}"
process_name=n%(process_num)d
numprocs={numprocs}
startsecs=0
{more}
"""


def pids_of(run):
    return {info["name"]: info["pid"] for info in run.rpc.getAllProcessInfo()}


def test_another_numprocs_leaves_the_running_ones_alone(supervisord_run):
    run = supervisord_run(OURS, NUMBERED.format(seconds=1000, numprocs=2, more="")).start()
    run.reaches("n:n1", "RUNNING")
    before = pids_of(run)
    run.configure(NUMBERED.format(seconds=1000, numprocs=4, more=""))
    assert run.our_ctl("reread").stdout == "n: changed\n  n2: new\n  n3: new\n"
    assert run.our_ctl("update").stdout == "n:n2: added\nn:n3: added\nn: updated process group\n"
    run.reaches("n:n3", "RUNNING")
    after = pids_of(run)
    assert {name: after[name] for name in before} == before and len(after) == 4
    run.configure(NUMBERED.format(seconds=1000, numprocs=1, more=""))
    assert run.our_ctl("update").stdout.splitlines()[-1] == "n: updated process group"
    assert pids_of(run) == {"n0": before["n0"]}
    assert run.our_ctl("update").stdout == ""
    # The log says so too, for who uses supervisorctl.
    assert "reread: n has changed: n2: new; n3: new" in run.log()


def test_a_rolling_update_stops_at_the_first_that_does_not_come_back(supervisord_run):
    rolling = "rolling_restart=true\nhealth_command=/bin/sh -c 'test ! -e %(here)s/sick'\nhealth_start=0\nhealth_retries=1"
    run = supervisord_run(OURS, NUMBERED.format(seconds=1000, numprocs=3, more=rolling)).start()
    eventually(lambda: run.log().count("ready: n") == 3)
    before = pids_of(run)
    run.configure(NUMBERED.format(seconds=1001, numprocs=3, more=rolling))
    assert "n0: command: " in run.our_ctl("reread").stdout
    assert run.our_ctl("update").stdout == "".join(f"n:n{i}: restarted\n" for i in range(3)) + "n: updated process group\n"
    after = pids_of(run)
    assert not set(before.values()) & set(after.values())
    lines = [line.split()[2] for line in run.log_lines() if line.startswith(("INFO ready: ", "WARN stopped: "))][3:]
    assert lines == ["n0", "n0", "n1", "n1", "n2", "n2"], "each is ready before the next one stops"
    (run.folder / "sick").touch()
    run.configure(NUMBERED.format(seconds=1002, numprocs=3, more=rolling))
    done = run.our_ctl("update")
    assert "n:n0: ERROR (abnormal termination)" in done.stdout and done.returncode == 1
    assert done.stdout.count("left as it is: n0 did not come back") == 2
    (run.folder / "sick").unlink()
    assert "n1: command: " in run.our_ctl("reread").stdout, "what was left is still to be changed"


def test_reload_sends_the_signal_or_restarts_one_after_the_other(supervisord_run):
    run = supervisord_run(OURS, """
[program:sig]
command=/bin/sh -c "trap 'echo reloaded >> %(here)s/sig' HUP; echo > %(here)s/trapped; while :; do sleep 0.05; done"
reload_signal=HUP
startsecs=0
""" + NUMBERED.format(seconds=1000, numprocs=2, more="rolling_restart=true")).start()
    run.reaches("sig", "RUNNING")
    eventually(lambda: (run.folder / "trapped").exists())
    before = pids_of(run)
    eventually(lambda: run.our_ctl("reload", "sig").stdout == "sig: reloaded\n" and (run.folder / "sig").exists())
    assert pids_of(run) == before
    assert run.our_ctl("reload", "n:*").stdout == "n:n0: reloaded\nn:n1: reloaded\n"
    assert not {before["n0"], before["n1"]} & set(pids_of(run).values())
    assert run.our_ctl("reload", "nosuch").stdout == "nosuch: ERROR (no such process)\n"
    run.rpc.stopProcess("sig")
    assert "not running" in run.our_ctl("reload", "sig").stdout

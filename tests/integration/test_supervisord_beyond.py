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

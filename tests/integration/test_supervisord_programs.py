"""What programs see and leave behind under our supervisord, and what the real one makes of the same."""

import os
import signal
import socket
import subprocess
import sys
import textwrap

import pytest
from processes import alive, living_children_of, zombies_below
from server_process import BINARY
from supervisord_peers import OURS, REAL
from waiting import eventually

BOTH = pytest.mark.parametrize("program", [REAL, OURS])


@BOTH
def test_a_program_has_user_folder_umask_and_environment(supervisord_run, program):
    run = supervisord_run(program, """
[program:x]
command=/bin/sh -c "id -un; pwd; umask; env | sort | grep -E '^(A|B|C|D|SUPERVISOR_.*)='; exec sleep 1000"
user=nobody
directory=/usr
umask=027
environment=A="one, two",B='%(program_name)s',C="%(ENV_D)s-x"
stdout_logfile=%(here)s/x.log
""", supervisord='environment=D="from the server"')
    run.folder.chmod(0o755)
    run.start().reaches("x", "RUNNING")
    lines = eventually(lambda: (t := (run.folder / "x.log").read_text()).count("\n") >= 11 and t.splitlines())
    assert lines[:3] == ["nobody", "/usr", "0027"]
    assert lines[3:] == ["A=one, two", "B=x", "C=from the server-x", "D=from the server", "SUPERVISOR_ENABLED=1",
                         "SUPERVISOR_GROUP_NAME=x", "SUPERVISOR_PROCESS_NAME=x",
                         f"SUPERVISOR_SERVER_URL=unix://{run.folder}/s.sock"]


@BOTH
def test_groups_start_by_priority_and_stop_in_reverse(supervisord_run, program):
    run = supervisord_run(program, "".join(
        f"[program:p{n}]\ncommand=/bin/cat\npriority={n}\nstartsecs=0\n" for n in (30, 10, 20))).start()
    for name in ("p10", "p20", "p30"):
        run.reaches(name, "RUNNING")
    assert run.end() == 0
    words = [line.split()[2] for line in run.log_lines() if "spawned: " in line]
    stopped = [line.split()[2] for line in run.log_lines() if "stopped: " in line]
    assert words == ["'p10'", "'p20'", "'p30'"] and stopped == ["p30", "p20", "p10"]


@BOTH
def test_stopasgroup_reaches_the_children_too(supervisord_run, program):
    run = supervisord_run(program, """
[program:tree]
command=/bin/sh -c "sleep 1000 & echo $!; wait"
stopasgroup=true
stdout_logfile=%(here)s/tree.log
startsecs=0
""").start()
    run.reaches("tree", "RUNNING")
    child = int(eventually(lambda: (run.folder / "tree.log").read_text().strip()))
    assert alive(child)
    run.rpc.stopProcess("tree")
    eventually(lambda: not alive(child))


LISTENER = """
import sys
while True:
    sys.stdout.write("READY\\n"); sys.stdout.flush()
    head = sys.stdin.readline()
    if not head:
        break
    fields = dict(pair.split(":") for pair in head.split())
    payload = sys.stdin.read(int(fields["len"]))
    sys.stderr.write(repr((fields["eventname"], fields["serial"], fields["pool"], fields["poolserial"], fields["server"],
                           fields["ver"], payload)) + "\\n"); sys.stderr.flush()
    answer = "FAIL" if payload.endswith("refuse me") and fields["poolserial"] not in seen else "OK"
    seen.add(fields["poolserial"])
    sys.stdout.write("RESULT %d\\n%s" % (len(answer), answer)); sys.stdout.flush()
""".replace("while True", "seen = set()\nwhile True", 1)


@BOTH
def test_a_listener_is_told_of_everything(supervisord_run, program, tmp_path):
    script = tmp_path / "listener.py"
    script.write_text(LISTENER)
    run = supervisord_run(program, f"""
[eventlistener:ear]
command={sys.executable} {script}
events=PROCESS_STATE,REMOTE_COMMUNICATION,PROCESS_COMMUNICATION,PROCESS_LOG,PROCESS_GROUP
stderr_logfile=%(here)s/ear.log
startsecs=0
[program:talk]
command=/bin/sh -c "printf 'a<!--XSUPERVISOR:BEGIN-->message<!--XSUPERVISOR:END-->b, which goes on for a while after it'; exec sleep 1000"
autostart=false
startsecs=0
stdout_capture_maxbytes=1KB
stdout_logfile=%(here)s/talk.log
[program:say]
command=/bin/sh -c "printf hello; sleep 1.2; exit 3"
autostart=false
autorestart=false
stdout_events_enabled=true
""").start()
    run.reaches("ear", "RUNNING")
    log = run.folder / "ear.log"

    def events():
        return [eval(line) for line in log.read_text().splitlines()]  # noqa: S307: what our own script wrote

    def told(*parts):
        return eventually(lambda: next((e for e in events() if all(p in repr(e) for p in parts)), None), 15, f"told {parts}")

    run.rpc.startProcess("talk")
    pid = run.rpc.getProcessInfo("talk")["pid"]
    assert told("STATE_STARTING", "talk")[6] == "processname:talk groupname:talk from_state:STOPPED tries:0"
    assert told("STATE_RUNNING", "talk")[6] == f"processname:talk groupname:talk from_state:STARTING pid:{pid}"
    assert told("COMMUNICATION_STDOUT")[6] == f"processname:talk groupname:talk pid:{pid}\nmessage"
    eventually(lambda: (run.folder / "talk.log").read_text() == "ab, which goes on for a while after it")
    run.rpc.startProcess("say")
    pid = run.rpc.getProcessInfo("say")["pid"]
    assert told("LOG_STDOUT")[6] == f"processname:say groupname:say pid:{pid} channel:stdout\nhello"
    assert told("STATE_EXITED")[6] == f"processname:say groupname:say from_state:RUNNING expected:0 pid:{pid}"
    run.rpc.sendRemoteCommEvent("kind", "please refuse me")
    eventually(lambda: sum("refuse me" in e[6] for e in events()) == 2)
    assert told("REMOTE")[6] == "type:kind\nplease refuse me"
    run.rpc.stopProcess("talk")
    assert told("STATE_STOPPED", "talk")
    run.rpc.removeProcessGroup("talk")
    assert told("GROUP_REMOVED")[6] == "groupname:talk\n"
    assert all(e[2] == "ear" and e[4] == "test" and e[5] == "3.0" for e in events())
    serials = [int(e[3]) for e in events() if "refuse me" not in e[6]]
    assert serials == sorted(serials)


@BOTH
def test_an_fcgi_program_has_the_socket_as_standard_input(supervisord_run, program, tmp_path):
    script = tmp_path / "app.py"
    script.write_text(textwrap.dedent("""
        import os, socket
        s = socket.socket(fileno=0)
        while True:
            c, _ = s.accept(); c.sendall(b"%d" % os.getpid()); c.close()
        """))
    run = supervisord_run(program, f"""
[fcgi-program:app]
command={sys.executable} {script}
socket=unix://%(here)s/app.sock
process_name=app%(process_num)d
numprocs=2
startsecs=0
""").start()
    run.reaches("app:app0", "RUNNING")
    run.reaches("app:app1", "RUNNING")
    pids = {i["pid"] for i in run.rpc.getAllProcessInfo()}
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(run.folder / "app.sock"))
        assert int(client.recv(100)) in pids


@BOTH
def test_the_seed_of_a_container_writes_to_its_standard_output(supervisord_run, program):
    run = supervisord_run(program, """
[program:web]
command=/bin/sh -c "echo out; echo err >&2; exec sleep 1000"
stdout_logfile=/dev/stdout
stdout_logfile_maxbytes=0
stderr_logfile=/dev/stderr
stderr_logfile_maxbytes=0
""", supervisord="nodaemon=true").start()
    eventually(lambda: "\nout\n" in run.output() and "\nerr\n" in run.output())


def test_usr2_reopens_logs_and_hup_restarts(supervisord_run):
    run = supervisord_run(OURS, "[program:cat]\ncommand=/bin/cat\nstdout_logfile=%(here)s/cat.log\nstartsecs=0\n").start()
    run.reaches("cat", "RUNNING")
    for name in ("cat.log", "supervisord.log"):
        (run.folder / name).rename(run.folder / f"{name}.old")
    run.send(signal.SIGUSR2)
    eventually(lambda: (run.folder / "cat.log").exists() and "logreopen" in (run.folder / "supervisord.log.old").read_text())
    run.rpc.sendProcessStdin("cat", "new\n")
    eventually(lambda: (run.folder / "cat.log").read_text() == "new\n")
    first = run.rpc.getProcessInfo("cat")["pid"]
    run.send(signal.SIGHUP)
    eventually(lambda: run.answers() and run.rpc.getProcessInfo("cat")["pid"] not in (0, first), 15)
    # A file that cannot be read restarts nothing.
    pid = run.rpc.getProcessInfo("cat")["pid"]
    run.configure("[program:cat]\ncommand=/bin/cat\nstartsecs=many\n")
    run.send(signal.SIGHUP)
    eventually(lambda: "not restarted: " in run.log())
    assert run.rpc.getProcessInfo("cat")["pid"] == pid


def test_nobody_is_left_when_the_server_is_killed(supervisord_run):
    run = supervisord_run(OURS, """
[program:tree]
command=/bin/sh -c "sleep 1000 & echo $!; wait"
stdout_logfile=%(here)s/tree.log
numprocs=3
process_name=t%(process_num)d
startsecs=0
""").start()
    for n in range(3):
        run.reaches(f"tree:t{n}", "RUNNING")
    eventually(lambda: (run.folder / "tree.log").read_text().count("\n") == 3)
    pids = [int(line) for line in (run.folder / "tree.log").read_text().split()]
    pids += [i["pid"] for i in run.rpc.getAllProcessInfo()]
    run.process.kill()
    run.process.wait()
    eventually(lambda: not any(alive(pid) for pid in pids))


def test_killed_programs_start_again_and_orphans_are_reaped(supervisord_run):
    run = supervisord_run(OURS, """
[program:p]
command=/bin/sh -c "(sleep 0.2 &) && exec sleep 1000"
process_name=p%(process_num)d
numprocs=10
autorestart=true
startsecs=0
""").start()
    for _ in range(10):
        eventually(lambda: all(i["statename"] == "RUNNING" for i in run.rpc.getAllProcessInfo()))
        before = [i["pid"] for i in run.rpc.getAllProcessInfo()]
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: not {0, *before} & {i["pid"] for i in run.rpc.getAllProcessInfo()})
    eventually(lambda: not zombies_below(run.process.pid))
    eventually(lambda: len(living_children_of(run.process.pid)) == 11)  # And the keeper.


def test_without_n_it_becomes_a_daemon(supervisord_run):
    run = supervisord_run(OURS, "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
    done = subprocess.run([str(BINARY), "supervisord", "-c", str(run.config)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    eventually(lambda: (run.folder / "s.sock").exists() and run.ctl("status", "cat").returncode == 0, 15)
    pid = int((run.folder / "supervisord.pid").read_text())
    assert run.ctl("shutdown").stdout == "Shut down\n"
    eventually(lambda: not alive(pid), 15)


def test_a_flood_is_stored_without_loss(supervisord_run):
    count = 200_000
    run = supervisord_run(OURS, f"""
[program:flood]
command={sys.executable} -c "import sys; [sys.stdout.write('line %%09d %%s\\n' %% (i, 'x' * 80)) for i in range({count})]"
stdout_logfile=%(here)s/flood.log
stdout_logfile_maxbytes=2MB
stdout_logfile_backups=20
startsecs=0
""").start()
    run.reaches("flood", "EXITED", 30)
    paths = sorted(run.folder.glob("flood.log*"), key=lambda p: -int(p.suffix[1:]) if p.suffix != ".log" else 0)
    assert len(paths) > 5
    lines = "".join(path.read_text() for path in paths).splitlines()
    assert [int(line.split()[1]) for line in lines] == list(range(count))

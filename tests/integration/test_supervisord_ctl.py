"""The real supervisorctl drives our supervisord without noticing."""

import os
import re
import signal
import subprocess

import pytest
from server_process import BINARY
from supervisord_peers import OURS, SCRIPTS
from waiting import SLOWNESS, eventually

TWO = """
[program:cat]
command=/bin/cat
stdout_logfile=%(here)s/cat.log
startsecs=0
[program:echo]
command=/bin/sh -c 'echo hello from $SUPERVISOR_PROCESS_NAME; echo oops >&2; exec sleep 1000'
stdout_logfile=%(here)s/echo.log
stderr_logfile=%(here)s/echo.err
startsecs=0
"""


@pytest.fixture
def run(supervisord_run):
    made = supervisord_run(OURS, TWO).start()
    made.reaches("cat", "RUNNING")
    made.reaches("echo", "RUNNING")
    return made


def test_status_start_stop_restart_pid_signal(run):
    status = run.ctl("status").stdout.splitlines()
    assert [line.split()[:2] for line in status] == [["cat", "RUNNING"], ["echo", "RUNNING"]]
    assert "uptime 0:00:" in status[0]
    assert run.ctl("stop", "cat").stdout == "cat: stopped\n"
    assert run.ctl("status", "cat").returncode == 3
    assert run.ctl("stop", "cat").stdout == "cat: ERROR (not running)\n"
    assert run.ctl("start", "cat").stdout == "cat: started\n"
    assert run.ctl("start", "cat").stdout == "cat: ERROR (already started)\n"
    assert run.ctl("start", "nosuch").stdout == "nosuch: ERROR (no such process)\n"
    assert run.ctl("restart", "cat").stdout == "cat: stopped\ncat: started\n"
    assert int(run.ctl("pid").stdout) == run.process.pid
    assert int(run.ctl("pid", "cat").stdout) == run.rpc.getProcessInfo("cat")["pid"]
    assert run.ctl("signal", "HUP", "cat").stdout == "cat: signalled\n"
    assert run.ctl("restart", "all").stdout.count("started") == 2
    assert run.ctl("version").stdout == "4.3.0\n"
    assert run.ctl("avail").stdout.split()[:4] == ["cat", "in", "use", "auto"]


def test_tail_and_clear(run):
    eventually(lambda: "hello" in run.ctl("tail", "echo").stdout)
    assert run.ctl("tail", "echo").stdout == "hello from echo\n\n"
    assert run.ctl("tail", "echo", "stderr").stdout == "oops\n\n"
    assert "supervisord started" in run.ctl("maintail").stdout
    assert run.ctl("clear", "echo").stdout == "echo: cleared\n"
    assert run.ctl("tail", "echo").stdout == "\n"


@pytest.mark.parametrize("what", [("tail", "-f", "cat"), ("maintail", "-f")])
def test_a_followed_log_shows_what_comes(run, what):
    follower = subprocess.Popen([str(SCRIPTS / "supervisorctl"), "-c", str(run.config), *what], stdout=subprocess.PIPE,
                                stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        os.set_blocking(follower.stdout.fileno(), False)
        seen = b""

        def shows(text):
            nonlocal seen
            seen += follower.stdout.read() or b""
            return text in seen

        eventually(lambda: shows(b"Press Ctrl-C"), 15)
        for number in range(3):
            if what[0] == "tail":
                run.rpc.sendProcessStdin("cat", f"line {number}\n")
                eventually(lambda: shows(f"line {number}\n".encode()), 15)
        if what[0] == "maintail":
            run.rpc.stopProcess("cat")
            eventually(lambda: shows(b"stopped: cat"), 15)
    finally:
        follower.send_signal(signal.SIGINT)
        follower.wait(15 * SLOWNESS)


@pytest.mark.parametrize("command", [[str(SCRIPTS / "supervisorctl")], [str(BINARY), "ctl"]], ids=["supervisorctl", "ours"])
def test_fg_shows_output_and_passes_input_on(run, command):
    foreground = subprocess.Popen([*command, "-c", str(run.config), "fg", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        os.set_blocking(foreground.stdout.fileno(), False)
        seen = b""

        def shows(text):
            nonlocal seen
            seen += foreground.stdout.read() or b""
            return text in seen

        eventually(lambda: shows(b"Press Ctrl-C"), 15)
        foreground.stdin.write(b"hello there\n")
        foreground.stdin.flush()
        eventually(lambda: shows(b"hello there\n"), 15)
        foreground.stdin.close()
        eventually(lambda: shows(b"Exiting foreground"), 15)
    finally:
        foreground.kill()
        foreground.wait(15)


def test_reread_update_add_remove(run):
    assert run.ctl("reread").stdout == "No config updates to processes\n"
    run.configure(TWO.replace("echo oops", "echo other") + "[program:more]\ncommand=/bin/cat\n")
    pid = run.rpc.getProcessInfo("cat")["pid"]
    assert sorted(run.ctl("reread").stdout.splitlines()) == ["echo: changed", "more: available"]
    updated = run.ctl("update").stdout
    assert "echo: stopped\necho: updated process group\n" in updated and "more: added process group\n" in updated
    assert run.rpc.getProcessInfo("cat")["pid"] == pid
    run.configure(TWO)
    assert "more: removed process group" in run.ctl("update").stdout
    assert run.ctl("remove", "cat").stdout == "ERROR: process/group still running: cat\n"
    run.ctl("stop", "cat")
    assert run.ctl("remove", "cat").stdout == "cat: removed process group\n"
    assert run.ctl("add", "cat").stdout == "cat: added process group\n"
    run.configure("[program:x]\ncommand=x\nnumprocs=many\n")
    broken = run.ctl("reread").stdout
    assert "CANT_REREAD" in broken and "supervisord.conf:" in broken and "numprocs" in broken


def test_reload_starts_everything_anew_and_shutdown_ends_it(run):
    pids = [info["pid"] for info in run.rpc.getAllProcessInfo()]
    assert "Restarted supervisord" in run.ctl("reload").stdout
    eventually(lambda: run.answers() and not set(pids) & {i["pid"] for i in run.rpc.getAllProcessInfo()}, 15)
    run.reaches("cat", "RUNNING")
    assert run.ctl("shutdown").stdout == "Shut down\n"
    assert run.process.wait(15) == 0
    assert not (run.folder / "supervisord.pid").exists() and not (run.folder / "s.sock").exists()


def test_a_password_is_asked_for(supervisord_run):
    sha = "{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d"
    run = supervisord_run(OURS, TWO, http=f"username=user\npassword={sha}", ctl="username=user\npassword=wrong")
    run.answers = lambda: (run.folder / "s.sock").exists()
    run.start()
    assert "requires authentication" in run.ctl("status").stdout.lower() or run.ctl("status").returncode != 0
    run.config.write_text(run.config.read_text().replace("password=wrong", "password=thepassword"))
    assert run.ctl("status", "cat").stdout.split()[:1] == ["cat"]


def test_our_ctl_says_what_supervisorctl_says(run):
    for words in (["status"], ["status", "cat"], ["status", "nosuch"], ["stop", "cat"], ["status"], ["stop", "cat"],
                  ["start", "cat"], ["start", "nosuch"], ["start", "nosuch:*"], ["restart", "cat"], ["avail"], ["version"],
                  ["signal", "CONT", "cat"], ["signal", "NO", "cat"], ["pid"], ["pid", "cat"], ["pid", "nosuch"],
                  ["reread"], ["update"], ["add", "cat"], ["add", "nosuch"], ["remove", "cat"], ["remove", "nosuch"],
                  ["clear", "cat"], ["clear", "nosuch"], ["tail", "nosuch"], ["stop", "all"], ["start", "all"]):
        if words[0] in ("stop", "start", "restart"):
            before = [run.state("cat"), run.state("echo")]
            real = run.ctl(*words)
            for name, state in zip(("cat", "echo"), before):
                if (run.state(name) == "RUNNING") != (state == "RUNNING"):
                    run.rpc.startProcess(name) if state == "RUNNING" else run.rpc.stopProcess(name)
        else:
            real = run.ctl(*words)
        ours = run.our_ctl(*words)
        assert sorted(_steady(ours.stdout)) == sorted(_steady(real.stdout)), words
        assert ours.returncode == real.returncode, (words, ours.stdout)


def _steady(text):
    return [re.sub(r"pid \d+|uptime [\d:]+|\d\d:\d\d [AP]M", "X", line) for line in text.splitlines()]


def test_our_ctl_updates_follows_and_says_who_does_not_answer(run):
    run.configure(TWO.replace("startsecs=0", "startsecs=0\npriority=7", 1) + "[program:more]\ncommand=/bin/cat\n")
    assert run.our_ctl("reread").stdout == "cat: changed\n  priority: 999 -> 7\nmore: available\n"
    # Of a group of which more than its processes changes nothing is kept, as with supervisorctl.
    assert run.our_ctl("update").stdout == "cat: stopped\ncat: updated process group\nmore: added process group\n"
    eventually(lambda: run.our_ctl("tail", "echo").stdout == "hello from echo\n")
    follower = subprocess.Popen([str(BINARY), "ctl", "-c", str(run.config), "tail", "-f", "cat"], stdout=subprocess.PIPE)
    try:
        assert follower.stdout.readline() == b"==> Press Ctrl-C to exit <==\n"
        run.reaches("cat", "RUNNING")
        run.rpc.sendProcessStdin("cat", "a line\n")
        assert follower.stdout.readline() == b"a line\n"
    finally:
        follower.kill()
        follower.wait(10)
    assert run.our_ctl("shutdown").stdout == "Shut down\n"
    assert run.process.wait(15) == 0
    gone = run.our_ctl("status")
    assert gone.returncode == 1 and "s.sock no such file" in gone.stdout

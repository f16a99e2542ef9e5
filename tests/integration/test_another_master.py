"""USR2: another master beside this one, with the same sockets, in the real Gunicorn and in ours; and how either ends."""

import os
import pathlib
import signal
import sys
import threading

import pytest

import processes
from gunicorn_peers import OURS
from raw_client import RawClient
from server_process import APPS
from waiting import eventually

WHO = """
import os

def app(environ, start_response):
    start_response("200 OK", [])
    return [str(os.getppid() if environ["PATH_INFO"] == "/master" else os.getpid()).encode()]
"""
# By its script: that is what it executes again.
REAL = [str(pathlib.Path(sys.executable).parent / "gunicorn"), "--no-control-socket"]
PROGRAMS = pytest.mark.parametrize("program", [OURS, REAL], ids=["tierce", "gunicorn"])


def pid_in(path):
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def end(pid, number=signal.SIGTERM):
    os.kill(pid, number)
    eventually(lambda: not processes.alive(pid), 15, f"the end of {pid}")


@PROGRAMS
@pytest.mark.parametrize("bind", ["tcp", "unix"])
def test_a_new_master_takes_over(gunicorn_run, tmp_path, program, bind):
    path = tmp_path / "app.sock"
    pid_file = tmp_path / "master.pid"
    run = gunicorn_run(program, "--pid", str(pid_file), app=WHO, bind=f"unix:{path}" if bind == "unix" else None,
                       conf=tracing("pre_exec", "server"))
    run.wait_ready()
    address = str(path) if bind == "unix" else ("127.0.0.1", run.port)
    failures, answers, stop = [], set(), threading.Event()

    def load():
        while not stop.is_set():
            try:
                with RawClient(address) as client:
                    answers.add(client.request().response().body)
            except Exception as error:  # noqa: BLE001
                failures.append(error)
    old = pid_in(pid_file)
    assert old == run.process.pid
    thread = threading.Thread(target=load)
    thread.start()
    try:
        run.process.send_signal(signal.SIGUSR2)
        new = eventually(lambda: pid_in(tmp_path / "master.pid.2"), 10, "the new one's pid file")
        assert new != old and pid_in(pid_file) == old
        eventually(lambda: len(answers) >= 2, 10, "answers of two workers")
        run.wait("pre_exec")
        run.process.terminate()
        assert run.process.wait(15) == 0
        eventually(lambda: pid_in(pid_file) == new, 10, "the name of the pid file")
        assert not (tmp_path / "master.pid.2").exists()
        before = len(answers)
        assert before >= 2
        with RawClient(address) as client:
            assert client.request().response().status == 200
    finally:
        stop.set()
        thread.join()
        for path_of_pid in (tmp_path / "master.pid.2", pid_file):
            if (left := pid_in(path_of_pid)) and processes.alive(left):
                end(left)
    if program is OURS:
        assert not failures, failures[:3]
    assert not path.exists() and not pid_file.exists()


def tracing(name, argument):
    return (f"import os\ndef {name}({argument}):\n    with open(os.environ['TRACE'], 'a') as out: out.write('{name}\\n')\n")


@PROGRAMS
def test_a_new_master_that_ends_leaves_the_old_one_serving(gunicorn_run, tmp_path, program):
    pid_file, path = tmp_path / "master.pid", tmp_path / "app.sock"
    run = gunicorn_run(program, "--pid", str(pid_file), app=WHO, bind=f"unix:{path}")
    run.wait_ready()
    run.process.send_signal(signal.SIGUSR2)
    new = eventually(lambda: pid_in(tmp_path / "master.pid.2"), 10, "the new one's pid file")
    eventually(lambda: run.log().count("Booting worker") == 2, 10, "its worker")
    end(new)
    with RawClient(str(path)) as client:
        assert client.request().response().status == 200
    assert pid_in(pid_file) == run.process.pid
    assert run.stop() == 0
    # The real one leaves it when the end of the new one has not reached it yet.
    assert program is REAL or not path.exists()


def test_there_are_two_at_the_most(gunicorn_run, tmp_path):
    run = gunicorn_run(OURS, "--pid", str(tmp_path / "pid"), app=WHO)
    run.wait_ready()
    run.process.send_signal(signal.SIGUSR2)
    new = eventually(lambda: pid_in(tmp_path / "pid.2"), 10)
    eventually(lambda: run.log().count("Booting worker") == 2, 10)
    run.process.send_signal(signal.SIGUSR2)
    eventually(lambda: f"USR2 is ignored: the new one (pid: {new}) is there already" in run.log(), 5)
    os.kill(new, signal.SIGUSR2)
    eventually(lambda: "USR2 is ignored: the one before this is still there" in run.log(), 5)
    end(new)
    eventually(lambda: f"The new master (pid: {new}) exited with status 0: this one goes on" in run.log(), 5)
    assert run.stop() == 0


def test_code_that_cannot_be_imported_ends_the_new_one_alone(gunicorn_run, tmp_path):
    run = gunicorn_run(OURS, app=WHO)
    run.wait_ready()
    assert run.get() == 200  # Each worker imports it.
    (run.directory / "traced.py").write_text("raise RuntimeError('not yet')\n")
    run.process.send_signal(signal.SIGUSR2)
    eventually(lambda: "exited with status 3: this one goes on" in run.log(), 10)
    assert run.get() == 200
    assert run.stop() == 0


def test_a_daemon_is_followed_by_a_daemon(gunicorn_run, tmp_path):
    pid_file, log = tmp_path / "pid", tmp_path / "log"
    run = gunicorn_run(OURS, "-D", "--pid", str(pid_file), "--error-logfile", str(log), app=WHO)
    assert run.process.wait(15) == 0
    old = eventually(lambda: pid_in(pid_file), 10)
    try:
        eventually(lambda: "Booting worker" in log.read_text(), 10)
        os.kill(old, signal.SIGUSR2)
        new = eventually(lambda: pid_in(tmp_path / "pid.2"), 10)
        eventually(lambda: log.read_text().count("Booting worker") == 2, 10)
        end(old)
        eventually(lambda: pid_in(pid_file) == new, 10)
        assert run.get() == 200
    finally:
        for path in (tmp_path / "pid.2", pid_file):
            if (left := pid_in(path)) and processes.alive(left):
                end(left)


def test_tierce_run_too(server, tmp_path):
    server.start("hello:app", args=["--pid", tmp_path / "pid"], chdir=APPS)
    server.workers(1)
    server.signal(signal.SIGUSR2)
    new = eventually(lambda: pid_in(tmp_path / "pid.2"), 10)
    server.workers(2)
    server.signal(signal.SIGTERM)
    assert server.wait_exit() == 0
    assert server.get("/").status == 200
    end(new)
    server.assert_nothing_left()

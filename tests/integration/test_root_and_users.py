"""A server of root whose application is somebody else's: what that user may write and say has root do nothing to others."""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

import pytest

from gate import Background
from other_users import python_for_everybody
from server_process import BINARY
from waiting import eventually

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")

NOBODY = pwd.getpwnam("nobody").pw_uid


@pytest.fixture
def folder():
    """A directory of the user: pytest's own are closed to others."""
    if subprocess.run(["test", "-x", BINARY], user="nobody").returncode != 0:
        pytest.skip("nobody may not run the server")
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        directory.chmod(0o755)
        shutil.chown(directory, "nobody")
        yield directory


@pytest.fixture
def home(folder):
    return python_for_everybody(folder)


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text("root's\n")
    path.chmod(0o600)
    yield path
    assert path.read_text() == "root's\n"
    assert (path.stat().st_uid, path.stat().st_mode & 0o777) == (0, 0o600)


@pytest.fixture
def victim():
    with subprocess.Popen(["sleep", "1000"]) as process:
        yield process
        process.kill()


def link_of_user(path, target):
    path.symlink_to(target)
    os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


# --- numbers of processes ---------------------------------------------------------------------------------------------

# What the C++ side says: gateway/control.h.
SAYS = """
import os, socket, stat, struct, threading, time

def say(kind, number, pid):
    message = struct.pack("=IIiiII??xxIIIQIII512s4x", kind, number, pid, *[0] * 3, False, False, *[0] * 7, b"")
    assert len(message) == 576
    for name in os.listdir("/proc/self/fd"):
        try:
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            with socket.socket(fileno=os.dup(int(name))) as channel:
                if channel.family == socket.AF_UNIX and channel.type == socket.SOCK_SEQPACKET:
                    channel.send(message)
        except OSError:
            pass

def app(environ, start_response):
    if environ["PATH_INFO"] == "/hang":
        time.sleep(1000)
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]
"""

ZYGOTE_LIES = """
def lie():
    while True:
        say(103, 1, %d)
        time.sleep(0.05)
threading.Thread(target=lie, daemon=True).start()
"""

WORKER_LIES = "say(301, 0, %d)\n"


@pytest.mark.parametrize("lie, args, remark", [(ZYGOTE_LIES, [], "not believed"), (WORKER_LIES, ["--lazy-apps"], "504")],
                         ids=["zygote", "worker"])
def test_a_worker_has_its_own_number_whatever_is_said(server, folder, home, victim, lie, args, remark):
    (folder / "lies.py").write_text(SAYS + lie % victim.pid)
    server.start("lies:app", chdir=folder, python=home / "bin" / "python",
                 args=["--user", "nobody", "--timeout", "1", "--graceful-timeout", "2", *args])
    eventually(lambda: server.get().status == 200, 10)
    hanging = int(server.get().text)
    assert hanging != victim.pid and os.stat(f"/proc/{hanging}").st_uid == NOBODY
    if lie == ZYGOTE_LIES:
        server.wait_log(remark)
    assert Background(server.get, "/hang").result().status == 504
    eventually(lambda: not os.path.exists(f"/proc/{hanging}"), 10, "the worker that hangs is killed")
    assert victim.poll() is None
    assert int(server.get().text) != hanging


# --- files ------------------------------------------------------------------------------------------------------------

def test_a_link_of_the_user_is_no_log_to_reopen(server, folder, home, secret):
    log, moved = folder / "app.log", folder / "app.log.1"
    server.err_path = log
    server.start(python=home / "bin" / "python", args=["--user", "nobody", "--error-logfile", log])
    assert server.get().status == 200  # Everybody has the log.
    log.rename(moved)
    link_of_user(log, secret)
    server.err_path = moved
    server.signal(signal.SIGUSR1)
    server.wait_log(rf"opening {log}: it is a link of user nobody \({NOBODY}\), which root does not follow")
    assert server.get().status == 200


@pytest.mark.parametrize("lines", [[], ["log-truncate = true"], ["logfile-chmod = 666", "logfile-chown = true"]],
                         ids=["plain", "truncate", "mode"])
def test_a_link_of_the_user_is_no_log_to_start_with(server, folder, home, secret, lines):
    link_of_user(folder / "app.log", secret)
    ini = server.directory / "app.ini"
    ini.write_text("\n".join(["[uwsgi]", "http-socket = 127.0.0.1:0", "module = hello:app", f"home = {home}", "uid = nobody",
                              f"logto = {folder}/app.log", *lines, ""]))
    server.spawn([str(BINARY), "uwsgi", "--ini", str(ini)])
    assert server.wait_exit() == 1
    assert f"{folder}/app.log: it is a link of user nobody" in server.log()


def test_a_link_of_root_is_a_log(server, folder, home):
    log = folder / "app.log"
    log.symlink_to("/dev/stderr")
    server.err_path.touch()
    server.err_path.chmod(0o666)  # The edge opens it as the user.
    server.start(python=home / "bin" / "python", args=["--user", "nobody", "--error-logfile", log])
    server.signal(signal.SIGUSR1)
    server.wait_log("Logs reopened")


def test_links_where_the_pid_file_is_made_are_left_alone(server, folder, home, secret):
    path = folder / "app.pid"
    script = f"ln -s {secret} {path}.$$; chown -h nobody {path}.$$; exec \"$@\""
    server.spawn(server.command("hello:app", python=home / "bin" / "python", args=["--user", "nobody", "--pid", path]),
                 wrapper=["sh", "-c", script, "sh"])
    server.wait_listening()
    assert int(path.read_text()) == server.pid
    assert path.stat().st_mode & 0o777 == 0o644
    assert not path.is_symlink()
    server.stop()
    assert not path.exists()


# --- daemons ----------------------------------------------------------------------------------------------------------

def start_with_daemon(server, folder, home, pid):
    touched = folder / "touched"
    touched.write_text("")
    ini = server.directory / "app.ini"
    ini.write_text("\n".join([
        "[uwsgi]", "http-socket = 127.0.0.1:0", "module = hello:app", f"home = {home}", "uid = nobody",
        f"pythonpath = {pathlib.Path(__file__).parents[1] / 'apps'}",
        f"attach-daemon2 = cmd=echo {pid} > {folder}/daemon.pid,pidfile={folder}/daemon.pid,touch={touched},notifypid=1", ""]))
    server.spawn([str(BINARY), "uwsgi", "--ini", str(ini)])
    server.wait_listening()
    return touched


def test_a_pid_file_of_the_user_names_nobody_elses_process(server, folder, home, victim):
    touched = start_with_daemon(server, folder, home, victim.pid)
    remark = rf"process {victim.pid} of {folder}/daemon.pid is user 0's, not user {NOBODY}'s: no signal is sent"
    eventually(lambda: os.utime(touched) or server.log_lines(remark), 10, remark)
    server.stop()
    assert victim.poll() is None


def test_a_pid_file_of_the_user_names_a_process_of_the_user(server, folder, home):
    with subprocess.Popen(["timeout", "60", "sleep", "1000"], user="nobody") as daemon:
        touched = start_with_daemon(server, folder, home, daemon.pid)
        eventually(lambda: os.utime(touched) or daemon.poll() is not None, 10, "the daemon is signalled")

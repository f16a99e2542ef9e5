"""Who and where the processes of `tierce uwsgi` are, what ps shows of them, what each may take, and what TERM means."""

import grp
import json
import os
import pwd
import re
import signal
import socket
import subprocess
import sys

import pytest

import processes
from gate import Background
from other_users import home_for_everybody
from server_process import APPS, BINARY
from waiting import eventually, stays

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users, roots and limits")


@pytest.fixture
def uwsgi(server):
    """uwsgi("option = value", ...) starts the server with these lines."""
    def start(*lines, app="mounted:told", ready=True, wrapper=()):
        ini = server.directory / "app.ini"
        ini.write_text("\n".join(["[uwsgi]", "http-socket = 127.0.0.1:0", f"chdir = {APPS}", f"module = {app}",
                                  "home = " + sys.prefix, *lines]) + "\n")
        server.spawn([str(BINARY), "uwsgi", "--ini", str(ini)], wrapper=wrapper)
        if ready:
            server.wait_listening()
            server.workers(2 if "processes = 2" in lines else 1)
        return server
    return start


def told(server):
    return json.loads(server.get("/").body)


def title(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as stream:
        return stream.read().rstrip(b"\0").decode()


# --- names for ps -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("lines, master, worker", [  # As the real one, 2.0.31, shows them.
    (["auto-procname = true"], "uWSGI master", "uWSGI worker 1"),
    (["auto-procname = true", "procname-prefix = XX", "procname-append = YY"], "XXuWSGI masterYY", "XXuWSGI worker 1YY"),
    (["procname-prefix-spaced = shop"], "shop uWSGI master", "shop uWSGI worker 1"),
    (["procname = shop"], "shop", "shop"),
    (["procname = shop", "procname-master = head", "procname-prefix = pp"], "pphead", "ppshop"),
    (["procname-master = head"], "head", "uWSGI worker 1"),
    (["procname-append = " + "y" * 300], "uWSGI master" + "y" * 300, "uWSGI worker 1" + "y" * 300),
])
def test_names(uwsgi, lines, master, worker):
    server = uwsgi(*lines, "env = KEPT=yes")
    assert title(server.pid) == master
    eventually(lambda: [title(pid) for pid in server.workers()] == [worker], 5, worker)
    assert told(server)["environ"]["KEPT"] == "yes"


def test_without_a_name_the_command_line_stays(uwsgi):
    assert title(uwsgi().pid).startswith(str(BINARY))


# --- pid files, daemons -----------------------------------------------------------------------------------------------

def test_pid_files(uwsgi, tmp_path):
    names = ["pidfile", "pidfile2", "safe-pidfile", "safe-pidfile2"]
    server = uwsgi(*(f"{name} = {tmp_path}/{name}" for name in names))
    assert {(tmp_path / name).read_text().strip() for name in names} == {str(server.pid)}
    server.stop()
    assert not any((tmp_path / name).exists() for name in names)


@pytest.fixture
def home():
    with home_for_everybody() as path:
        yield f"home = {path}"


@needs_root
def test_a_pid_file_of_the_user(uwsgi, home, tmp_path):
    uwsgi("uid = nobody", home, f"pidfile2 = {tmp_path}/pid")
    assert os.stat(tmp_path / "pid").st_uid == pwd.getpwnam("nobody").pw_uid


@pytest.fixture
def daemon(server, tmp_path):
    """daemon("option = value", ...) -> exit status of what was called, pid of the server or None."""
    started = []

    def start(*lines, app="mounted:told"):
        ini = tmp_path / "app.ini"
        ini.write_text("\n".join(["[uwsgi]", f"http-socket = {tmp_path}/http.sock", f"chdir = {APPS}", f"module = {app}",
                                  "home = " + sys.prefix, f"pidfile = {tmp_path}/pid", *lines]) + "\n")
        done = subprocess.run([str(BINARY), "uwsgi", "--ini", str(ini)], timeout=20, env=server.environment())
        if done.returncode != 0:
            return done.returncode, None
        pid = int(eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), 10))
        started.append(pid)
        return done.returncode, pid
    yield start
    for pid in started:
        os.kill(pid, signal.SIGTERM)
        eventually(lambda pid=pid: not processes.alive(pid), 10)


@pytest.mark.parametrize("option", ["daemonize", "daemonize2"])
def test_a_daemon(daemon, server, tmp_path, option):
    status, pid = daemon(f"{option} = {tmp_path}/log")
    assert status == 0
    assert os.getsid(pid) != os.getsid(0)
    eventually(lambda: "Booting worker" in (tmp_path / "log").read_text(), 10)
    assert server.request("GET", "/", address=str(tmp_path / "http.sock")).status == 200


def test_a_daemon_that_cannot_import_its_application_says_so_by_its_status(daemon, tmp_path):
    assert daemon(f"daemonize2 = {tmp_path}/log", app="fails_to_import:app") == (3, None)
    assert "cannot be imported" in (tmp_path / "log").read_text()


# --- users and roots --------------------------------------------------------------------------------------------------

@needs_root
def test_further_groups(uwsgi, home):
    more = grp.getgrnam("daemon").gr_gid
    assert more in told(uwsgi("uid = nobody", "gid = nogroup", "add-gid = daemon", home))["groups"]


@needs_root
def test_the_supervisor_becomes_the_user_at_once(uwsgi, home):
    server = uwsgi("immediate-gid = nogroup", "immediate-uid = nobody", home)
    nobody = pwd.getpwnam("nobody").pw_uid
    assert os.stat(f"/proc/{server.pid}").st_uid == nobody
    assert told(server)["uid"] == nobody


JAIL = """
set -e
jail=$1; shift
for dir in /usr /lib /lib64 /bin /dev /proc %s; do
  [ -e "$dir" ] || continue
  mkdir -p "$jail$dir"; mount --rbind "$dir" "$jail$dir"
done
mkdir -p "$jail/tmp"; touch "$jail/marker-of-the-jail"
exec "$@"
"""


@needs_root
def test_everything_happens_in_the_jail(uwsgi, tmp_path):
    needed = {str(APPS.parents[1]), sys.prefix, sys.base_prefix, str(BINARY.resolve().parent)}
    jail = tmp_path / "jail"
    jail.mkdir()
    script = JAIL % " ".join(sorted(path for path in needed if not path.startswith("/usr")))
    server = uwsgi(f"chroot = {jail}", wrapper=["unshare", "--mount", "sh", "-c", script, "sh", str(jail)])
    assert told(server)["marker"] is True


@needs_root
def test_a_jail_that_is_not_there(uwsgi, tmp_path):
    server = uwsgi(f"chroot = {tmp_path}/nothing", ready=False)
    assert server.process.wait(10) == 1
    assert "chroot" in server.log() and "No such file" in server.log()


# --- what a worker may take -------------------------------------------------------------------------------------------

def test_workers_stay_on_their_processors(uwsgi):
    server = uwsgi("processes = 2", "cpu-affinity = 1")
    expected = sorted([{0}, {1 % os.cpu_count()}], key=sorted)
    eventually(lambda: sorted((os.sched_getaffinity(pid) for pid in server.workers()), key=sorted) == expected, 5)


def test_the_address_space_is_limited(uwsgi):
    assert told(uwsgi("limit-as = 4096"))["as"] == 4096 << 20


def test_descriptors_are_limited(uwsgi):
    assert told(uwsgi("max-fd = 512"))["fd"] == 512


def test_an_evil_reload_does_not_wait_for_the_request(uwsgi):
    server = uwsgi("evil-reload-on-rss = 150", app="mounted:grows")
    first = server.get("/1").text
    assert server.get("/200").text == first
    server.wait_log(r"Evil reload of the worker \(pid: %s\) with [0-9]+ MiB of resident memory" % first)
    eventually(lambda: server.workers() and server.workers() != [int(first)], 10)
    assert server.get("/1").text != first


def test_a_young_worker_is_not_replaced(uwsgi):
    server = uwsgi("max-requests = 2", "min-worker-lifetime = 60", app="mounted:grows")
    assert len({server.get("/0").text for _ in range(8)}) == 1


def test_children_that_nobody_waits_for(uwsgi):
    server = uwsgi("reaper = true", app="mounted:leaves_children")
    server.get("/start")
    eventually(lambda: server.get("/look").text == "0", 5)


def test_a_hanging_worker_gets_a_signal_and_time(uwsgi, tmp_path):
    code = tmp_path / "hangs.py"
    code.write_text(
        "import os, signal, time\n"
        f"def note(*_): open({str(tmp_path / 'noted')!r}, 'w').write(str(time.time()))\n"
        "signal.signal(signal.SIGUSR2, note)\n"
        "def app(environ, start_response):\n"
        "    end = time.time() + (30 if environ['PATH_INFO'] == '/hang' else 0)\n"
        "    while time.time() < end: time.sleep(0.1)\n"
        "    start_response('200 OK', [])\n"
        "    return [str(os.getpid()).encode()]\n")
    server = uwsgi(f"pythonpath = {tmp_path}", "harakiri = 1", "harakiri-graceful-timeout = 2",
                   "harakiri-graceful-signal = 12", app="hangs:app")
    pid = int(server.get("/").text)
    request = Background(server.get, "/hang")
    assert request.result().status == 504
    eventually(lambda: (tmp_path / "noted").exists(), 5, "the signal's handler has run")
    stays(lambda: os.path.exists(f"/proc/{pid}"), 1)
    eventually(lambda: not os.path.exists(f"/proc/{pid}"), 10, "the worker is killed afterwards")
    assert server.get("/").status == 200


# --- sockets and signals ----------------------------------------------------------------------------------------------

def test_another_server_at_the_same_address(uwsgi):
    server = uwsgi("reuse-port = true")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", server.port))


REMARK = "TERM stops gracefully, as in uWSGI 2.1; 2.0 reloaded"


def test_term_stops_and_the_log_says_how_it_was(uwsgi):
    server = uwsgi()
    assert server.log().count(REMARK) == 1
    server.signal(signal.SIGTERM)
    assert server.wait_exit() == 0


@pytest.mark.parametrize("line", ["die-on-term = true", "hook-master-start = unix_signal:15 gracefully_kill_them_all"])
def test_whoever_has_decided_is_not_told(uwsgi, line):
    server = uwsgi(line)
    assert REMARK not in server.log()
    server.signal(signal.SIGTERM)
    assert server.wait_exit() == 0


def test_the_old_meaning_of_term(uwsgi):
    server = uwsgi("hook-master-start = unix_signal:15 reap_them_all")
    first = server.workers()
    assert REMARK not in server.log()
    server.signal(signal.SIGTERM)
    eventually(lambda: server.workers() and not set(first) & set(server.workers()), 10, "another worker")
    assert server.get("/").status == 200
    server.signal(signal.SIGINT)
    server.wait_exit()

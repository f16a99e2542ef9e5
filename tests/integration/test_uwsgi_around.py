"""What runs beside a uWSGI application and looks at it: statistics, daemons, the fifo of commands, cron jobs, hooks."""

import contextlib
import fcntl
import json
import os
import pathlib
import pty
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import urllib.request

import pytest

import processes
from gate import Background
from other_users import python_for_everybody
from server_process import APPS, BINARY
from waiting import eventually, stays

UWSGITOP = os.path.join(os.path.dirname(sys.executable), "uwsgitop")


@pytest.fixture
def uwsgi(server):
    """uwsgi("option = value", ...) starts the server with these lines; app= and what fails() takes."""
    def start(*lines, app="hello:app", processes=1, listening=True):
        ini = server.directory / "app.ini"
        ini.write_text("\n".join(["[uwsgi]", "http-socket = 127.0.0.1:0", f"chdir = {APPS}", "pythonpath = .",
                                  f"module = {app}", f"processes = {processes}", "home = " + sys.prefix, *lines]))
        server.spawn([str(BINARY), "uwsgi", "--ini", str(ini)])
        if listening:
            server.wait_listening()
            server.workers(processes)
        return server
    return start


# --- statistics -----------------------------------------------------------------------------------------------------

def read_stats(address):
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as client:
        client.settimeout(5)
        client.connect(address)
        text = b""
        while piece := client.recv(65536):
            text += piece
    return json.loads(text)


def stats_address(server):
    found = server.wait_log(r"Stats server enabled on (?:http://([0-9.]+):([0-9]+)|unix:(\S+))")
    return found[3] or (found[1], int(found[2]))


# The keys of the real one, 2.0.31, in its order.
TOP = ["version", "listen_queue", "listen_queue_errors", "signal_queue", "load", "pid", "uid", "gid", "cwd", "locks",
       "sockets", "workers"]
WORKER = ["id", "pid", "accepting", "requests", "delta_requests", "exceptions", "harakiri_count", "signals",
          "signal_queue", "status", "rss", "vsz", "running_time", "last_spawn", "respawn_count", "tx", "avg_rt", "apps",
          "cores"]
APP = ["id", "modifier1", "mountpoint", "startup_time", "requests", "exceptions", "chdir"]
CORE = ["id", "requests", "static_requests", "routed_requests", "offloaded_requests", "write_errors", "read_errors",
        "in_request", "vars", "req_info"]
SOCKET = ["name", "proto", "queue", "max_queue", "shared", "can_offload"]


def test_stats_have_the_shape_of_the_real_one(uwsgi):
    server = uwsgi("stats = 127.0.0.1:0", "threads = 2", processes=2)
    stats = read_stats(stats_address(server))
    assert list(stats) == TOP
    assert stats["pid"] == server.pid
    assert stats["cwd"] == str(APPS)
    assert [list(one) for one in stats["sockets"]] == [SOCKET]
    assert stats["sockets"][0]["name"] == f"127.0.0.1:{server.port}"
    assert stats["sockets"][0]["max_queue"] == 100
    assert [worker["id"] for worker in stats["workers"]] == [1, 2]
    for worker in stats["workers"]:
        assert list(worker) == WORKER
        assert [list(one) for one in worker["apps"]] == [APP]
        assert [list(one) for one in worker["cores"]] == [CORE, CORE]
    assert sorted(worker["pid"] for worker in stats["workers"]) == sorted(server.workers())


def test_stats_count_what_happens(uwsgi):
    path = "stats.sock"
    server = uwsgi("stats = " + path, app="answers_and_raises:app")
    address = stats_address(server)
    address = os.path.join(APPS, address) if not os.path.isabs(address) else address
    before = time.time()
    for _ in range(5):
        assert server.get("/").status == 200
    assert server.get("/raise").status == 500
    worker = eventually(lambda: [one for one in read_stats(address)["workers"] if one["requests"] == 6], 5)[0]
    assert worker["exceptions"] == 1
    assert worker["delta_requests"] == 6
    assert 5000 < worker["tx"] < 7000
    assert 0 < worker["running_time"] < 6_000_000
    assert 0 < worker["avg_rt"] <= worker["running_time"]
    assert worker["rss"] > 1_000_000 and worker["vsz"] > worker["rss"]
    assert abs(worker["last_spawn"] - before) < 60
    assert worker["respawn_count"] == 1
    assert worker["status"] == "idle" and worker["accepting"] == 1
    assert worker["apps"][0]["requests"] == 6 and worker["apps"][0]["exceptions"] == 1
    assert worker["cores"][0]["requests"] == 6


def test_stats_show_a_busy_worker(uwsgi, gate):
    server = uwsgi("stats = 127.0.0.1:0", app="gated:app")
    request = Background(server.get, gate.path())
    gate.wait_started()
    worker = read_stats(stats_address(server))["workers"][0]
    assert worker["status"] == "busy"
    assert worker["cores"][0]["in_request"] == 1
    gate.open()
    request.result()
    eventually(lambda: read_stats(stats_address(server))["workers"][0]["status"] == "idle")


def test_stats_of_a_place_outlive_its_worker(uwsgi):
    server = uwsgi("stats = 127.0.0.1:0", processes=2)
    for _ in range(4):
        server.get()
    address = stats_address(server)
    eventually(lambda: sum(worker["requests"] for worker in read_stats(address)["workers"]) == 4)
    old = server.workers(2)
    os.kill(old[0], signal.SIGKILL)

    def replaced():
        workers = read_stats(address)["workers"]
        return workers if not {worker["pid"] for worker in workers} & {old[0], 0} else None
    workers = eventually(replaced, 10)
    assert [worker["id"] for worker in workers] == [1, 2]
    assert sum(worker["requests"] for worker in workers) == 4
    assert sorted(worker["respawn_count"] for worker in workers) == [1, 2]


def test_stats_over_http_and_without_blanks(uwsgi):
    server = uwsgi("stats = 127.0.0.1:0", "stats-http = true", "stats-minified = true", "stats-no-cores = true")
    host, port = stats_address(server)
    with urllib.request.urlopen(f"http://{host}:{port}/anything", timeout=5) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/json"
        text = answer.read()
    assert b"\n" not in text and b": " not in text
    assert "cores" not in json.loads(text)["workers"][0]


def test_a_reader_who_takes_nothing_holds_nobody(uwsgi):
    server = uwsgi("stats = 127.0.0.1:0", "threads = 200", processes=2)
    address = stats_address(server)
    slow = []
    for _ in range(20):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        client.connect(address)
        slow.append(client)
    assert len(read_stats(address)["workers"]) == 2
    server.signal(signal.SIGHUP)  # The supervisor hears other things as well.
    server.wait_log("Handling signal: hup")
    server.get()
    for client in slow:
        client.close()


def test_the_stats_socket_is_gone_at_the_end(uwsgi, tmp_path):
    path = tmp_path / "s.sock"
    server = uwsgi(f"stats = {path}")
    assert read_stats(str(path))["workers"]
    server.stop()
    assert not path.exists()


def read_screen(descriptor, wanted, seconds=15):
    """What a program writes to its terminal, until the pattern is in it."""
    os.set_blocking(descriptor, False)
    seen = b""

    def look():
        nonlocal seen
        with contextlib.suppress(BlockingIOError):
            seen += os.read(descriptor, 65536)
        return re.search(wanted, seen)
    return eventually(look, seconds, f"{wanted} on the screen: {seen!r}")


def test_uwsgitop_shows_the_workers(uwsgi, tmp_path):
    assert os.path.exists(UWSGITOP), "pip install -r tests/requirements.txt"
    path = tmp_path / "top.sock"
    server = uwsgi(f"stats = {path}", processes=2)
    for _ in range(7):
        server.get()
    eventually(lambda: sum(worker["requests"] for worker in read_stats(str(path))["workers"]) == 7)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
    top = subprocess.Popen([sys.executable, UWSGITOP, str(path)], stdin=theirs, stdout=theirs, stderr=theirs,
                           env={**os.environ, "TERM": "xterm"}, start_new_session=True)
    os.close(theirs)
    try:
        read_screen(ours, rb"req: 7 .*WID.*idle.*idle".replace(b".*", b"[\\s\\S]*"))
        os.write(ours, b"q")
        assert top.wait(10) == 0
    finally:
        if top.poll() is None:
            top.kill()
            top.wait()
        os.close(ours)


# --- daemons --------------------------------------------------------------------------------------------------------

def pid_in(path):
    return eventually(lambda: path.exists() and path.read_text().strip() and int(path.read_text()), 10, f"a pid in {path}")


def test_a_daemon_lives_and_ends_with_the_server(uwsgi, tmp_path):
    seen = tmp_path / "pid"
    server = uwsgi(f"attach-daemon = echo $$ > {seen}; echo from the daemon; exec sleep 1000", "stats = 127.0.0.1:0")
    pid = pid_in(seen)
    server_says = eventually(lambda: "from the daemon" in server.out())
    assert server_says
    daemons = read_stats(stats_address(server))["daemons"]
    assert daemons[0]["pid"] == pid and daemons[0]["respawns"] == 0
    assert os.getsid(pid) == pid
    server.stop()
    assert not processes.alive(pid)


def test_a_daemon_that_ends_is_started_again_and_throttled(uwsgi, tmp_path):
    count = tmp_path / "count"
    server = uwsgi(f"attach-daemon = echo x >> {count}; exit 3")
    eventually(lambda: count.exists() and len(count.read_text().split()) >= 3, 10)
    server.wait_log(r"daemon \"echo.*exited with status 3: the next start is in 1 s")
    server.wait_log(r"exited with status 3: the next start is in 2 s")
    assert len(count.read_text().split()) < 6


def test_a_killed_daemon_comes_back(uwsgi, tmp_path):
    seen = tmp_path / "pid"
    uwsgi(f"attach-daemon = echo $$ > {seen}; exec sleep 1000")
    first = pid_in(seen)
    os.kill(first, signal.SIGKILL)
    second = eventually(lambda: pid_in(seen) != first and pid_in(seen), 10)
    assert processes.alive(second)


def test_a_daemon_gets_its_stop_signal_and_then_sigkill(uwsgi, tmp_path):
    seen, told = tmp_path / "pid", tmp_path / "told"
    server = uwsgi(f"attach-daemon2 = cmd=trap 'echo int > {told}' INT; trap '' TERM; echo $$ > {seen}; "
                   "while :; do sleep 0.05; done,stopsignal=2", "reload-mercy = 1")
    pid = pid_in(seen)
    server.stop()
    assert told.read_text() == "int\n"
    assert server.log_lines("did not end within 1 s: killed")
    assert not processes.alive(pid)


def test_nothing_of_a_daemon_outlives_a_killed_supervisor(uwsgi, tmp_path):
    seen, below, job = tmp_path / "pid", tmp_path / "below", tmp_path / "job"
    server = uwsgi(f"attach-daemon = sleep 1000 & echo $! > {below}; echo $$ > {seen}; wait",
                   f"cron = -1 -1 -1 -1 -1 sleep 1000 & echo $! > {job}; wait")
    pids = [pid_in(seen), pid_in(below), pid_in(job)]
    server.signal(signal.SIGKILL)
    server.wait_exit()
    eventually(lambda: not any(processes.alive(pid) for pid in pids), 5)
    server.assert_nothing_left(5)


def test_a_reload_starts_daemons_anew(uwsgi, tmp_path):
    seen = tmp_path / "pid"
    server = uwsgi(f"attach-daemon = echo $$ > {seen}; exec sleep 1000")
    first = pid_in(seen)
    server.signal(signal.SIGHUP)
    eventually(lambda: pid_in(seen) != first, 10)
    eventually(lambda: not processes.alive(first))


def test_the_end_of_a_control_daemon_ends_the_server(uwsgi, tmp_path):
    go = tmp_path / "go"
    server = uwsgi(f"attach-control-daemon = while [ ! -e {go} ]; do sleep 0.05; done")
    assert server.get().status == 200
    go.write_text("")
    assert server.wait_exit() == 0
    assert server.log_lines("control daemon has ended")


def test_a_smart_daemon_survives_reload_and_end(uwsgi, tmp_path):
    pidfile = tmp_path / "smart.pid"
    line = f"smart-attach-daemon2 = {pidfile} sleep 1000"
    server = uwsgi(line)
    pid = pid_in(pidfile)
    try:
        server.signal(signal.SIGHUP)
        server.workers(1)
        eventually(lambda: len(server.log_lines("Booting worker")) >= 2, 10)
        assert processes.alive(pid)
        server.signal(signal.SIGTERM)
        assert server.wait_exit() == 0
        assert processes.alive(pid)
        server.err_path.unlink()
        uwsgi(line)
        server.wait_log(rf"runs already \(pid {pid}, ")
    finally:
        os.kill(pid, signal.SIGKILL)
    # Who is gone is started again.
    second = eventually(lambda: pid_in(pidfile) != pid and pid_in(pidfile), 10)
    os.kill(second, 0)
    server.signal(signal.SIGTERM)
    server.wait_exit()
    os.kill(second, signal.SIGKILL)


def test_a_smart_daemon_may_detach_itself(uwsgi, tmp_path):
    pidfile = tmp_path / "own.pid"
    daemon = tmp_path / "daemon.sh"
    daemon.write_text(f"setsid sleep 1000 & echo $! > {pidfile}\n")
    server = uwsgi(f"smart-attach-daemon2 = {tmp_path}/other.pid sleep 1000",
                   f"attach-daemon2 = cmd=sh {daemon},pidfile={pidfile},notifypid=1", "stats = 127.0.0.1:0")
    pid = pid_in(pidfile)
    eventually(lambda: read_stats(stats_address(server))["daemons"][1]["pid"] == pid, 5)
    server.signal(signal.SIGTERM)
    assert server.wait_exit() == 0
    eventually(lambda: not processes.alive(pid))
    os.kill(pid_in(tmp_path / "other.pid"), signal.SIGKILL)


def test_a_touched_file_restarts_a_daemon(uwsgi, tmp_path):
    seen, touched = tmp_path / "pid", tmp_path / "touched"
    touched.write_text("")
    uwsgi(f"attach-daemon2 = cmd=echo $$ > {seen}; exec sleep 1000,touch={touched}")
    first = pid_in(seen)
    os.utime(touched, (1, 1))
    eventually(lambda: pid_in(seen) != first, 10)
    eventually(lambda: not processes.alive(first))


@pytest.mark.skipif(os.geteuid() != 0, reason="changing the user needs root")
def test_daemons_and_cron_jobs_run_as_the_user(uwsgi):
    with tempfile.TemporaryDirectory() as name:  # pytest's own directories are closed to others.
        directory = pathlib.Path(name)
        directory.chmod(0o777)
        home = python_for_everybody(directory)
        if subprocess.run(["test", "-x", BINARY], user="nobody").returncode != 0:
            pytest.skip("nobody may not run the server")
        written = {directory / user / which: user for user, which in
                   [("nobody", "daemon"), ("daemon", "daemon2"), ("nobody", "cron"), ("nobody", "hook"), ("root", "hook")]}
        one, two, three, four, five = written
        for path in written:
            path.parent.mkdir(exist_ok=True)
            path.parent.chmod(0o777)
        uwsgi("uid = nobody", "gid = nogroup", f"home = {home}", f"attach-daemon = id -un > {one}; exec sleep 1000",
              f"attach-daemon2 = cmd=id -un > {two}; exec sleep 1000,uid=daemon", f"cron = -1 -1 -1 -1 -1 id -un > {three}",
              f"hook-as-user = exec:id -un > {four}", f"exec-as-root = id -un > {five}",
              f"hook-as-user = write:{directory}/file text")
        for path, user in written.items():
            eventually(lambda path=path: path.exists() and path.read_text(), 5, str(path))
            assert path.read_text().strip() == user
        assert (directory / "file").owner() == "nobody"


# --- the fifo -------------------------------------------------------------------------------------------------------

@pytest.fixture
def fifo(tmp_path):
    return tmp_path / "fifo"


def echo(letter, path):
    subprocess.run(["sh", "-c", f"echo {letter} > {path}"], check=True, timeout=10)


def test_r_in_the_fifo_reloads(uwsgi, fifo):
    server = uwsgi(f"master-fifo = {fifo}")
    first = server.workers(1)
    for turn in (2, 3):
        echo("r", fifo)
        eventually(lambda turn=turn: len(server.log_lines("Booting worker")) >= turn, 10)
        eventually(lambda: server.workers() and server.workers() != first and len(server.workers()) == 1, 10)
        first = server.workers(1)
    assert server.get().status == 200


@pytest.mark.parametrize("letter", ["q", "Q"])
def test_q_in_the_fifo_stops(uwsgi, fifo, letter):
    server = uwsgi(f"master-fifo = {fifo}")
    echo(letter, fifo)
    assert server.wait_exit() == 0
    server.assert_nothing_left()
    assert not fifo.exists()


def test_plus_and_minus_change_the_number_of_workers(uwsgi, fifo):
    server = uwsgi(f"master-fifo = {fifo}")
    echo("+", fifo)
    server.workers(2)
    echo("-", fifo)
    server.workers(1)


@pytest.mark.parametrize("letter", ["w", "W", "c"])
def test_workers_are_replaced_without_a_new_import(uwsgi, fifo, letter):
    server = uwsgi(f"master-fifo = {fifo}", processes=2)
    old, zygote = set(server.workers(2)), server.zygote()
    echo(letter, fifo)
    eventually(lambda: len(server.workers()) == 2 and not old & set(server.workers()), 15)
    assert server.zygote() == zygote


def test_p_in_the_fifo_pauses_and_resumes(uwsgi, fifo):
    server = uwsgi(f"master-fifo = {fifo}", "stats = 127.0.0.1:0", processes=2)
    echo("p", fifo)
    server.workers(0)
    assert {worker["status"] for worker in read_stats(stats_address(server))["workers"]} == {"pause"}
    waiting = Background(server.get)
    assert stays(waiting.running, 0.2)
    echo("p", fifo)
    assert waiting.result().status == 200
    server.workers(2)


def test_logs_are_rotated_and_reopened(uwsgi, fifo, tmp_path):
    log = tmp_path / "logs" / "app.log"
    log.parent.mkdir()
    server = uwsgi(f"master-fifo = {fifo}", f"logto = {log}", listening=False)
    eventually(lambda: log.exists() and "Booting worker" in log.read_text(), 10)
    eventually(fifo.exists)
    echo("L", fifo)
    eventually(lambda: len(list(log.parent.iterdir())) == 2 and "Logs reopened" in log.read_text())
    log.rename(log.parent / "moved")
    echo("l", fifo)
    eventually(lambda: log.exists() and "Logs reopened" in log.read_text())
    server.stop()


def test_stats_into_the_log_and_letters_that_mean_nothing(uwsgi, fifo):
    server = uwsgi(f"master-fifo = {fifo}")
    echo("sfz", fifo)
    server.wait_log(r"Stats: \{")
    server.wait_log("'f' is not supported")
    server.wait_log("'z' is no command")


def test_digits_choose_another_fifo(uwsgi, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    server = uwsgi(f"master-fifo = {first}", f"master-fifo = {second}")
    assert not second.exists()
    echo("1", first)
    eventually(second.exists)
    echo("s", second)
    server.wait_log(r"Stats: \{")
    server.stop()
    assert not first.exists() and not second.exists()


# --- cron -----------------------------------------------------------------------------------------------------------

def test_an_application_that_cannot_be_imported_starts_no_daemon(uwsgi, tmp_path):
    seen, ran = tmp_path / "pid", tmp_path / "ran"
    server = uwsgi(f"attach-daemon = echo $$ > {seen}; exec sleep 1000", f"cron = -1 -1 -1 -1 -1 echo x > {ran}",
                   app="fails_to_import:app", listening=False)
    assert server.wait_exit() == 3
    server.assert_nothing_left()
    assert not seen.exists() and not ran.exists()


def test_cron_runs_what_is_due(uwsgi, tmp_path):
    ran, never = tmp_path / "ran", tmp_path / "never"
    server = uwsgi(f"cron = -1 -1 -1 -1 -1 echo x >> {ran}", f"cron2 = month=13 echo x >> {never}",
                   "cron2 = hour=-1,unique=1 exit 7", "stats = 127.0.0.1:0")
    eventually(ran.exists)
    server.wait_log(r"cron \"exit 7\" \(pid [0-9]+\) exited with status 7")
    crons = read_stats(stats_address(server))["crons"]
    assert [cron["minute"] for cron in crons] == [-1, -1, -1]
    assert [cron["unique"] for cron in crons] == [0, 0, 1]
    assert list(crons[0]) == ["minute", "hour", "day", "month", "week", "command", "unique", "legion", "pid",
                              "started_at"]
    assert not never.exists()


def test_a_cron_job_over_its_time_is_killed(uwsgi, tmp_path):
    server = uwsgi("cron2 = harakiri=1 sleep 1000")
    server.wait_log("is over its time: killed", 10)
    server.wait_log("killed by SIGKILL")


# --- hooks ----------------------------------------------------------------------------------------------------------

PHASES = ["asap", "pre-jail", "post-jail", "in-jail", "as-root", "as-user", "master-start", "pre-app", "post-app",
          "accepting", "accepting1", "accepting-once", "accepting1-once", "as-user-atexit"]


def test_hooks_run_in_their_order(uwsgi, tmp_path):
    told = tmp_path / "told"
    server = uwsgi(*[f"hook-{phase} = exec:echo {phase} >> {told}" for phase in PHASES])
    server.get()
    server.stop()
    assert told.read_text().split() == PHASES


def test_once_hooks_do_not_run_for_replacements(uwsgi, tmp_path):
    told = tmp_path / "told"
    server = uwsgi(f"hook-accepting = exec:echo each >> {told}", f"hook-accepting-once = exec:echo once >> {told}",
                   f"hook-accepting1 = exec:echo first >> {told}", processes=2)
    eventually(lambda: told.exists() and sorted(told.read_text().split()) == ["each", "each", "first", "once", "once"])
    os.kill(server.workers(2)[1], signal.SIGKILL)
    eventually(lambda: told.read_text().split().count("each") == 3, 10)
    assert told.read_text().split().count("once") == 2


@pytest.mark.parametrize("phase", ["asap", "as-root", "as-user", "master-start", "pre-app", "post-app", "accepting"])
def test_a_failing_hook_ends_the_start(uwsgi, phase):
    server = uwsgi(f"hook-{phase} = exec:exit 9", listening=False)
    assert server.wait_exit() != 0
    assert server.log_lines(f"hook {phase} exec:exit 9: exited with status 9")
    server.assert_nothing_left()


def test_a_safeexec_that_fails_does_not(uwsgi):
    server = uwsgi("hook-as-root = safeexec:exit 9")
    assert server.get().status == 200
    server.wait_log("hook safeexec:exit 9: exited with status 9")


def test_small_hooks(uwsgi, tmp_path):
    made = tmp_path / "made"
    server = uwsgi(f"hook-as-root = mkdir:{made}", f"hook-as-root = writen:{made}/a one", f"hook-as-root = appendn:{made}/a two",
                   f"hook-as-root = create:{made}/b", f"hook-as-root = chmod:{made}/a 600", f"hook-master-start = unlink:{made}/b",
                   "hook-as-user = print:hello from a hook", "hook-pre-app = putenv:FROM_HOOK=seen",
                   f"exec-pre-app = echo $FROM_HOOK > {made}/c")
    assert (made / "a").read_text() == "one\ntwo\n"
    assert (made / "a").stat().st_mode & 0o777 == 0o600
    assert not (made / "b").exists()
    assert (made / "c").read_text() == "seen\n"
    assert server.log_lines("hello from a hook")


def test_a_hook_gives_a_signal_its_meaning(uwsgi):
    server = uwsgi("hook-master-start = unix_signal:15 gracefully_kill_them_all",
                   "hook-master-start = unix_signal:12 grace_them_all", "hook-master-start = unix_signal:34 stats")
    server.signal(signal.SIGUSR2)
    eventually(lambda: len(server.log_lines("Booting worker")) >= 2, 10)
    server.signal(34)
    server.wait_log(r"Stats: \{")


def test_a_touched_file_runs_its_hook(uwsgi, tmp_path):
    file, told = tmp_path / "file", tmp_path / "told"
    file.write_text("")
    uwsgi(f"hook-touch = {file} exec:echo hook >> {told}", f"touch-exec = {file} echo exec >> {told}")
    os.utime(file, (1, 1))
    eventually(lambda: told.exists() and sorted(told.read_text().split()) == ["exec", "hook"], 5)


def test_a_hook_that_is_not_supported_is_an_error_under_strict(uwsgi):
    server = uwsgi("hook-as-root = mount:none /mnt", "strict = true", listening=False)
    assert server.wait_exit() == 1
    assert server.log_lines("hook-as-root: mount: such a hook is not supported")


@pytest.mark.parametrize("line, why", [
    ("cron = 1 2 3 command", "expects MINUTE HOUR DAY MONTH WEEKDAY COMMAND"),
    ("attach-daemon2 = pidfile=/x", "expects cmd=COMMAND"),
    ("attach-daemon2 = cmd=x,what=y", "'what' is no key of it"),
    ("smart-attach-daemon = nothing", "expects PIDFILE COMMAND"),
    ("hook-master-start = unix_signal:15 no_such_thing", "no such function"),
    ("stats = @abstract", "abstract sockets are not supported"),
    ("master-fifo = /nowhere/at/all", "master-fifo /nowhere/at/all: "),
])
def test_what_cannot_be_meant_is_named(uwsgi, line, why):
    server = uwsgi(line, listening=False)
    assert server.wait_exit() == 1
    assert why in server.log(), server.log()
    server.assert_nothing_left()

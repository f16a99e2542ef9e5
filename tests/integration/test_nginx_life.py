"""The life of nginx's processes: reload, reopening of logs, another binary, what is left when one is killed. Where
nothing else is said the real nginx is held to the same."""

import base64
import os
import pwd
import re
import signal
import subprocess
import threading
import time

import processes
import pytest

from certificates import Certificate
from gate import Background, Load
from nginx_pair import free_port
from nginx_run import NginxRun
from other_users import let_everybody_enter
from raw_client import RawClient
from waiting import SLOWNESS, eventually

both = pytest.mark.parametrize("program", ["real", "ours"])
SLOW = 'location /slow { limit_rate 20k; alias %s; } location / { return 200 "%s\\n"; }'


@pytest.fixture
def run(tmp_path):
    made = []

    def make(program="ours", **how):
        made.append(NginxRun(program, tmp_path / f"nginx{len(made)}", **how))
        return made[-1]
    yield make
    for each in made:
        each.kill()


@pytest.fixture
def slow_file(tmp_path):
    """Takes about two seconds at 20k a second."""
    path = tmp_path / "slow.bin"
    path.write_bytes(b"s" * 40_000)
    return path


def test_twenty_reloads_under_load_fail_no_request(run):
    nginx = run().start()
    with Load(nginx, clients=3, keep_alive=True) as kept, Load(nginx, clients=2) as fresh:
        for number in range(20):
            before = nginx.log().count("reconfiguring")
            nginx.configure(f'return 200 "{number}\\n";')
            done = nginx.ask("-s", "reload")
            assert done.returncode == 0, done.stderr
            eventually(lambda: nginx.log().count("reconfiguring") > before, 10)
            eventually(lambda: fresh.bodies and fresh.bodies[-1] == f"{number}\n".encode(), 10)
            kept.wait_more(5)
    # A kept connection that an old worker closes between two requests is the client's to open again, as with nginx.
    assert not [each for each in fresh.failures], fresh.failures[:3]
    assert not [each for each in kept.failures if hasattr(each, "status")], kept.failures[:3]
    assert nginx.stop() == 0


@both
def test_an_old_worker_finishes_what_it_has_begun(run, program, slow_file):
    nginx = run(program, server=SLOW % (slow_file, "old")).start()
    old = nginx.workers
    slow = Background(nginx.request, "/slow")
    eventually(lambda: slow.running() and len(nginx.workers) >= 1, 5)
    client = RawClient(nginx.address)
    client.request("GET", "/slow")
    client.wait_for_bytes()
    nginx.configure(SLOW % (slow_file, "new"))
    nginx.signal(signal.SIGHUP)
    eventually(lambda: nginx.request().body == b"new\n", 10)
    assert processes.alive(old[0])
    assert len(client.response().body) == 40_000
    assert len(slow.result().body) == 40_000
    client.close()
    nginx.wait_gone(*old)
    assert nginx.stop() == 0


@both
def test_a_broken_file_leaves_the_old_configuration_running(run, program):
    nginx = run(program).start()
    workers = nginx.workers
    nginx.configure("retrun 200;")
    done = nginx.ask("-s", "reload")
    assert done.returncode == 1
    assert re.search(r'\[emerg\].* unknown directive "retrun"', done.stderr)
    nginx.signal(signal.SIGHUP)
    nginx.logged(r'\[emerg\].* unknown directive "retrun"')
    assert nginx.request().body == b"one\n"
    assert nginx.workers == workers
    assert nginx.stop() == 0


@both
def test_an_address_that_is_taken_leaves_the_old_configuration_running(run, program, tmp_path):
    other = run(program).start()
    nginx = run(program).start()
    nginx.configure(f'listen 127.0.0.1:{other.port}; return 200 "two\\n";')
    nginx.signal(signal.SIGHUP)
    nginx.logged(r"bind\(\) to 127.0.0.1:%d failed \(98: Address already in use\)" % other.port)
    assert nginx.request().body == b"one\n"


@both
def test_an_address_that_is_gone_is_closed(run, program):
    nginx = run(program).start()
    old_port = nginx.port
    fresh = run(program)
    nginx.port = fresh.port
    nginx.address = ("127.0.0.1", fresh.port)
    nginx.configure('return 200 "two\\n";')
    nginx.signal(signal.SIGHUP)
    eventually(lambda: nginx.status() == 200, 10)
    assert nginx.request().body == b"two\n"
    nginx.address = ("127.0.0.1", old_port)
    eventually(lambda: nginx.status() is None, 10)


@both
def test_reopening_logs_loses_no_line(run, program):
    nginx = run(program).start()
    with Load(nginx, clients=2) as load:
        for number in range(5):
            load.wait_more(30)
            os.rename(nginx.folder / "access.log", nginx.folder / f"access.log.{number}")
            done = nginx.ask("-s", "reopen")
            assert done.returncode == 0
            eventually(lambda: (nginx.folder / "access.log").exists(), 5)
    assert not load.failures
    assert nginx.stop() == 0
    lines = sum(len(nginx.access_lines(name)) for name in os.listdir(nginx.folder) if name.startswith("access.log"))
    # One more for each look whether it serves.
    assert lines >= len(load.statuses) + 1
    assert lines <= len(load.statuses) + 3


def _is_oldbin(nginx):
    return (nginx.folder / "nginx.pid.oldbin").exists()


@both
def test_another_binary_takes_over(run, program):
    nginx = run(program)
    nginx.ask()  # As a daemon: WINCH is obeyed by those.
    nginx.wait_serves()
    old = nginx.master
    old_workers = nginx.workers
    with Load(nginx, clients=3) as load:
        load.wait_more(20)
        os.kill(old, signal.SIGUSR2)
        eventually(lambda: _is_oldbin(nginx) and (nginx.folder / "nginx.pid").exists() and nginx.master != old
                   and nginx.workers, 10)
        load.wait_more(20)
        os.kill(old, signal.SIGWINCH)
        nginx.wait_gone(*old_workers)
        assert processes.alive(old)
        load.wait_more(20)
        os.kill(old, signal.SIGQUIT)
        nginx.wait_gone(old)
        eventually(lambda: not _is_oldbin(nginx), 5)
        load.wait_more(20)
    assert not load.failures, load.failures[:3]
    new = nginx.master
    assert nginx.ask("-s", "quit").returncode == 0
    nginx.wait_gone(new)
    assert not (nginx.folder / "nginx.pid").exists()


@both
def test_the_way_back_from_another_binary(run, program):
    nginx = run(program)
    nginx.ask()
    nginx.wait_serves()
    old = nginx.master
    with Load(nginx, clients=3) as load:
        os.kill(old, signal.SIGUSR2)
        eventually(lambda: _is_oldbin(nginx) and (nginx.folder / "nginx.pid").exists() and nginx.master != old
                   and nginx.workers, 10)
        new = nginx.master
        os.kill(old, signal.SIGWINCH)
        eventually(lambda: not processes.living_children_of(old) or processes.living_children_of(old) == [new], 10)
        os.kill(old, signal.SIGHUP)
        eventually(lambda: [pid for pid in processes.living_children_of(old) if pid != new], 10)
        os.kill(new, signal.SIGQUIT)
        nginx.wait_gone(new)
        eventually(lambda: not _is_oldbin(nginx) and nginx.master == old, 10)
        load.wait_more(20)
    assert not load.failures, load.failures[:3]
    assert nginx.ask("-s", "stop").returncode == 0
    nginx.wait_gone(old)


@both
def test_quit_waits_and_stop_does_not(run, program, slow_file):
    nginx = run(program, server=SLOW % (slow_file, "x")).start()
    client = RawClient(nginx.address)
    client.request("GET", "/slow")
    client.wait_for_bytes()
    assert nginx.ask("-s", "quit").returncode == 0
    eventually(lambda: nginx.status() is None, 5)
    assert len(client.response().body) == 40_000
    assert nginx.process.wait(10 * SLOWNESS) == 0
    client.close()
    nginx = run(program, server=SLOW % (slow_file, "x")).start()
    client = RawClient(nginx.address)
    client.request("GET", "/slow")
    client.wait_for_bytes()
    assert nginx.ask("-s", "stop").returncode == 0
    assert nginx.process.wait(5 * SLOWNESS) == 0
    with pytest.raises((OSError, AssertionError)):
        client.response()


@both
def test_old_workers_may_not_stay_for_ever(run, program, tmp_path):
    path = tmp_path / "very-slow.bin"
    path.write_bytes(b"s" * 4_000_000)
    nginx = run(program, main="worker_shutdown_timeout 1s;", server=SLOW % (path, "x")).start()
    old = nginx.workers
    client = RawClient(nginx.address)
    client.request("GET", "/slow")
    client.wait_for_bytes()
    nginx.signal(signal.SIGHUP)
    nginx.wait_gone(*old)
    with pytest.raises((OSError, AssertionError)):
        client.response()
    assert nginx.status() == 200


@both
def test_a_killed_worker_is_replaced(run, program):
    nginx = run(program).start()
    victim = nginx.workers[0]
    os.kill(victim, signal.SIGKILL)
    nginx.logged(r"\[alert\].* worker process %d exited on signal 9" % victim)
    eventually(lambda: nginx.workers and nginx.workers[0] != victim and nginx.status() == 200, 5)
    for _ in range(3):
        again = nginx.workers[0]
        os.kill(again, signal.SIGKILL)
        nginx.wait_gone(again)
        eventually(lambda: nginx.workers and nginx.status() == 200, 5)
    assert nginx.stop() == 0


def test_a_worker_does_not_outlive_its_master(run):
    nginx = run().start()
    workers = nginx.workers
    nginx.process.kill()
    nginx.wait_gone(*workers)


@both
def test_the_pid_file(run, program):
    nginx = run(program).start()
    assert nginx.master == nginx.process.pid
    assert nginx.stop() == 0
    assert not (nginx.folder / "nginx.pid").exists()


@both
def test_the_pid_file_moves_with_a_reload(run, program):
    nginx = run(program).start()
    text = (nginx.folder / "nginx.conf").read_text()
    (nginx.folder / "nginx.conf").write_text(text.replace("nginx.pid;", "other.pid;"))
    os.kill(nginx.process.pid, signal.SIGHUP)
    eventually(lambda: (nginx.folder / "other.pid").exists() and (nginx.folder / "other.pid").read_text().strip(), 5)
    assert int((nginx.folder / "other.pid").read_text()) == nginx.process.pid
    eventually(lambda: not (nginx.folder / "nginx.pid").exists(), 5)
    assert nginx.stop() == 0
    assert not (nginx.folder / "other.pid").exists()


@both
def test_keys_and_passwords_are_beside_the_configuration(run, program, tmp_path):
    """All other relative paths begin at the prefix."""
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "html").mkdir(parents=True)
    (elsewhere / "html" / "index.html").write_text("inside\n")
    nginx = run(program, server='auth_basic "who"; auth_basic_user_file users; root html;',
                http="ssl_certificate keys/localhost.crt; ssl_certificate_key keys/localhost.key;"
                     f"server {{ listen 127.0.0.1:{free_port()} ssl; }}")
    Certificate(nginx.folder / "keys")
    (nginx.folder / "users").write_text("misha:{PLAIN}secret\n")
    tested = nginx.ask("-t", "-p", f"{elsewhere}/")
    assert tested.returncode == 0, tested.stderr
    nginx.start("-p", f"{elsewhere}/")
    assert nginx.status() == 401
    name = base64.b64encode(b"misha:secret").decode()
    answer = nginx.request(headers=[("Authorization", f"Basic {name}")])
    assert (answer.status, answer.body) == (200, b"inside\n"), nginx.log()
    assert nginx.stop() == 0


@both
def test_a_daemon_leaves_the_terminal(run, program):
    nginx = run(program)
    done = subprocess.run(nginx.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=20 * SLOWNESS)
    assert done.returncode == 0, done.stderr
    nginx.wait_serves()
    master = nginx.master
    assert processes.parent_of(master) != os.getpid()
    assert os.getsid(master) != os.getsid(0)
    assert os.readlink(f"/proc/{master}/fd/0") == "/dev/null"
    assert os.readlink(f"/proc/{master}/fd/1") == "/dev/null"
    assert nginx.ask("-s", "quit").returncode == 0
    nginx.wait_gone(master)


@both
def test_what_certbot_reads_of_the_version(run, program):
    said = run(program).ask("-V").stderr
    version = re.search(r"nginx version: nginx/([0-9.]*)", said).group(1)
    assert tuple(int(part) for part in version.split(".")) >= (1, 22)
    for wanted in (r" --with-http_ssl_module", "TLS SNI support enabled", r"(running|built) with OpenSSL [^ ]+ "):
        assert re.search(wanted, said), said


@both
def test_signals_without_a_server(run, program):
    nginx = run(program)
    done = nginx.ask("-s", "reload")
    assert done.returncode == 1
    assert re.search(r'open\(\) "%s/nginx.pid" failed \(2: No such file or directory\)' % nginx.folder, done.stderr)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@both
def test_workers_run_as_the_user_that_is_named(run, program):
    nginx = run(program, main="user www-data;")
    let_everybody_enter(nginx.folder)
    nginx.start()
    of = pwd.getpwnam("www-data")
    worker = nginx.workers[0]
    status = open(f"/proc/{worker}/status").read()
    assert re.search(r"^Uid:\s+%d\s+%d\s+%d" % (of.pw_uid, of.pw_uid, of.pw_uid), status, re.M)
    assert re.search(r"^Gid:\s+%d\s" % of.pw_gid, status, re.M)
    # Logs are opened anew by those, too.
    os.rename(nginx.folder / "access.log", nginx.folder / "access.log.1")
    nginx.signal(signal.SIGUSR1)
    eventually(lambda: (nginx.folder / "access.log").exists(), 5)
    eventually(lambda: (nginx.status(), nginx.access_lines())[1], 5)
    assert nginx.stop() == 0


@both
def test_workers_have_the_limits_that_are_set(run, program):
    nginx = run(program, main="worker_rlimit_core 64k; worker_rlimit_nofile 700;").start()
    limits = open(f"/proc/{nginx.workers[0]}/limits").read()
    assert re.search(r"^Max core file size +65536 +65536 ", limits, re.M)
    assert re.search(r"^Max open files +700 ", limits, re.M)
    assert nginx.stop() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@both
def test_workers_run_as_nobody_when_no_user_is_named(run, program):
    nginx = run(program, main="# No user is named.\n")
    let_everybody_enter(nginx.folder)
    nginx.start()
    of = pwd.getpwnam("nobody")
    status = open(f"/proc/{nginx.workers[0]}/status").read()
    assert re.search(r"^Uid:\s+%d\s+%d\s+%d" % (of.pw_uid, of.pw_uid, of.pw_uid), status, re.M)
    assert re.search(r"^Gid:\s+%d\s" % of.pw_gid, status, re.M)
    assert nginx.stop() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@both
def test_a_directory_for_bodies_may_have_been_anothers(run, program):
    """Of a server that was there before, under another user."""
    nginx = run(program, main="user www-data;")
    nginx.configure("location / { proxy_pass http://127.0.0.1:%d/back; } " % nginx.port +
                    'location /back { return 200 "taken\\n"; }')
    let_everybody_enter(nginx.folder)
    (nginx.folder / "tmp_body").mkdir(mode=0o700)
    os.chown(nginx.folder / "tmp_body", pwd.getpwnam("nobody").pw_uid, -1)
    nginx.start()
    answer = nginx.request("/", "POST", body=b"b" * 100_000)
    assert (answer.status, answer.body) == (200, b"taken\n"), nginx.log()
    assert nginx.stop() == 0


@both
def test_idle_connections_make_room_for_others(run, program):
    nginx = run(program, connections=60, server='location / { return 200 "one\\n"; }').start()
    held = []
    try:
        for _ in range(100):
            held.append(RawClient(nginx.address))
            assert _first_answer(held[-1]).status == 200
        nginx.logged(r"\[warn\].*worker_connections are not enough, reusing connections")
        # Those that have been idle longest.
        held[0].ends()
        held[-1].request("GET", "/")
        assert held[-1].response().status == 200
    finally:
        for client in held:
            client.close()


def test_more_connections_than_are_allowed_wait(run):
    nginx = run(connections=20, server='location / { return 200 "one\\n"; }').start()
    held = []
    try:
        for _ in range(40):
            held.append(RawClient(nginx.address))
            held[-1].socket.sendall(b"GET / HT")
            if len(held) <= 20:
                held[-1].wait_until_read(5 * SLOWNESS)  # It is not idle.
        nginx.logged(r"\[alert\].*worker_connections are not enough")
        late = Background(lambda: _rest_of_answer(held[-1]))
        for client in held[:30]:
            client.close()
        assert late.result().status == 200
    finally:
        for client in held:
            client.close()
    assert nginx.log().count("new connections wait") == 1


def _rest_of_answer(client):
    client.socket.sendall(b"TP/1.1\r\nHost: a\r\n\r\n")
    return client.response()


def _first_answer(client):
    client.request("GET", "/")
    return client.response()


@both
def test_limits_count_on_through_a_reload(run, program):
    nginx = run(program, http="limit_req_zone $binary_remote_addr zone=z:1m rate=1r/m;",
                server='location /limited { limit_req zone=z; error_page 404 =200 /; } location / { return 200 "one\\n"; }').start()
    assert nginx.status("/limited") in (200, 404)
    assert nginx.status("/limited") == 503
    before = nginx.workers
    nginx.signal(signal.SIGHUP)
    nginx.wait_gone(*before)
    eventually(lambda: nginx.status() == 200, 5)
    assert nginx.status("/limited") == 503
    assert nginx.stop() == 0


@both
def test_a_full_disk_costs_log_lines_and_nothing_else(run, program):
    nginx = run(program)
    text = (nginx.folder / "nginx.conf").read_text().replace(f"access_log {nginx.folder}/access.log", "access_log /dev/full")
    (nginx.folder / "nginx.conf").write_text(text)
    nginx.start()
    for _ in range(50):
        assert nginx.status() == 200
    # Not one line a request.
    assert nginx.log().count("/dev/full") <= 2
    assert nginx.stop() == 0


def test_a_flood_of_new_connections_is_survived(run):
    nginx = run(connections=2000).start()
    stop = time.monotonic() + 2

    def flood():
        while time.monotonic() < stop:
            try:
                RawClient(nginx.address).close()
            except OSError:
                pass
    threads = [threading.Thread(target=flood) for _ in range(8)]
    for thread in threads:
        thread.start()
    while time.monotonic() < stop:
        assert nginx.status() == 200
    for thread in threads:
        thread.join()
    assert nginx.stop() == 0

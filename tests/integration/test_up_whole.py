"""The whole chain: every way of passing, every block of one file, the real supervisorctl, and every process killed."""

import os
import re
import signal
import time

import processes
import pytest

from chain_run import ONE_FILE, PROGRAMS
from gate import Load
from raw_client import RawClient
from server_process import REPOSITORY
from waiting import SLOWNESS, eventually

SHARED = REPOSITORY / "share" / "nginx"
GUNICORN = PROGRAMS.replace("{uwsgi} --ini %(here)s/uwsgi.ini",
                            "gunicorn chain_app:app -w 2 -b unix:%(here)s/app.sock --chdir %(here)s")
WAYS = {
    "fastcgi_pass": (PROGRAMS, "fastcgi-socket", f"include {SHARED}/fastcgi_params; fastcgi_pass unix:{{dir}}/app.sock;"),
    "scgi_pass": (PROGRAMS, "scgi-socket", f"include {SHARED}/scgi_params; scgi_pass unix:{{dir}}/app.sock;"),
    "proxy_pass to an upstream": (GUNICORN, "socket", "proxy_pass http://app;"),
    "proxy_pass to http-socket": (PROGRAMS, "http-socket", "proxy_pass http://app;"),
    "proxy_pass, kept": (GUNICORN, "socket", "proxy_pass http://app; proxy_http_version 1.1; "
                                             "proxy_set_header Connection '';"),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_passing_is_through_shared_memory(chain, way):
    programs, socket, location = WAYS[way]
    run = chain(programs=programs, location=location,
                http="upstream app {{ server unix:{dir}/app.sock; keepalive 4; }}")
    ini = (run.folder / "uwsgi.ini").read_text()
    (run.folder / "uwsgi.ini").write_text(ini.replace("\nsocket =", f"\n{socket} ="))
    run.begin()
    assert "uwsgi: requests to unix:" in run.log()
    run.hide_socket()
    assert run.request("/teapot").status == 418
    assert run.request("/echo", "POST", body=b"x" * 300_000).header("X-Length") == "300000"
    assert len(run.request("/stream?500").body) == 3_000_000
    assert run.request("/raises").status == 500
    assert run.environ("/environ?a=b")["QUERY_STRING"] == "a=b"
    run.ctl("restart", "uwsgi", check=True)
    eventually(lambda: (run.folder / "app.sock").exists(), 10)
    run.hide_socket()
    assert run.status() == 200
    assert run.stop() == 0


# --- one file ---

BLOCKS = ONE_FILE + """
group pair {{ programs counter,second; priority 5; }}
program second {{ command "sleep 1000"; numprocs 2; process_name "%(program_name)s_%(process_num)d"; }}
supervisord {{ logfile {dir}/activity.log; identifier from_one_file; }}
inet_http_server {{ port 127.0.0.1:{control}; username someone; password secret; }}
unix_http_server {{ file {dir}/s.sock; }}
eventlistener heard {{
    command "{python} {dir}/listener.py {dir}/heard";
    events PROCESS_STATE_RUNNING,PROCESS_STATE_STOPPED;
    buffer_size 20;
}}
"""
LISTENER = """
import sys
while True:
    print("READY", flush=True)
    head = dict(pair.split(":") for pair in sys.stdin.readline().split())
    body = sys.stdin.read(int(head["len"]))
    with open(sys.argv[1], "a") as heard:
        heard.write(head["eventname"] + " " + body + "\\n")
    sys.stdout.write("RESULT 2\\nOK")
    sys.stdout.flush()
"""


def test_every_block_of_one_file(one_file):
    import base64
    import sys
    from nginx_pair import free_port
    (one_file.folder / "listener.py").write_text(LISTENER)
    control = free_port()
    one_file.write(BLOCKS, control=control, python=sys.executable)
    process = one_file.begin_one()
    eventually(lambda: one_file.status() == 200, 15, one_file.output)
    names = {(each["group"], each["name"]) for each in one_file.rpc.getAllProcessInfo()}
    assert names == {("pair", "counter"), ("pair", "second_0"), ("pair", "second_1"), ("heard", "heard"), ("web", "web"),
                     ("nginx", "nginx")}
    assert one_file.rpc.getIdentification() == "from_one_file"
    assert "supervisord started with pid" in (one_file.folder / "activity.log").read_text()
    heard = one_file.folder / "heard"
    eventually(lambda: heard.exists() and "processname:web" in heard.read_text(), 15)
    one_file.ctl("stop", "pair:*", check=True)
    eventually(lambda: heard.read_text().count("PROCESS_STATE_STOPPED") == 3, 15)
    # The page of the port asks for the password that stands in the file.
    for password, status in (("wrong", 401), ("secret", 200)):
        with RawClient(("127.0.0.1", control)) as client:
            word = base64.b64encode(f"someone:{password}".encode()).decode()
            client.request("GET", "/", [("Authorization", f"Basic {word}")])
            assert client.response().status == status
    process.terminate()
    assert process.wait(15 * SLOWNESS) == 0


# --- supervisorctl, the real one ---

def test_supervisorctl_on_the_chain(chain):
    run = chain().begin()
    run.request("/teapot")
    eventually(lambda: "/teapot" in run.ctl("tail", "uwsgi").stdout, 10)
    assert "/teapot" in run.ctl("tail", "-1000", "uwsgi").stdout
    assert run.ctl("signal", "HUP", "uwsgi").stdout == "uwsgi: signalled\n"
    assert run.ctl("signal", "NOTHING", "uwsgi").stdout == "uwsgi: ERROR (bad signal name)\n"
    pid = run.pid_of("nginx")
    done = run.ctl("restart", "nginx")
    assert done.stdout == "nginx: stopped\nnginx: started\n"
    eventually(lambda: run.status() == 200, 10)
    assert run.pid_of("nginx") != pid
    run.hide_socket()
    assert run.status() == 200
    assert run.ctl("stop", "uwsgi").stdout == "uwsgi: stopped\n"
    assert re.search(r"uwsgi +STOPPED", run.ctl("status").stdout)
    assert run.ctl("start", "uwsgi").stdout == "uwsgi: started\n"
    eventually(lambda: run.status() == 200, 10)
    assert run.ctl("shutdown").stdout == "Shut down\n"
    assert run.process.wait(15 * SLOWNESS) == 0


def test_a_restart_of_the_edge_costs_no_request_that_runs(chain, tmp_path):
    from gate import Background
    run = chain().begin()
    gate = tmp_path / "gate"
    waiting = Background(run.request, f"/wait?{gate}")
    eventually(lambda: (tmp_path / "gate.begun").exists(), 10)
    restart = Background(run.ctl, "restart", "nginx")
    eventually(lambda: run.state("nginx") == "STOPPING", 10)
    gate.write_text("")
    assert waiting.result().body == b"waited"
    assert restart.result().returncode == 0


# --- every process ---

def _is_keeper(run):
    known = {run.pid_of("nginx"), run.pid_of("uwsgi")}
    return lambda pid, command: processes.parent_of(pid) == run.process.pid and pid not in known


EVERYBODY = {
    "keeper": _is_keeper,
    "worker of the edge": lambda run: lambda pid, command: command.startswith("nginx: worker"),
    "master of the edge": lambda run: lambda pid, command: pid == run.pid_of("nginx"),
    "supervisor of the application": lambda run: lambda pid, command: pid == run.pid_of("uwsgi"),
    "edge of the application": lambda run: lambda pid, command: "uwsgi" in command and pid != run.pid_of("uwsgi"),
    "zygote": lambda run: lambda pid, command: "tierce_wsgi" in command
    and processes.parent_of(pid) == run.pid_of("uwsgi"),
    "worker of the application": lambda run: lambda pid, command: "tierce_wsgi" in command
    and processes.parent_of(pid) != run.pid_of("uwsgi"),
}
CLIENTS = 4


@pytest.mark.parametrize("part", EVERYBODY)
def test_only_what_runs_fails_when_somebody_is_killed(chain, part):
    run = chain().begin()
    with Load(run, "/pid", clients=CLIENTS) as load:
        load.wait_more(50)
        victims = [pid for pid, command in run.tree().items() if EVERYBODY[part](run)(pid, command)]
        assert victims, run.tree()
        os.kill(victims[0], signal.SIGKILL)
        clock = time.monotonic()
        eventually(lambda: all(run.status() == 200 for _ in range(20)), 10)
        if SLOWNESS == 1:
            assert time.monotonic() - clock < 2
        seen = len(load.failures)
        load.wait_more(100) if not seen else time.sleep(0.3)
        assert len(load.failures) == seen
    # While its master is gone nobody listens, and shortly before that nobody accepts: those have asked for nothing yet.
    failures = [each for each in load.failures if not isinstance(each, ConnectionRefusedError)]
    assert part == "master of the edge" or failures == load.failures
    assert len(failures) <= (2 * CLIENTS if part == "master of the edge" else CLIENTS), failures
    # One worker of two runs half of them.
    if part in ("keeper", "zygote", "edge of the application"):
        assert not failures
    assert run.stop() == 0

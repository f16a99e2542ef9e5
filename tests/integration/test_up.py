"""tierce up: the files of nginx, uWSGI, Gunicorn and supervisord as one tree, with the way through shared memory."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time

import processes
import pytest

from chain_run import UWSGI_LOCATION, ChainRun
from gate import Load
from nginx_pair import free_port
from raw_client import Incomplete, RawClient
from server_process import BINARY
from waiting import SLOWNESS, eventually

PASS_UNIX = "proxy_pass http://unix:{dir}/app.sock; proxy_set_header X-Forwarded-Proto https; proxy_read_timeout 20s;"
PASS_TCP = "proxy_pass http://127.0.0.1:%d;"
GUNICORN = """
[program:web]
command={gunicorn} chain_app:app -w 2 -b {bind} --chdir %(here)s --access-logfile -
stdout_logfile=%(here)s/app.log
redirect_stderr=true
[program:nginx]
command=nginx -p %(here)s/ -c %(here)s/nginx.conf -g "daemon off;"
stopsignal=QUIT
"""


def test_requests_do_not_come_through_the_socket(chain):
    run = chain().begin()
    run.hide_socket()
    assert run.request("/").body == b"hello\n"
    # ... which is there for everybody else.
    run.reaches("uwsgi", "RUNNING")
    run.reaches("nginx", "RUNNING")
    assert re.search(r"uwsgi +RUNNING", run.ctl("status").stdout)
    assert "uwsgi: requests to unix:" in run.log()
    assert run.stop() == 0


def test_no_fuse_goes_through_the_socket(chain):
    run = chain(arguments=["--no-fuse"]).begin()
    run.hide_socket()
    assert run.status("/") == 502
    assert run.stop() == 0


def _story(run):
    """Everything an application and a client can see of each other."""
    story = {}
    environ = run.environ("/environ?a=b%20c", [("X-One", "1"), ("Cookie", "a=b"), ("Accept", "*/*")])
    for name in ("REMOTE_PORT", "HTTP_HOST", "SERVER_PORT", "DOCUMENT_ROOT", "tierce.request_id"):
        environ.pop(name, None)
    story["environ"] = {k: v.replace(str(run.folder), "") if isinstance(v, str) else v for k, v in environ.items()}
    for path, method, headers, body in [
            ("/", "GET", (), None), ("/", "HEAD", (), None), ("/teapot", "GET", (), None), ("/file", "GET", (), None),
            ("/echo", "POST", (), b""), ("/echo", "POST", (), b"small"), ("/echo", "POST", (), b"l" * 3_000_000),
            ("/stream?0", "GET", (), None), ("/stream?3", "GET", (), None), ("/stream?2000", "GET", (), None),
            ("/big?100000", "GET", (), None), ("/big?5000000", "GET", (), None), ("/accel", "GET", (), None),
            ("/raises", "GET", (), None), ("/crash", "GET", (), None), ("/", "GET", [("Range", "bytes=1-2")], None),
            ("/%2e%2e/x", "GET", (), None), ("/a//b", "GET", (), None)]:
        answer = run.request(path, method, headers, body)
        kept = sorted((k, v) for k, v in answer.headers if k not in ("Date", "ETag", "Last-Modified"))
        story[path, method, len(body or b"")] = (answer.status, kept, hashlib.sha256(answer.body).hexdigest())
    client = RawClient(run.address)
    client.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + b"5\r\nhello\r\n" * 20000 + b"0\r\n\r\n")
    story["chunked"] = client.response("POST").body
    client.close()
    return story


WAYS = {
    "uwsgi": {},
    "wsgi_pass": {"location": "wsgi_pass uwsgi; uwsgi_read_timeout 20s;"},
    "upstream": {"http": "upstream app {{ server unix:{dir}/app.sock; keepalive 4; }}",
                 "location": "include {params}; uwsgi_pass app; uwsgi_read_timeout 20s;"},
    "unbuffered": {"location": "include {params}; uwsgi_pass unix:{dir}/app.sock; uwsgi_buffering off; "
                               "uwsgi_request_buffering off;"},
    "threads": {"threads": 2, "uwsgi": "threads = 2"},
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_seen_is_what_the_socket_shows(chain, way):
    how = dict(WAYS[way])
    fused = chain(**how).begin()
    plain = chain(**how, arguments=["--no-fuse"]).begin()
    fused.hide_socket()
    ours, theirs = _story(fused), _story(plain)
    assert ours["environ"] == theirs["environ"]
    assert ours == theirs
    assert fused.stop() == 0


def test_the_application_logs_its_requests(chain):
    run = chain().begin()
    run.hide_socket()
    run.request("/teapot")
    eventually(lambda: "GET /teapot => generated 15 bytes" in run.app_log(), 5, run.app_log)
    run.request("/raises")
    eventually(lambda: "RuntimeError: on purpose" in run.app_log(), 5)


@pytest.mark.parametrize("bind", ["unix:%(here)s/app.sock", "127.0.0.1:{port}", "0.0.0.0:{port}"])
def test_gunicorn_behind_proxy_pass(chain, bind):
    port = free_port()
    location = PASS_UNIX if bind.startswith("unix") else PASS_TCP % port
    run = chain(location=location, programs=GUNICORN.replace("{bind}", bind.format(port=port)).replace(
        "{gunicorn}", f"{sys.executable} -m gunicorn").replace("{", "{{").replace("}", "}}")).begin()
    assert "web: requests to" in run.log()
    if bind.startswith("unix"):
        run.hide_socket()
        assert run.environ()["wsgi.url_scheme"] == "https"
    assert run.request("/echo", "POST", body=b"x" * 100000).header("X-Length") == "100000"
    assert run.request("/teapot").status == 418
    eventually(lambda: '"GET /teapot HTTP/1.0" 418' in run.app_log(), 5, run.app_log)
    assert run.stop() == 0


def test_a_restart_of_the_application_loses_nothing(chain):
    run = chain().begin()
    with Load(run, "/pid", clients=4, keep_alive=True) as load:
        for _ in range(3):
            load.wait_more(50)
            assert run.ctl("restart", "uwsgi").returncode == 0
        load.wait_more(50)
    assert not load.failures, load.failures[:3]
    assert run.stop() == 0


def test_one_that_is_stopped_is_a_bad_gateway_until_it_is_back(chain):
    run = chain().begin()
    run.ctl("stop", "uwsgi", check=True)
    eventually(lambda: run.status() == 502, 15)
    run.ctl("start", "uwsgi", check=True)
    eventually(lambda: run.status() == 200, 15)
    # Shared memory is asked for again a second after the last time that nobody was there.
    run.hide_socket()
    eventually(lambda: run.status() == 200, 5)


def test_a_reload_of_the_application_loses_nothing(chain):
    run = chain().begin()
    with Load(run, "/pid", clients=4, keep_alive=True) as load:
        for _ in range(3):
            load.wait_more(50)
            before = set(load.bodies[-20:])
            os.kill(run.pid_of("uwsgi"), signal.SIGHUP)
            eventually(lambda: load.bodies[-1] not in before or load.failures, 15)
    assert not load.failures, load.failures[:3]


def test_reloads_of_the_edge_give_their_places_back(chain):
    """More of them than there are ports."""
    run = chain().begin()
    run.hide_socket()
    with Load(run, "/pid", clients=4) as load:
        for _ in range(12):
            load.wait_more(20)
            started = run.error_log().count("start worker process")
            os.kill(run.pid_of("nginx"), signal.SIGHUP)
            eventually(lambda: run.error_log().count("start worker process") > started, 10)
            run.status("/")
        load.wait_more(20)
    # While more generations overlap than there are ports a request goes to the socket, which is hidden here.
    assert len(load.failures) == 0, load.failures[:3]
    assert run.stop() == 0


def _killed(run, pick):
    victims = [pid for pid, command in run.tree().items() if pick(pid, command)]
    assert victims, run.tree()
    os.kill(victims[0], signal.SIGKILL)
    return victims[0]


PARTS = {
    "worker of the edge": lambda run: lambda pid, command: command.startswith("nginx: worker"),
    "master of the edge": lambda run: lambda pid, command: pid == run.pid_of("nginx"),
    "supervisor of the application": lambda run: lambda pid, command: pid == run.pid_of("uwsgi"),
    "edge of the application": lambda run: lambda pid, command: "uwsgi" in command and pid != run.pid_of("uwsgi"),
    "zygote": lambda run: lambda pid, command: "tierce_wsgi" in command
    and processes.parent_of(pid) == run.pid_of("uwsgi"),
    "worker of the application": lambda run: lambda pid, command: "tierce_wsgi" in command
    and processes.parent_of(pid) != run.pid_of("uwsgi"),
}


@pytest.mark.parametrize("part", PARTS)
def test_the_chain_heals(chain, part):
    run = chain().begin()
    with Load(run, "/pid", clients=4) as load:
        load.wait_more(50)
        _killed(run, PARTS[part](run))
        clock = time.monotonic()
        # Every client again, one after the other, without a failure between.
        eventually(lambda: all(run.status() == 200 for _ in range(20)), 10)
        if SLOWNESS == 1:
            assert time.monotonic() - clock < 2
        load.failures.clear()
        load.wait_more(100)
    assert run.stop() == 0


def test_only_what_runs_in_a_dead_worker_fails(chain, tmp_path):
    run = chain(uwsgi="threads = 4").begin()
    gate = tmp_path / "gate"
    with Load(run, "/pid", clients=3) as load:
        load.wait_more(20)
        assert run.status("/crash") == 502
        load.wait_more(50)
    assert len(load.failures) <= 3 and all(getattr(each, "status", None) == 502 for each in load.failures)
    gate.write_text("")
    assert "while it ran this request" in run.app_log()


def test_an_answer_that_breaks_off_has_no_clean_end(chain):
    """It has no length: only how it ends says that it is not the whole. (A unix socket could not say it.)"""
    run = chain().begin()
    client = RawClient(run.address)
    client.send(b"GET /breaks HTTP/1.1\r\nHost: a\r\n\r\n")
    with pytest.raises((Incomplete, ConnectionError)):
        client.response()
    client.close()
    assert "ZeroDivisionError" in run.app_log()
    assert run.status() == 200


def test_a_request_over_its_time(chain, tmp_path):
    run = chain(uwsgi="harakiri = 1").begin()
    run.hide_socket()
    assert run.request(f"/wait?{tmp_path}/never").status == 504
    eventually(lambda: "chain_app.py" in run.app_log(), 5, run.app_log)
    assert run.status() == 200


def test_a_client_that_leaves_costs_no_place(chain, tmp_path):
    run = chain().begin()
    run.hide_socket()
    gate = tmp_path / "gate"
    client = RawClient(run.address)
    client.request("GET", f"/wait?{gate}")
    eventually(lambda: (tmp_path / "gate.begun").exists(), 10)
    client.close()
    gate.write_text("")
    for _ in range(200):
        assert run.status() == 200
    eventually(lambda: '" 499 ' in (run.folder / "access.log").read_text(), 5)


@pytest.mark.parametrize("arguments", [(), ("--no-fuse",)])
@pytest.mark.parametrize("length", ["big", "stream"])
def test_a_slow_reader_does_not_hold_the_worker(chain, arguments, length):
    run = chain(uwsgi="processes = 1", arguments=arguments).begin()
    client = RawClient(run.address)
    client.request("GET", f"/{length}?{30_000_000 if length == 'big' else 5000}")
    eventually(lambda: run.status() == 200, 10)
    assert len(client.response().body) == 30_000_000
    client.close()


def test_a_websocket_style_upgrade_is_refused_by_the_application(chain):
    run = chain(location=PASS_UNIX + " proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; "
                                     "proxy_set_header Connection upgrade;",
                programs=GUNICORN.replace("{bind}", "unix:%(here)s/app.sock").replace(
                    "{gunicorn}", f"{sys.executable} -m gunicorn")).begin()
    assert run.request("/", headers=[("Upgrade", "websocket")]).status == 200


@pytest.mark.parametrize("daemon", ["", "daemon off;", "daemon on;"])
def test_without_a_supervisor_file(tmp_path, daemon):
    port = free_port()
    shape = ChainRun(tmp_path / "files", port)
    conf = shape.folder / "nginx.conf"
    conf.write_text(daemon + conf.read_text())
    process = subprocess.Popen([str(BINARY), "up", "--nginx", shape.folder / "nginx.conf", "--uwsgi",
                                shape.folder / "uwsgi.ini"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               cwd=tmp_path)
    try:
        eventually(lambda: shape.status() == 200, 15)
        shape.hide_socket()
        assert shape.status() == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(15 * SLOWNESS) == 0
    finally:
        process.kill()
    assert not (tmp_path / "supervisord.pid").exists()


def test_gunicorn_without_a_supervisor_file(tmp_path):
    port, behind = free_port(), free_port()
    shape = ChainRun(tmp_path / "files", port, location=PASS_TCP % behind)
    process = subprocess.Popen([str(BINARY), "up", "--nginx", shape.folder / "nginx.conf", "--gunicorn",
                                f"chain_app:app -w 2 -b 127.0.0.1:{behind} --chdir '{shape.folder}' "
                                f"--python {sys.executable}"], stdout=subprocess.DEVNULL, cwd=tmp_path)
    try:
        eventually(lambda: shape.status() == 200, 15)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15 * SLOWNESS) == 0
    finally:
        process.kill()


def test_a_chain_that_cannot_start_ends(tmp_path):
    shape = ChainRun(tmp_path / "files", free_port())
    (shape.folder / "nginx.conf").write_text("events {} http { sever { } }")
    done = subprocess.run([str(BINARY), "up", "--nginx", shape.folder / "nginx.conf", "--uwsgi",
                           shape.folder / "uwsgi.ini"], capture_output=True, text=True, timeout=60 * SLOWNESS,
                          cwd=tmp_path)
    assert done.returncode != 0
    assert 'unknown directive "sever"' in done.stdout + done.stderr


def test_nothing_is_lost_of_what_goes_into_a_file(tmp_path):
    shape = ChainRun(tmp_path / "files", free_port())
    (shape.folder / "nginx.conf").write_text("events {} http { sever { } }")
    with open(tmp_path / "out", "wb") as out:
        done = subprocess.run([str(BINARY), "up", "--nginx", shape.folder / "nginx.conf", "--uwsgi",
                               shape.folder / "uwsgi.ini"], stdout=out, stderr=out, timeout=60 * SLOWNESS, cwd=tmp_path)
    assert done.returncode != 0
    text = (tmp_path / "out").read_text()
    assert text.count('unknown directive "sever"') == text.count("spawned: 'nginx'") > 1, text
    assert "gave up: nginx" in text and "\nnginx: [emerg]" in text and "Booting worker" in text, text


def test_one_file_for_all(one_file):
    process = one_file.begin_one()
    eventually(lambda: one_file.status() == 200, 15, one_file.output)
    assert one_file.environ()["wsgi.multithread"] is True
    eventually(lambda: (one_file.folder / "counted").exists(), 5)
    assert (one_file.folder / "counted").read_text() == "counter\n"
    process.terminate()
    assert process.wait(15 * SLOWNESS) == 0


def test_one_file_tells_the_port_that_was_asked_for(one_file):
    one_file.begin_one()
    eventually(lambda: one_file.status() == 200, 15, one_file.output)
    for asked, told in ((b"A.example:8000", "a.example:8000"), (b"[::1]:8000", "[::1]:8000"), (b"[::1]", "[::1]"),
                        (b"a.example", "a.example")):
        with RawClient(one_file.address) as client:
            client.send(b"GET /environ HTTP/1.1\r\nHost: " + asked + b"\r\nConnection: close\r\n\r\n")
            assert json.loads(client.response("GET").body)["HTTP_HOST"] == told


@pytest.mark.parametrize("wrong, says", [
    ("proceses 2;", r"tierce\.conf:(10|11).*proceses.*processes"),
    ("processes many;", r"tierce\.conf:1[01]"),
])
def test_one_file_names_the_lines_of_what_is_wrong_in_an_app(one_file, wrong, says):
    one_file.one.write_text(one_file.one.read_text().replace("processes 2;", wrong))
    one_file.begin_one()
    eventually(lambda: re.search(says, one_file.output()), 10, one_file.output)


def test_one_file_names_the_line_of_what_is_wrong_in_a_program(one_file):
    one_file.one.write_text(one_file.one.read_text().replace("startsecs 0;", "startsecs soon;"))
    done = one_file.begin_one()
    assert done.wait(10 * SLOWNESS) == 2
    assert re.search(r"tierce\.conf:17.*startsecs", one_file.output()), one_file.output()


def test_one_file_with_a_name_given_twice(one_file):
    one_file.one.write_text(one_file.one.read_text() + "program web { command \"sleep 1\"; }\n")
    done = one_file.begin_one()
    assert done.wait(10 * SLOWNESS) == 2
    assert re.search(r'"web" is the name of "app web" \(.*tierce\.conf:7\) already, and of "program web" in .*tierce\.conf:27',
                     one_file.output()), one_file.output()


def test_one_file_names_the_line_of_what_is_wrong_in_http(one_file):
    one_file.one.write_text(one_file.one.read_text().replace("wsgi_pass web;", "wsgi_pas web;"))
    done = one_file.begin_one()
    assert done.wait(10 * SLOWNESS) == 2
    assert re.search(r'unknown directive "wsgi_pas" \(did you mean "wsgi_pass"\?\) in .*tierce\.conf:24', one_file.output())


@pytest.mark.parametrize("arguments, says", [
    (["-c", "/nowhere.conf"], "/nowhere.conf"),
    (["-c", "supervisord.ini"], "could not find config file supervisord.ini; supervisor.ini lies beside it"),
    (["--nginx", "nginx.cnf"], "--nginx: cannot read nginx.cnf: No such file or directory; nginx.conf lies beside it"),
    (["--nginx", "nginx.conf", "--uwsgi", "missing.yaml"], "--uwsgi: cannot read missing.yaml: No such file or directory"),
    (["-c", "x", "--nginx", "nginx.conf"], "not both"),
    (["--bogus"], "bogus"),
    (["a", "b"], "a: no such option"),
])
def test_wrong_command_lines(arguments, says, tmp_path):
    (tmp_path / "supervisor.ini").write_text("[supervisord]\n")
    (tmp_path / "nginx.conf").write_text("events {}\n")
    done = subprocess.run([str(BINARY), "up", *arguments], capture_output=True, text=True, timeout=20, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr


def test_the_help_tells_of_every_option():
    done = subprocess.run([str(BINARY), "up", "--help"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0
    for option in ("--configuration", "--nginx", "--uwsgi", "--gunicorn", "--no-fuse"):
        assert option in done.stdout


SORRY = "error_page 502 504 /files/given.txt; "


@pytest.mark.parametrize("arguments", [(), ("--no-fuse",)])
def test_error_pages_stand_for_an_application_that_fails(chain, arguments):
    run = chain(location=SORRY + UWSGI_LOCATION, uwsgi="harakiri = 1", arguments=arguments).begin()
    answer = run.request("/crash")
    assert (answer.status, answer.body) == (502, b"given\n")
    answer = run.request("/slow?60")
    # A socket cannot say why it is closed.
    assert (answer.status, answer.body) == (504 if not arguments else 502, b"given\n")
    # What the application says itself is passed on.
    assert run.request("/raises").body != b"given\n"


@pytest.mark.parametrize("arguments", [(), ("--no-fuse",)])
def test_another_server_is_asked_where_a_worker_dies(chain, arguments):
    upstream = "upstream both {{ server unix:{dir}/app.sock max_fails=0; server unix:{dir}/none.sock backup; }}"
    run = chain(location="include {params}; uwsgi_pass both;", http=upstream, arguments=arguments).begin()
    assert run.request("/crash").status == 502
    assert "none.sock failed (2: No such file or directory) while connecting to upstream" in run.error_log()


def test_a_body_that_is_not_passed_on_is_not_waited_for(chain):
    run = chain(location="uwsgi_pass_request_body off; " + UWSGI_LOCATION).begin()
    assert run.request("/pid", "POST", body=b"b" * 100).status == 200


def test_head_of_a_stream_says_no_length(chain):
    run = chain().begin()
    answer = run.request("/stream?3", "HEAD")
    assert (answer.status, answer.header("Content-Length")) == (200, None)

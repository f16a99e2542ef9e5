"""wsgi_pass NAME: which program is meant, and the way to it with shared memory and without."""

import os
import subprocess

import pytest

from chain_run import ONE_FILE, PROGRAMS, UWSGI
from gate import Load
from nginx_pair import free_port
from other_users import let_everybody_enter
from raw_client import RawClient
from server_process import BINARY
from test_the_note import interpreter_for
from waiting import SLOWNESS, eventually

GROUP = PROGRAMS + "[group:g]\nprograms=uwsgi\n"
TWO = PROGRAMS.replace("--ini %(here)s/uwsgi.ini", "--ini %(here)s/uwsgi.ini --socket %(here)s/app%(process_num)d.sock "
                       "\nnumprocs=2\nprocess_name=%(program_name)s_%(process_num)d")
CONTROL = "\nunix_http_server {{ file {dir}/s.sock; }}\n"


@pytest.mark.parametrize("arguments", [(), ("--no-fuse",)])
@pytest.mark.parametrize("name", ["uwsgi", "g:uwsgi"])
def test_a_program_of_a_group(chain, name, arguments):
    run = chain(programs=GROUP, location=f"wsgi_pass {name};", arguments=arguments).begin()
    run.reaches("g:uwsgi", "RUNNING")
    if not arguments:
        run.hide_socket()
    assert run.status() == 200
    assert run.stop() == 0


def test_any_process_of_a_program_takes_what_is_meant_for_it(chain):
    run = chain(programs=TWO, location="wsgi_pass uwsgi;")
    (run.folder / "uwsgi.ini").write_text(
        UWSGI.format(dir=run.folder, more="").replace(f"socket = {run.folder}/app.sock\n", ""))
    run.begin()
    with Load(run, "/pid", clients=4, keep_alive=True) as load:
        for gone in ("uwsgi:uwsgi_0", "uwsgi:uwsgi_1", "uwsgi:uwsgi_0"):
            load.wait_more(50)
            run.ctl("stop", gone, check=True)
            load.wait_more(50)
            run.ctl("start", gone, check=True)
        load.wait_more(50)
    assert not load.failures, load.failures[:3]
    assert run.stop() == 0


def test_one_of_them_by_its_own_name(chain):
    run = chain(programs=TWO, location="wsgi_pass uwsgi:uwsgi_1;")
    (run.folder / "uwsgi.ini").write_text(
        UWSGI.format(dir=run.folder, more="").replace(f"socket = {run.folder}/app.sock\n", ""))
    run.begin()
    pids = {run.request("/pid").body for _ in range(10)}
    run.ctl("stop", "uwsgi:uwsgi_0", check=True)
    assert {run.request("/pid").body for _ in range(10)} & pids
    run.ctl("stop", "uwsgi:uwsgi_1", check=True)
    eventually(lambda: run.status() == 502, 15)


def test_a_group_of_one_file(one_file):
    one_file.write(ONE_FILE + "group both {{ programs web,counter; }}\n" + CONTROL)
    one_file.begin_one()
    eventually(lambda: one_file.status() == 200, 15, one_file.output)
    assert {each["group"] for each in one_file.rpc.getAllProcessInfo()} == {"both", "nginx"}


# Without `user` the edge serves as somebody who is not root, and is to reach the socket all the same.
@pytest.mark.parametrize("text", [ONE_FILE, ONE_FILE.replace("{user}", ""),
                                  ONE_FILE.replace("threads 2;", "http-socket {dir}/http.sock;")],
                         ids=["root", "another user", "another socket"])
def test_one_file_without_shared_memory(one_file, text):
    one_file.write(text + CONTROL)
    process = one_file.begin_one("--no-fuse")
    eventually(lambda: one_file.status() == 200, 15, one_file.output)
    assert "through shared memory" not in one_file.output()
    [folder] = [line.split("unix:", 1)[1].rsplit("/", 1)[0] for line in one_file.output().splitlines()
                if "Listening at" in line and "/web.sock" in line]
    assert os.stat(folder).st_mode & 0o007 == 0
    # A new process has a new socket at the same place.
    one_file.ctl("restart", "web", check=True)
    assert one_file.status() == 200
    one_file.ctl("stop", "web", check=True)
    eventually(lambda: one_file.status() == 502, 15)
    process.terminate()
    assert process.wait(15 * SLOWNESS) == 0
    assert not os.path.exists(folder)


def test_an_application_of_another_user_without_shared_memory(one_file, monkeypatch):
    if os.geteuid() != 0:
        pytest.skip("only root may be somebody else")
    python = interpreter_for("www-data")
    assert python, "www-data can start no interpreter"
    (one_file.folder / "bin").mkdir()
    (one_file.folder / "bin" / "python3").symlink_to(python)
    monkeypatch.setenv("PATH", f"{one_file.folder}/bin:{os.environ['PATH']}")
    one_file.write(ONE_FILE.replace("{user}", "").replace("    callable app;\n", "    callable app;\n    uid www-data;\n"))
    let_everybody_enter(one_file.folder)
    one_file.begin_one("--no-fuse")
    eventually(lambda: one_file.status() == 200, 15, one_file.output)


def test_an_application_that_lets_nobody_in_is_reached_by_its_socket(chain):
    run = chain(location="wsgi_pass uwsgi;", uwsgi="static-map = /given=%dfiles").begin()
    assert run.request("/given/given.txt").body == b"given\n"
    assert "Requests come through the socket, not through shared memory" in run.app_log()
    run.hide_socket()
    eventually(lambda: run.status() == 502, 5)


def test_one_without_a_uwsgi_socket_is_named_in_the_log(chain):
    run = chain(location="wsgi_pass uwsgi;", arguments=["--no-fuse"])
    ini = (run.folder / "uwsgi.ini").read_text()
    (run.folder / "uwsgi.ini").write_text(ini.replace("\nsocket =", "\nhttp-socket ="))
    run.start()
    eventually(lambda: run.status() == 502, 15)
    assert 'no application "uwsgi" is there, or none with a uwsgi socket' in run.error_log()


def test_what_init_writes_works_without_shared_memory(tmp_path):
    (tmp_path / "app.py").write_text(
        "from flask import Flask\napp = Flask(__name__)\n\n@app.route('/')\ndef hello():\n    return 'hello'\n")
    subprocess.run([str(BINARY), "init"], cwd=tmp_path, check=True, capture_output=True)
    path, port = tmp_path / "tierce.conf", free_port()
    path.write_text(path.read_text().replace("127.0.0.1:8000", f"127.0.0.1:{port}"))
    with open(tmp_path / "output", "wb") as output:
        process = subprocess.Popen([str(BINARY), "up", "--no-fuse", "-c", str(path)], stdout=output, stderr=output,
                                   cwd="/")

    def body():
        try:
            with RawClient(("127.0.0.1", port)) as client:
                client.request("GET", "/")
                return client.response().body
        except OSError:
            return None
    try:
        eventually(lambda: body() == b"hello", 20, (tmp_path / "output").read_text)
    finally:
        process.terminate()
        assert process.wait(15 * SLOWNESS) == 0

"""Settings of Gunicorn do under tierce gunicorn what they do under Gunicorn."""

import os
import re
import signal
import stat
import time

import pytest

import processes
from gunicorn_peers import OURS, REAL
from raw_client import RawClient
from waiting import eventually

both = pytest.mark.parametrize("program", [OURS, REAL], ids=["tierce", "gunicorn"])


def says(expression):
    """An application that answers with the value of an expression."""
    return f"""
import os, sys
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Answer", "a b")])
    return [str({expression}).encode()]
"""


@both
def test_raw_env_and_pythonpath(gunicorn_run, tmp_path, program):
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "helper.py").write_text("WORD = 'helped'\n")
    run = gunicorn_run(program, "-e", "ONE=1=1", "--pythonpath", str(tmp_path / "far"),
                       app=says("os.environ['ONE'] + __import__('helper').WORD"))
    run.wait_ready()
    assert run.request().text == "1=1helped"
    assert run.stop() == 0


def test_the_environment_is_read_anew_on_hup(gunicorn_run):
    run = gunicorn_run(OURS, conf="raw_env = ['ONE=old']\n", app=says("os.environ.get('ONE')"))
    run.wait_ready()
    assert run.request().text == "old"
    (run.directory / "gunicorn.conf.py").write_text("raw_env = ['ONE=new']\n")
    run.process.send_signal(signal.SIGHUP)
    eventually(lambda: run.request().text == "new", 10)
    assert run.stop() == 0


@both
def test_chdir_is_where_the_application_is(gunicorn_run, tmp_path, program):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "traced.py").write_text(says("os.getcwd()"))
    run = gunicorn_run(program, conf=f"chdir = {str(tmp_path / 'there')!r}\n", app="1 / 0")
    run.wait_ready()
    assert run.request().text == str(tmp_path / "there")
    assert run.stop() == 0


@both
@pytest.mark.parametrize("umask, mode", [(None, 0o777), ("007", 0o770)])
def test_the_umask_is_the_unix_sockets(gunicorn_run, tmp_path, program, umask, mode):
    path = tmp_path / "s"
    run = gunicorn_run(program, *(["--umask", umask] if umask else []), bind=f"unix:{path}", app=says("'%o' % os.umask(0)"))
    run.wait_ready()
    assert stat.S_IMODE(path.stat().st_mode) == mode
    with RawClient(str(path)) as client:
        client.request()
        assert client.response().text != "7", "the application keeps its own"
    assert run.stop() == 0


@both
def test_nothing_is_logged_of_requests_unless_asked_for(gunicorn_run, program):
    run = gunicorn_run(program)
    run.wait_ready()
    assert run.get() == 200
    assert run.stop() == 0
    assert "HTTP/1.1" not in run.log()


FORMATS = ['%(h)s %(l)s %(u)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"', "%(m)s %(U)s %(q)s %(H)s %(B)s %%",
           '%({x-one}i)s %({X-One}i)s %({none}i)s %({x-answer}o)s %({HTTP_X_ONE}e)s %({raw_uri}e)s %(none)s']


@pytest.mark.parametrize("text", FORMATS)
def test_the_access_log_has_the_format_asked_for(gunicorn_run, text):
    def line(program):
        run = gunicorn_run(program, "--access-logfile", "access.log", "--access-logformat", "> " + text, app=says("'abc'"))
        run.wait_ready()
        assert run.get("/a%20b?c=d", [("X-One", "1"), ("User-Agent", "tests"), ("Authorization", "Basic dTpw")]) == 200
        file = run.directory / "access.log"
        eventually(lambda: file.exists() and file.read_text().endswith("\n"), 5)
        assert run.stop() == 0
        return file.read_text()

    assert line(OURS) == line(REAL)


def test_the_access_log_knows_times_and_the_worker(gunicorn_run):
    run = gunicorn_run(OURS, "--access-logfile", "a.log", "--access-logformat", "%(T)s %(M)s %(D)s %(L)s %(p)s %(t)s",
                       app=says("__import__('time').sleep(0.3) or os.getpid()"))
    run.wait_ready()
    pid = run.request().text
    file = run.directory / "a.log"
    eventually(lambda: file.exists() and file.read_text(), 5)
    found = re.fullmatch(r"0 (\d+) (\d+) 0\.(\d{6}) <(\d+)> \[\d+/\w+/\d+:[\d:]+ [+-]\d{4}\]\n", file.read_text())
    assert found, file.read_text()
    assert 300 <= int(found[1]) < 3000 and int(found[2]) // 1000 == int(found[1]) and found[4] == pid
    assert run.stop() == 0


def test_capture_output_and_its_rotation(gunicorn_run):
    run = gunicorn_run(OURS, "--log-file", "error.log", "--capture-output",
                       app=says("print('printed', flush=True) or os.system('echo by a child')"))
    log = run.directory / "error.log"
    eventually(lambda: log.exists() and "Booting worker" in log.read_text(), 10)
    run.get()
    eventually(lambda: "printed\nby a child\n" in log.read_text(), 5)
    log.rename(run.directory / "old.log")
    run.process.send_signal(signal.SIGUSR1)
    eventually(lambda: log.exists() and "Logs reopened" in log.read_text(), 5)
    run.get()
    eventually(lambda: "printed\nby a child\n" in log.read_text(), 5)
    assert run.stop() == 0
    assert run.log() == ""


@pytest.mark.parametrize("how", ["dictionary", "json", "ini"])
@both
def test_logconfig_is_for_the_loggers_of_the_application(gunicorn_run, tmp_path, program, how):
    # "console" is a handler that Gunicorn brings along.
    dictionary = {"formatters": {"generic": {"format": "FORMATTED %(message)s"}},
                  "loggers": {"shop": {"handlers": ["console"], "level": "INFO", "propagate": False}}}
    import json
    (tmp_path / "log.json").write_text(json.dumps(dictionary))
    (tmp_path / "log.ini").write_text("[loggers]\nkeys=root,shop\n[handlers]\nkeys=h\n[formatters]\nkeys=f\n[logger_root]\nhandlers=\n"
                                      "[logger_shop]\nlevel=INFO\nhandlers=h\nqualname=shop\n[handler_h]\nclass=StreamHandler\nformatter=f\n"
                                      "args=()\n[formatter_f]\nformat=FORMATTED %(message)s\n")
    conf = {"dictionary": f"logconfig_dict = {dictionary!r}\n", "json": f"logconfig_json = {str(tmp_path / 'log.json')!r}\n",
            "ini": f"logconfig = {str(tmp_path / 'log.ini')!r}\n"}[how]
    run = gunicorn_run(program, conf=conf, app=says("__import__('logging').getLogger('shop').info('hello')"))
    eventually(lambda: _answers(run), 10)
    eventually(lambda: "FORMATTED hello" in run.log(), 5)
    assert run.stop() == 0


def test_a_wrong_logconfig_is_named(gunicorn_run):
    run = gunicorn_run(OURS, conf="logconfig_dict = {'root': {'handlers': ['nowhere']}}\n")
    assert run.process.wait(15) == 3
    assert "The configuration of the logs: " in run.log() and "Traceback" not in run.log()


def _answers(run):
    try:
        return run.get() == 200
    except OSError:
        return False


def test_a_daemon(gunicorn_run):
    run = gunicorn_run(OURS, "--daemon", "--pid", "pid", "--log-file", "error.log", app=says("(os.getpgid(0), os.getcwd())"))
    assert run.process.wait(10) == 0
    log = run.directory / "error.log"
    eventually(lambda: log.exists() and "Booting worker" in log.read_text(), 10)
    pid = int((run.directory / "pid").read_text())
    try:
        group, where = eval(run.request().text)
        assert group not in (os.getpgid(0), run.process.pid) and where == str(run.directory)
        assert os.path.samefile(f"/proc/{pid}/fd/0", "/dev/null") and os.path.samefile(f"/proc/{pid}/fd/1", "/dev/null")
        os.kill(pid, signal.SIGWINCH)
        eventually(lambda: "Worker exiting" in log.read_text(), 10)
        time.sleep(0.3)
        assert log.read_text().count("Booting worker") == 1, "no other comes"
        os.kill(pid, signal.SIGTTIN)
        eventually(lambda: log.read_text().count("Booting worker") == 2, 10)
        assert run.get() == 200
    finally:
        os.kill(pid, signal.SIGTERM)
        eventually(lambda: not processes.alive(pid), 10)
    assert not (run.directory / "pid").exists()


def test_winch_is_nothing_to_a_server_in_the_foreground(gunicorn_run):
    run = gunicorn_run(OURS)
    run.wait_ready()
    run.process.send_signal(signal.SIGWINCH)
    assert run.get() == 200
    assert "Worker exiting" not in run.log()
    assert run.stop() == 0


def test_reload_sees_the_application_and_extra_files(gunicorn_run, tmp_path):
    extra = tmp_path / "data.txt"
    extra.write_text("1")
    run = gunicorn_run(OURS, "--reload", "--reload-extra-file", str(tmp_path / "*.txt"), app=f"WORD = open({str(extra)!r}).read()\n" + says("WORD"))
    run.wait_ready()
    assert run.request().text == "1"
    extra.write_text("2")
    eventually(lambda: run.request().text == "2", 10)
    (run.directory / "traced.py").write_text(says("3"))
    eventually(lambda: run.request().text == "3", 10)
    assert run.stop() == 0


@both
def test_each_worker_imports_the_application_unless_it_is_preloaded(gunicorn_run, program):
    app = "import os\nIMPORTED_BY = os.getpid()\n" + says("IMPORTED_BY == os.getpid()")
    for args, answer in (([], "True"), (["--preload"], "False")):
        run = gunicorn_run(program, *args, app=app)
        run.wait_ready()
        assert run.request().text == answer
        assert run.stop() == 0


@both
def test_limits(gunicorn_run, program):
    run = gunicorn_run(program, "--limit-request-line", "100", "--limit-request-fields", "3", app=says("len(environ['wsgi.input'].read())"))
    run.wait_ready()
    assert run.get("/" + "a" * 50) == 200
    assert run.get("/" + "a" * 200) == 414
    assert run.get("/", [(f"X-{i}", "1") for i in range(9)]) == 431
    assert run.request("POST", "/", [], b"x" * 3_000_000).text == "3000000", "a body is as large as it is"
    assert run.stop() == 0


@both
@pytest.mark.parametrize("allowed, scheme", [("127.0.0.0/8", "https"), ("10.0.0.0/8,127.0.0.1", "https"), ("*", "https"), ("10.0.0.0/8", "http")])
def test_forwarded_allow_ips(gunicorn_run, program, allowed, scheme):
    run = gunicorn_run(program, "--forwarded-allow-ips", allowed, app=says("environ['wsgi.url_scheme']"))
    run.wait_ready()
    assert run.request("GET", "/", [("X-Forwarded-Proto", "https")]).text == scheme
    assert run.stop() == 0


@both
def test_secure_scheme_headers(gunicorn_run, program):
    run = gunicorn_run(program, conf="secure_scheme_headers = {'X-CAME-BY': 'tls'}\n", app=says("environ['wsgi.url_scheme']"))
    run.wait_ready()
    for headers, scheme in (([("X-Came-By", "tls")], "https"), ([("X-Came-By", "x")], "http"), ([("X-Forwarded-Proto", "https")], "http")):
        assert run.request("GET", "/", headers).text == scheme
    assert run.stop() == 0


def test_a_client_cannot_add_to_what_the_proxy_says_of_the_scheme(gunicorn_run):
    run = gunicorn_run(OURS, app=says("environ['wsgi.url_scheme']"))
    run.wait_ready()
    for headers in ([("X-Forwarded-Proto", "http"), ("X-Forwarded-Ssl", "on")],
                    [("X-Forwarded-Ssl", "on"), ("X-Forwarded-Proto", "http")]):
        assert run.request("GET", "/", headers).text == "http"
    assert run.request("GET", "/", [("X-Forwarded-Proto", "https"), ("X-Forwarded-Ssl", "on")]).text == "https"
    assert run.stop() == 0


@both
@pytest.mark.parametrize("seconds, kept", [("2", True), ("0", False)])
def test_keepalive(gunicorn_run, program, seconds, kept):
    run = gunicorn_run(program, "-k", "gthread", "--keep-alive", seconds)
    run.wait_ready()
    with RawClient(("127.0.0.1", run.port)) as client:
        client.request()
        answer = client.response()
        assert answer.status == 200
        assert ("close" in [value for name, value in answer.headers if name.lower() == "connection"]) != kept
    assert run.stop() == 0


def test_wsgi_app_and_a_changed_file_are_enough(gunicorn_run):
    run = gunicorn_run(OURS, conf="wsgi_app = 'nowhere:app'\nmax_requests = 2\n", app=says("os.getpid()"))
    run.wait_ready()
    pids = {run.request().text for _ in range(2)}
    eventually(lambda: run.request().text not in pids, 10)
    assert run.stop() == 0


def test_what_is_not_supported_is_said_in_the_log(gunicorn_run):
    run = gunicorn_run(OURS, "--log-file", "error.log", conf="\nlogger_class = 'my.Logger'\n")
    log = run.directory / "error.log"
    eventually(lambda: log.exists() and "Booting worker" in log.read_text(), 10)
    assert re.search(r"\[WARNING\] .*/gunicorn\.conf\.py:2: logger_class: not supported: ", log.read_text())
    assert run.stop() == 0


@pytest.mark.parametrize("text", ["workers = 'many'\n", "1 / 0\n", "workers = = 1\n"])
def test_a_reload_of_a_broken_file_leaves_the_old_one(gunicorn_run, text):
    run = gunicorn_run(OURS, conf="raw_env = ['ONE=old']\n", app=says("os.environ.get('ONE')"))
    run.wait_ready()
    (run.directory / "gunicorn.conf.py").write_text(text)
    run.process.send_signal(signal.SIGHUP)
    eventually(lambda: "Reload failed" in run.log(), 10)
    assert "gunicorn.conf.py" in run.log() and "tierce_wsgi" not in run.log()
    assert run.request().text == "old"
    assert run.stop() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="changes users: needs root")
def test_the_user_of_the_workers_and_where_root_stands(gunicorn_run):
    import subprocess
    import tempfile
    from server_process import BINARY, free_port
    from test_options import may_be_run_by_others
    if not may_be_run_by_others("/usr/bin/python3") or not may_be_run_by_others(BINARY):
        pytest.skip("nobody may not run the interpreter or the server")
    with tempfile.TemporaryDirectory() as there, tempfile.TemporaryDirectory() as here:
        os.chmod(there, 0o755)  # Root alone may stand `here`.
        with open(f"{there}/traced.py", "w") as file:
            file.write(says("os.getuid()"))
        with open(f"{there}/conf.py", "w") as file:
            file.write("def post_fork(server, worker): worker.log.info('hook as %s', __import__('os').getuid())\n")
        port = free_port()
        with open(f"{there}/log", "w") as log:
            process = subprocess.Popen([BINARY, "gunicorn", "--python", "/usr/bin/python3", "-c", f"{there}/conf.py", "--chdir", there,
                                        "--user", "nobody", "-b", f"127.0.0.1:{port}", "-b", f"unix:{there}/s", "traced:app"],
                                       cwd=here, stdout=log, stderr=log)
        try:
            eventually(lambda: "hook as 65534" in open(f"{there}/log").read(), 10, open(f"{there}/log").read())
            with RawClient(("127.0.0.1", port)) as client:
                client.request()
                assert client.response().text == "65534"
            assert os.stat(f"{there}/s").st_uid == 65534
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(15) == 0

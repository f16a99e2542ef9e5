"""What uWSGI's files say about Python and its applications: mounts, arguments, imports, the environment, touched files."""

import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

from server_process import APPS, BINARY
from waiting import eventually, stays

UWSGI = pathlib.Path(sys.executable).parent / "uwsgi"


@pytest.fixture
def uwsgi(server):
    """uwsgi("option = value", ...) starts the server with these lines."""
    def start(*lines, app="mounted:told", ready=True):
        ini = server.directory / "app.ini"
        ini.write_text("\n".join(["[uwsgi]", "http-socket = 127.0.0.1:0", f"chdir = {APPS}", "home = " + sys.prefix,
                                  *([f"module = {app}"] if app else []), *lines]) + "\n")
        server.spawn([str(BINARY), "uwsgi", "--ini", str(ini)])
        if ready:
            server.wait_listening()
            server.workers(2 if "processes = 2" in lines else 1)
        return server
    return start


def told(server):
    return json.loads(server.get("/").body)


# --- mounts -----------------------------------------------------------------------------------------------------------

def test_the_longest_mount_is_found_by_the_path(uwsgi):
    server = uwsgi("manage-script-name = true", "mount = /a=mounted:one", "mount = /a/b=mounted:two", app="mounted")
    asked = {path: server.get(path).text for path in ("/", "/a", "/a/", "/a/x", "/ab", "/a/b/c", "/c")}
    assert asked == {"/": "default  /", "/a": "one /a ", "/a/": "one /a /", "/a/x": "one /a /x", "/ab": "default  /ab",
                     "/a/b/c": "two /a/b /c", "/c": "default  /c"}


def test_without_a_module_the_first_mount_takes_the_rest(uwsgi):
    server = uwsgi("manage-script-name = true", "mount = /a=mounted:one", "mount = /b=mounted:two", app=None)
    assert server.get("/c").text == "one  /c"
    assert server.get("/b/x").text == "two /b /x"


def test_a_mount_at_the_root(uwsgi):
    server = uwsgi("manage-script-name = true", "mount = /=mounted:one", app=None)
    assert server.get("/x").text == "one  /x"


def test_without_manage_script_name_the_path_says_nothing(uwsgi):
    server = uwsgi("mount = /a=mounted:one", app="mounted")
    assert server.get("/a/x").text == "default  /a/x"


def test_a_mounted_file_and_the_name_of_its_callable(uwsgi):
    server = uwsgi("manage-script-name = true", f"mount = /f={APPS}/mounted.py", "callable = two", app=None)
    assert server.get("/f/x").text == "two /f /x"


def test_the_real_one_chooses_the_same(uwsgi, tmp_path):
    lines = ["manage-script-name = true", "mount = /a=mounted:one", "mount = /a/b=mounted:two"]
    server = uwsgi(*lines, app="mounted")
    ini = tmp_path / "real.ini"
    ini.write_text("\n".join(["[uwsgi]", f"http-socket = {tmp_path}/real.sock", f"chdir = {APPS}", "module = mounted",
                              "die-on-term = true", *lines]) + "\n")
    real = subprocess.Popen([str(UWSGI), "--ini", str(ini)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: (tmp_path / "real.sock").exists(), 10)
        for path in ("/a", "/a/", "/a/x", "/ab", "/a/b/c", "/a/bc", "/c"):
            theirs = server.request("GET", path, address=str(tmp_path / "real.sock")).text
            assert server.get(path).text == theirs, path
    finally:
        real.terminate()
        real.wait(10)


def test_a_mount_that_cannot_be_loaded_ends_the_start(uwsgi):
    server = uwsgi("mount = /a=no_such_module:app", ready=False)
    assert server.process.wait(10) == 3
    assert "no_such_module" in server.log()


# --- what Python finds ------------------------------------------------------------------------------------------------

def test_arguments(uwsgi):
    assert told(uwsgi("pyargv = one two  three"))["argv"] == ["uwsgi", "one", "two", "three"]


def test_imports_come_before_the_application(uwsgi, tmp_path):
    (tmp_path / "first.py").write_text("import sys\nassert 'mounted' not in sys.modules\n")
    seen = told(uwsgi("import = hello", f"pyimport = {tmp_path}/first.py"))["modules"]
    assert "hello" in seen and "first" in seen


def test_optimize(uwsgi):
    assert told(uwsgi("optimize = 2"))["optimize"] == 2


def test_the_names_of_the_program(uwsgi):
    seen = told(uwsgi(f"py-programname = {sys.executable}", "py-executable = /my/python"))
    assert seen["executable"] == "/my/python" and seen["prefix"] == sys.prefix


def test_directories(uwsgi, tmp_path):
    (tmp_path / "later").mkdir()
    seen = told(uwsgi(f"force-cwd = {tmp_path}", f"chdir2 = {tmp_path}/later"))
    assert seen["cwd"] == f"{tmp_path}/later"


def test_the_environment(uwsgi, tmp_path):
    directory = tmp_path / "env"
    directory.mkdir()
    (directory / "FROM_FILE").write_text("a value  \nnot this\n")
    (directory / "HOME").write_text("")
    (directory / ".HIDDEN").write_text("no")
    seen = told(uwsgi("env = A=1", "env = B=2", "unenv = A", f"envdir = {directory}"))["environ"]
    assert "A" not in seen and seen["B"] == "2"
    assert seen["FROM_FILE"] == "a value" and "HOME" not in seen and ".HIDDEN" not in seen


def test_no_file_wrapper(uwsgi):
    assert told(uwsgi("wsgi-disable-file-wrapper = true"))["wrapper"] is False


@pytest.mark.parametrize("name", ["site.wsgi", "site"])
def test_a_file_of_any_name(uwsgi, tmp_path, name):
    (tmp_path / name).write_text("def application(e, s):\n    s('200 OK', [])\n    return [__name__.encode()]\n")
    server = uwsgi(f"chdir = {tmp_path}", f"wsgi-file = {name}", app=None)
    assert server.get("/").text == "uwsgi_file_" + name.replace(".", "_")


# --- touched files ----------------------------------------------------------------------------------------------------

def touched(path):
    os.utime(path, (time.time() + 10, time.time() + 10))


@pytest.mark.parametrize("option", ["touch-workers-reload", "touch-chain-reload"])
def test_touched_workers_are_forked_anew_without_an_import(uwsgi, tmp_path, option):
    file = tmp_path / "touched"
    file.write_text("")
    server = uwsgi(f"{option} = {file}", "processes = 2")
    before, zygote = set(server.workers(2)), server.zygote
    touched(file)
    eventually(lambda: len(server.workers()) == 2 and not before & set(server.workers()), 15, "two other workers")
    assert server.zygote == zygote


def test_touched_logs_are_reopened(uwsgi, tmp_path):
    file, log = tmp_path / "touched", tmp_path / "log"
    file.write_text("")
    server = uwsgi(f"touch-logreopen = {file}", f"logto = {log}", ready=False)
    eventually(lambda: log.exists() and "Booting worker" in log.read_text(), 10)
    log.rename(tmp_path / "old")
    touched(file)
    eventually(log.exists, 10, "a new log")


def test_touched_logs_are_rotated(uwsgi, tmp_path):
    file, log = tmp_path / "touched", tmp_path / "log"
    file.write_text("")
    uwsgi(f"touch-logrotate = {file}", f"logto = {log}", ready=False)
    eventually(lambda: log.exists() and "Booting worker" in log.read_text(), 10)
    touched(file)
    eventually(lambda: len(list(tmp_path.glob("log.*"))) == 1 and log.exists(), 10, "a rotated log")


def test_a_module_that_the_reload_ignores(uwsgi, tmp_path):
    for name in ("ignored", "watched"):
        (tmp_path / f"{name}.py").write_text("")
    server = uwsgi("py-autoreload = 1", f"pythonpath = {tmp_path}", "import = ignored", "import = watched",
                   "py-auto-reload-ignore = ignored")
    first = set(server.workers(1))
    (tmp_path / "ignored.py").write_text("# changed\n")
    stays(lambda: set(server.workers()) == first, 1)
    (tmp_path / "watched.py").write_text("# changed\n")
    eventually(lambda: server.workers() and not first & set(server.workers()), 10, "another worker")


# --- hooks in the workers ---------------------------------------------------------------------------------------------

def test_a_hook_in_each_worker(uwsgi, tmp_path):
    server = uwsgi(f"hook-post-fork = exec:echo $PPID >> {tmp_path}/pids", "hook-post-fork = putenv:FORKED=yes",
                   "processes = 2")
    assert told(server)["environ"]["FORKED"] == "yes"
    eventually(lambda: len((tmp_path / "pids").read_text().split()) == 2, 5)
    assert {int(pid) for pid in (tmp_path / "pids").read_text().split()} == set(server.workers())


def test_a_hook_that_fails_ends_the_start(uwsgi):
    server = uwsgi("hook-post-fork = exec:exit 7", ready=False)
    assert server.process.wait(10) == 3
    assert "hook post-fork exec:exit 7: exited with 7" in server.log()

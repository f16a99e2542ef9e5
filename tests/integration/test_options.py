"""Options and application specs mean what they mean to gunicorn."""

import os
import pwd
import stat
import subprocess
import sys

import pytest

from gate import Background
from server_process import APPS, BINARY

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="changes users: needs root")


# --- which application --------------------------------------------------------------------------------

@pytest.mark.parametrize("spec, says", [
    ("specs:app", "specs.app"), ("specs:other", "specs.other"), ("specs", "specs.application"),
    ("specs:holder.inner.app", "specs.holder.inner.app"), ("specs:factory()", "specs.factory"),
    ("specs:factory('with')", "specs.with"), ("specs:factory('a', more='b')", "specs.ab"),
    ("specs:instance", "specs.instance"), ("package.inside:app", "package.inside"), ("package", "package"),
    ("only_app", "only_app.app")])
def test_application_specs(server, spec, says):
    server.start(spec)
    assert server.get().text == says


@pytest.mark.parametrize("spec", ["{apps}/specs.py", "{apps}/specs.py:app", "specs.py:app", "./specs.py:app"])
def test_a_path_to_a_file_is_a_spec(server, spec):
    server.start(spec.format(apps=APPS))
    assert server.get().text == ("specs.app" if spec.endswith(":app") else "specs.application")


@pytest.mark.parametrize("spec, words", [
    ("no_such_module:app", ["no_such_module"]), ("specs:no_such_app", ["no_such_app", "specs"]),
    ("specs:not_callable", ["not_callable"]), ("specs:holder.nothing", ["nothing"]),
    ("specs:broken_factory()", ["the factory is broken"]), ("specs:returns_nothing()", ["returns_nothing"]),
    ("specs:factory(", ["specs:factory("]), ("no_such_file.py:app", ["no_such_file.py"]), ("package.no_such:app", ["no_such"])])
def test_wrong_specs_say_what_is_wrong(server, spec, words):
    ended = server.fails(spec)
    assert ended.code == 3, ended
    for word in words:
        assert word in ended.err


def test_a_near_name_is_suggested(server):
    ended = server.fails("specs:applicatoin")
    assert ended.code == 3
    assert "application" in ended.err


def test_no_application_is_a_usage_error(server):
    ended = server.fails(None)
    assert ended.code not in (0, 3)
    assert "Traceback" not in ended.err and ended.err.strip()


# --- where it looks -----------------------------------------------------------------------------------

def write_module(directory, name="local_app", body="b'local'"):
    directory.mkdir(exist_ok=True)
    (directory / f"{name}.py").write_text(f"""
import os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [{body}]
""")


def test_chdir(server, tmp_path):
    write_module(tmp_path / "there", body="os.getcwd().encode()")
    server.start("local_app:app", chdir=tmp_path / "there")
    assert server.get().text == str(tmp_path / "there")


def test_the_working_directory_by_default(server, tmp_path):
    write_module(tmp_path / "there", body="os.getcwd().encode()")
    server.start("local_app:app", chdir=None, cwd=tmp_path / "there")
    assert server.get().text == str(tmp_path / "there")


def test_a_missing_chdir_is_named(server):
    ended = server.fails(chdir="/does/not/exist")
    assert ended.code not in (0, None)
    assert "/does/not/exist" in ended.err


def test_pythonpath(server, tmp_path):
    write_module(tmp_path / "one", "local_app", "__import__('helper').WORD")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "helper.py").write_text("WORD = b'helped'\n")
    server.start("local_app:app", chdir=tmp_path, args=["--pythonpath", f"{tmp_path}/one,{tmp_path}/two"])
    assert server.get().text == "helped"


def test_env(server, tmp_path):
    write_module(tmp_path, body="(os.environ['ONE'] + os.environ['TWO']).encode()")
    server.start("local_app:app", chdir=tmp_path, args=["-e", "ONE=1", "--env", "TWO=a=b"])
    assert server.get().text == "1a=b"


def test_the_python_is_the_one_asked_for(server, tmp_path):
    write_module(tmp_path, body="__import__('sys').executable.encode() + b' ' + __import__('sys').prefix.encode()")
    server.start("local_app:app", chdir=tmp_path)
    assert server.get().text == f"{sys.executable} {sys.prefix}"


def test_the_active_virtual_environment_is_used(server, tmp_path):
    if sys.prefix == sys.base_prefix:
        pytest.skip("the tests do not run in one")
    write_module(tmp_path, body="__import__('sys').prefix.encode()")
    command = server.command("local_app:app", chdir=tmp_path)
    at = command.index("--python")
    del command[at:at + 2]
    server.spawn(command, env={"VIRTUAL_ENV": sys.prefix})
    server.wait_listening()
    assert server.get().text == sys.prefix


def test_a_python_that_is_not_there_is_named(server):
    ended = server.fails(python="/does/not/exist/python3")
    assert ended.code not in (0, None)
    assert "/does/not/exist/python3" in ended.err


def test_lazy_apps_import_in_every_worker(server, tmp_path):
    (tmp_path / "imports.py").write_text("""
import os
PID = os.getpid()
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(PID == os.getpid()).encode()]
""")
    server.start("imports:app", chdir=tmp_path, args=["--lazy-apps"])
    assert server.get().text == "True"


def test_the_app_is_imported_once_by_default(server, tmp_path):
    (tmp_path / "imports.py").write_text("""
with open("imported", "a") as file:
    file.write("x")
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]
""")
    server.start("imports:app", chdir=tmp_path, workers=3)
    server.workers(3)
    assert server.get().text == "ok"
    assert (tmp_path / "imported").read_text() == "x"


def test_random_numbers_differ_between_workers(server, gates):
    server.start("gated:app", workers=2)
    held = [gates(), gates()]
    requests = [Background(server.get, gate.path("/random")) for gate in held]
    assert len({gate.wait_started() for gate in held}) == 2
    for gate in held:
        gate.open()
    assert len({request.result().body for request in requests}) == 2


# --- who runs it --------------------------------------------------------------------------------------

@root_only
@pytest.mark.parametrize("args", [["--user", "nobody"], ["-u", "65534", "-g", "65534"], ["--user", "nobody", "--group", "nogroup"]])
def test_user_and_group(server, tmp_path_factory, args):
    # /tmp/pytest-of-root is closed to others.
    import tempfile
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        import pathlib
        write_module(pathlib.Path(name), body="repr((os.getuid(), os.geteuid(), os.getgid(), os.getgroups())).encode()")
        nobody = pwd.getpwnam("nobody")
        python = next((path for path in (sys.executable, "/usr/bin/python3") if may_be_run_by_others(path)), None)
        if python is None or not may_be_run_by_others(BINARY):
            pytest.skip("nobody may not run the interpreter or the server")
        server.start("local_app:app", chdir=name, args=args, python=python)
        uid, euid, gid, groups = eval(server.get().text)
        assert (uid, euid) == (nobody.pw_uid, nobody.pw_uid)
        if "-g" in args or "--group" in args:
            assert gid == 65534
        assert 0 not in groups


def may_be_run_by_others(path):
    path = os.path.realpath(path)
    if not os.path.exists(path):
        return False
    while path != "/":
        if not os.stat(path).st_mode & stat.S_IXOTH:
            return False
        path = os.path.dirname(path)
    return True


@pytest.mark.parametrize("args", [["--user", "no-such-user"], ["--group", "no-such-group"]])
def test_an_unknown_user_or_group_is_named(server, args):
    ended = server.fails(args=args)
    assert ended.code not in (0, None)
    assert args[1] in ended.err


def test_umask(server, tmp_path):
    write_module(tmp_path, body="b'%o' % os.umask(0)")
    server.start("local_app:app", chdir=tmp_path, args=["--umask", "027"])
    assert server.get().text == "27"


# --- the command line ---------------------------------------------------------------------------------

def tierce(*args):
    return subprocess.run([str(BINARY), *args], capture_output=True, text=True, timeout=20)


@pytest.mark.parametrize("args", [["--version"], ["run", "--version"]])
def test_version(args):
    done = tierce(*args)
    assert done.returncode == 0
    assert done.stdout.startswith("tierce ") and done.stdout.split()[1][0].isdigit()


def test_help_names_every_option():
    done = tierce("run", "--help")
    assert done.returncode == 0
    for option in """--workers --threads --bind --timeout --graceful-timeout --max-requests --max-requests-jitter --chdir --pythonpath
                     --env --user --group --umask --pid --access-logfile --error-logfile --log-level --reload --lazy-apps --python
                     --forwarded-allow-ips --backlog --edge-threads --limit-request-line --limit-request-fields
                     --limit-request-field-size --limit-request-head --client-max-body-size --client-header-timeout
                     --client-body-timeout --keepalive-timeout --send-timeout --keepalive-requests --queue-timeout
                     --queue-limit""".split():
        assert option in done.stdout, option


@pytest.mark.parametrize("wrong, right", [("--worker", "--workers"), ("--thread", "--threads"), ("--gracefull-timeout", "--graceful-timeout"),
                                          ("--biind", "--bind"), ("--max_requests", "--max-requests")])
def test_an_unknown_option_is_named_with_the_nearest_known_one(wrong, right):
    done = tierce("run", "hello:app", wrong, "1")
    assert done.returncode not in (0, 3)
    assert wrong in done.stderr and right in done.stderr.replace(wrong, "", 1)


def test_an_option_without_its_value_is_named():
    done = tierce("run", "hello:app", "--workers")
    assert done.returncode not in (0, 3)
    assert "--workers" in done.stderr


def test_an_unknown_command_is_named():
    done = tierce("rnu")
    assert done.returncode != 0
    assert "rnu" in done.stderr and "run" in done.stderr.replace("rnu", "")


def test_options_are_taken_with_an_equals_sign(server):
    server.start(workers=None, threads=None, args=["--workers=2", "--threads=2"])
    assert len(server.workers(2)) == 2

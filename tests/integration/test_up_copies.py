"""The one binary under the names of the four, as links and as copies."""

import os
import shutil
import subprocess

import pytest

from chain_run import ChainRun
from nginx_pair import free_port
from server_process import BINARY
from waiting import eventually

LINKED = """
[program:web]
command={bin}/{app}
stdout_logfile=%(here)s/app.log
redirect_stderr=true
[program:nginx]
command={bin}/nginx -p %(here)s/ -c %(here)s/nginx.conf -g "daemon off;"
stopsignal=QUIT
"""
APPS = {"uwsgi": "uwsgi --ini %(here)s/uwsgi.ini",
        "gunicorn": "gunicorn chain_app:app -b unix:%(here)s/app.sock --chdir %(here)s"}


def _links(folder, *names):
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(BINARY)
    return folder


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy without the symbols, which are most of it."""
    path = tmp_path_factory.mktemp("copy") / "uwsgi"
    if shutil.which("strip"):
        subprocess.run(["strip", "-g", "-o", str(path), str(BINARY)], check=True)
    else:
        shutil.copy(BINARY, path)
    for name in ("gunicorn", "nginx", "supervisord"):
        os.link(path, path.parent / name)
    return path.parent


class CopiedRun(ChainRun):
    """A supervisord of ours, by that name."""
    supervisord = None

    def command(self, *arguments):
        return [str(self.supervisord), *arguments]


@pytest.fixture
def named(tmp_path):
    runs = []

    def make(supervisord, programs_in, app):
        location = {"uwsgi": "include {params}; uwsgi_pass unix:{dir}/app.sock;",
                    "gunicorn": "proxy_pass http://unix:{dir}/app.sock;"}[app]
        run = CopiedRun(tmp_path / "run", free_port(), location=location, arguments=["-n"],
                        programs=LINKED.replace("{bin}", str(programs_in)).replace("{app}", APPS[app]))
        run.supervisord = supervisord
        runs.append(run)
        return run
    yield make
    for run in runs:
        run.kill()


@pytest.mark.parametrize("app", APPS)
def test_links_are_roles_of_a_linked_supervisord(named, tmp_path, app):
    links = _links(tmp_path / "bin", "supervisord", "nginx", "uwsgi", "gunicorn")
    run = named(links / "supervisord", links, app).begin()
    assert "web: requests to unix:" in run.log()
    run.hide_socket()
    assert run.status() == 200
    assert run.stop() == 0


@pytest.mark.parametrize("app", APPS)
def test_copies_are_roles_of_a_copied_supervisord(named, tmp_path, copy, app, monkeypatch):
    monkeypatch.setenv("PATH", f"{BINARY.parent}:{os.environ['PATH']}")
    run = named(copy / "supervisord", copy, app).begin()
    assert "web: requests to unix:" in run.log()
    run.hide_socket()
    assert run.status() == 200
    assert run.stop() == 0


def test_links_to_the_original_are_roles_of_a_copied_supervisord(named, tmp_path, copy, monkeypatch):
    monkeypatch.setenv("PATH", f"{BINARY.parent}:{os.environ['PATH']}")
    links = _links(tmp_path / "bin", "nginx", "uwsgi")
    run = named(copy / "supervisord", links, "uwsgi").begin()
    assert "web: requests to unix:" in run.log()
    assert run.stop() == 0


def test_what_is_another_program_is_run_as_it_is(named, tmp_path, copy, monkeypatch):
    monkeypatch.setenv("PATH", f"{BINARY.parent}:{os.environ['PATH']}")
    other = _links(tmp_path / "bin", "nginx")
    (other / "uwsgi").write_text("#!/bin/sh\necho this is another one\nexec sleep 1000\n")
    (other / "uwsgi").chmod(0o755)
    run = named(copy / "supervisord", other, "uwsgi").start()
    eventually(lambda: "this is another one" in run.app_log(), 10)
    assert run.stop() == 0


def test_a_copied_application_server_serves(server, copy):
    server.spawn([str(copy / "gunicorn"), "hello:app", "-b", "127.0.0.1:0", "--chdir",
                  str(BINARY.parents[2] / "tests" / "apps")], env={"PATH": f"{BINARY.parent}:{os.environ['PATH']}"})
    server.wait_listening()
    assert server.get("/").status == 200


def test_a_copy_whose_original_is_nowhere_says_what_to_do(server, copy):
    (server.directory / "tierce").write_bytes(b"#!/bin/sh\n")  # Of that name, and another program.
    (server.directory / "tierce").chmod(0o755)
    server.spawn([str(copy / "uwsgi"), "--http", "127.0.0.1:0", "-w", "hello:app"],
                 env={"PATH": f"{server.directory}:/usr/bin:/bin"})
    assert server.wait_exit() != 0
    assert "ln -s" in server.log() and "TIERCE_LIB" in server.log()


def test_a_copy_finds_what_is_installed(copy, tmp_path):
    """At the place that the build was made for, whatever PATH says."""
    if os.geteuid() != 0:
        pytest.skip("a mount needs root")
    script = f"""
set -e
mount --make-rprivate /
mkdir -p {tmp_path}/bin {tmp_path}/lib
cp -a {BINARY} {tmp_path}/bin/tierce
ln -s {BINARY.parent}/lib {tmp_path}/lib/tierce
mount --bind {tmp_path} /usr/local
export PATH=/usr/bin:/bin
exec {copy}/uwsgi --http 127.0.0.1:0 -w nothing_of_that_name
"""
    done = subprocess.run(["unshare", "--mount", "bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert "nothing_of_that_name" in done.stderr and "tierce_wsgi is not in" not in done.stderr, done.stderr

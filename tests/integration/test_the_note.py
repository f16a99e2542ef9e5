"""The stack of a tutorial that people copy - nginx, the uwsgi protocol over a unix socket, an ini file, Flask - with the
mistakes it has and without them. Only paths, the port and the user differ from what people type in."""

import os
import pathlib
import subprocess
import sys
import tempfile

import pytest

from front_servers import Nginx
from server_process import BINARY
from waiting import eventually

# Blanks behind values, semicolons and section heads are the tutorial's own.
INI = """\
[uwsgi]  
wsgi-file = {base}/{file}.py  
socket = {base}/uwsgi.sock  
chown-socket = {user}:{user}  
chmod-socket = 664  
show-config = true  
callable = app  
module = {file}  
uid = {user}  
gid = {user}  
master = true
processes = 4
"""
NGINX = """\
user  {user};  
worker_processes auto;  
error_log {base}/error.log notice;  
pid {base}/nginx.pid;  
events {{  
    worker_connections 1024;  
}}  
http {{  
         include /etc/nginx/mime.types;  
         default_type application/octet-stream;  
  
         log_format main '$remote_addr - $remote_user [$time_local] "$request" '  
         '$status $body_bytes_sent "$http_referer" '  
         '"$http_user_agent" "$http_x_forwarded_for"';  
  
         access_log {base}/access.log main;  
         sendfile on;  
         keepalive_timeout 65;  
  
         server {{  
             listen 127.0.0.1:{port};  
             location / {{  
             include /etc/nginx/uwsgi_params;  
             uwsgi_pass unix:{base}/uwsgi.sock;  
           }}  
     }}  
}}  
daemon off;"""
APP = """\
from flask import Flask  
  
app = Flask(__name__)  
  
@app.{route}("/")  
def hello_view():  
    return {{  
        "name":"misha"  
    }}"""


def interpreter_for(user):
    """The first of our interpreter and the system's that `user` may run and that is of our version."""
    asks = "import sys; print(sys.version_info[:2])"
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            found = subprocess.run([python, "-c", asks], user=user, cwd="/", capture_output=True, text=True)
        except OSError:
            continue
        if found.returncode == 0 and found.stdout.strip() == str(sys.version_info[:2]):
            return python
    return None


@pytest.fixture
def stack():
    """A directory that other users may enter, the user that the stack runs as, and its interpreter."""
    with tempfile.TemporaryDirectory() as name:
        base = pathlib.Path(name)
        base.chmod(0o777)
        user, python = "www-data", None
        if os.geteuid() == 0:
            python = interpreter_for(user)
        if python is None:
            user, python = pathlib.Path.home().owner(), sys.executable
        yield base, user, python


def write(base, user, file="app", route="route"):
    (base / "app.py").write_text(APP.format(route=route))
    (base / "uwsgi.ini").write_text(INI.format(base=base, user=user, file=file))


def environment(base, python):
    """python3 stands on PATH with Flask beside it, as in the tutorial's image."""
    (base / "bin").mkdir()
    (base / "bin" / "python3").symlink_to(python)
    import flask
    return {"PATH": f"{base}/bin:{os.environ['PATH']}", "PYTHONPATH": str(pathlib.Path(flask.__file__).parents[1]), "VIRTUAL_ENV": ""}


def fails(server, stack):
    base, _, python = stack
    server.spawn([str(BINARY), "uwsgi", "--ini", "uwsgi.ini"], env=environment(base, python), cwd=base)
    assert server.wait_exit() == 3
    server.assert_nothing_left()
    return server.log()


def test_the_stack_without_mistakes_answers(server, stack):
    base, user, python = stack
    write(base, user)
    server.spawn([str(BINARY), "uwsgi", "--ini", str(base / "uwsgi.ini")], env=environment(base, python), cwd=base)
    server.wait_listening()
    socket = base / "uwsgi.sock"
    assert (socket.owner(), socket.stat().st_mode & 0o777) == (user, 0o664)
    nginx = Nginx(base)
    (base / "nginx.conf").write_text(NGINX.format(base=base, user=user, port=nginx.port))
    nginx.start([nginx.program, "-c", str(base / "nginx.conf"), "-e", str(base / "error.log")])
    try:
        got = nginx.get("/")
        assert (got.status, got.json(), got.body) == (200, {"name": "misha"}, b'{"name":"misha"}\n')
        assert got.header("Content-Type") == "application/json" and got.header("Content-Length") == "17"
        assert nginx.get("/nowhere").status == 404
        eventually(lambda: len(server.workers()) == 4, 5, "four processes")
        assert {pathlib.Path(f"/proc/{pid}").owner() for pid in server.workers()} == {user}
    finally:
        nginx.stop()
    shown = server.out()
    assert "wsgi-file = %s/app.py\n" % base in shown and "processes = 4\n" in shown and " \n" not in shown
    server.stop()
    assert not socket.exists()


def test_an_application_whose_file_has_another_name(server, stack):
    base, user, _ = stack
    write(base, user, file="routes")
    said = fails(server, stack)
    assert "uwsgi.ini:2: wsgi-file: there is no file %s/routes.py; what is there: %s/app.py\n" % (base, base) in said
    assert "uwsgi.ini:2: wsgi-file is used only when the application of module (uwsgi.ini:8: routes:app) cannot be loaded" in said
    assert "The application 'routes:app' (uwsgi.ini:8) cannot be loaded: no module named 'routes' in " in said
    assert "; %s has app.py\n" % base in said


def test_a_misspelled_decorator(server, stack):
    base, user, _ = stack
    write(base, user, route="routes")
    said = fails(server, stack)
    assert "The application 'app:app' (uwsgi.ini:8) cannot be imported:\nTraceback (most recent call last):\n  File \"%s/app.py\", line 5, " % base in said
    if sys.version_info >= (3, 10):
        assert "AttributeError: 'Flask' object has no attribute 'routes'. Did you mean: 'route'?\n" in said
    assert said.count("Traceback") == 1


def test_wsgi_file_serves_where_module_cannot(server, stack):
    """As in uWSGI, which tries one after the other: `module` is not found from another working directory."""
    base, user, python = stack
    write(base, user)
    # Not "/": where somebody has made an /app, Python takes that folder for the module.
    elsewhere = base / "elsewhere"
    elsewhere.mkdir()
    server.spawn([str(BINARY), "uwsgi", "--ini", str(base / "uwsgi.ini"), "--http", "127.0.0.1:0"],
                 env=environment(base, python), cwd=elsewhere)
    server.wait_listening(2)
    [address] = [each for each in server.addresses() if not isinstance(each, str)]
    assert server.get("/", address=address).json() == {"name": "misha"}
    assert "(%s/uwsgi.ini:8) cannot be loaded: no module named 'app'" % base in server.log()

"""tierce up with an edge and an application, from the files that people have for the three servers."""

import json
import os
import signal
import subprocess

import processes
from raw_client import RawClient
from server_process import BINARY, REPOSITORY
from supervisord_peers import SupervisordRun
from waiting import SLOWNESS, eventually

APP = '''
import hashlib, json, os, signal, sys, time
def app(environ, start_response):
    path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    def answer(body, *headers, status="200 OK"):
        start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body))), *headers])
        return [body]
    if path == "/pid":
        return answer(str(os.getpid()).encode())
    if path == "/environ":
        plain = {k: v for k, v in environ.items() if isinstance(v, (str, bool, tuple))}
        return answer(json.dumps(plain, sort_keys=True).encode())
    if path == "/echo":
        body = environ["wsgi.input"].read()
        return answer(hashlib.sha256(body).hexdigest().encode(), ("X-Length", str(len(body))))
    if path == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return (b"%06d" % i * 1000 for i in range(int(query)))
    if path == "/breaks":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return (b"x" * 1000 if i < 3 else 1 / 0 for i in range(5))
    if path == "/big":
        return answer(b"x" * int(query))
    if path == "/file":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return environ["wsgi.file_wrapper"](open(__file__, "rb"))
    if path == "/accel":
        return answer(b"not this", ("X-Accel-Redirect", "/files/given.txt"))
    if path == "/teapot":
        return answer(b"short and stout", ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), status="418 I am a teapot")
    if path == "/raises":
        raise RuntimeError("on purpose")
    if path == "/crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if path == "/slow":
        time.sleep(float(query))
        return answer(b"slept")
    if path == "/wait":
        open(query + ".begun", "w").close()
        while not os.path.exists(query):
            time.sleep(0.005)
        return answer(b"waited")
    return answer(b"hello\\n")
'''
NGINX = """
{user}
worker_processes {threads};
error_log {dir}/error.log info;
pid {dir}/nginx.pid;
events {{ worker_connections 512; }}
http {{
  access_log {dir}/access.log;
  client_max_body_size 20m;
  {http}
  server {{
    listen 127.0.0.1:{port};
    location / {{ {location} }}
    location /files/ {{ internal; alias {dir}/files/; }}
  }}
}}
"""
UWSGI_LOCATION = "include {params}; uwsgi_pass unix:{dir}/app.sock; uwsgi_read_timeout 20s;"
UWSGI = """
[uwsgi]
wsgi-file = {dir}/chain_app.py
callable = app
socket = {dir}/app.sock
master = true
processes = 2
{more}
"""
PROGRAMS = """
[program:uwsgi]
command={uwsgi} --ini %(here)s/uwsgi.ini
stdout_logfile=%(here)s/app.log
redirect_stderr=true
stopwaitsecs=20
startsecs=0
[program:nginx]
command=/usr/sbin/nginx -p %(here)s/ -c %(here)s/nginx.conf -g 'daemon off;'
stdout_logfile=%(here)s/nginx.out
redirect_stderr=true
stopsignal=QUIT
stopwaitsecs=20
startsecs=0
"""
PARAMS = REPOSITORY / "share" / "nginx" / "uwsgi_params"


class ChainRun(SupervisordRun):
    def __init__(self, folder, port, location=UWSGI_LOCATION, uwsgi="", http="", programs=PROGRAMS, threads=1,
                 arguments=()):
        self.port = port
        self.address = ("127.0.0.1", port)
        super().__init__(folder, "ours", programs.format(uwsgi="/nowhere/bin/uwsgi"), arguments=arguments)
        (folder / "chain_app.py").write_text(APP)
        (folder / "files").mkdir(exist_ok=True)
        (folder / "files" / "given.txt").write_text("given\n")
        self.params = folder / "uwsgi_params"
        self.params.write_text(PARAMS.read_text())
        self.write_nginx(location, http, threads)
        (folder / "uwsgi.ini").write_text(UWSGI.format(dir=folder, more=uwsgi))

    def write_nginx(self, location=UWSGI_LOCATION, http="", threads=1):
        # The folder of the test is ours alone.
        user = "user root;" if os.geteuid() == 0 else ""
        location = location.format(dir=self.folder, params=self.params)
        (self.folder / "nginx.conf").write_text(
            NGINX.format(dir=self.folder, port=self.port, user=user, location=location,
                         http=http.format(dir=self.folder), threads=threads))

    def command(self, *arguments):
        return [str(BINARY), "up", *arguments]

    def begin(self):
        self.start()
        eventually(lambda: self.status("/") == 200, 15, self.output() + self.app_log())
        return self

    def request(self, path="/", method="GET", headers=(), body=None):
        with RawClient(self.address) as client:
            client.request(method, path, headers, body)
            return client.response(method)

    def status(self, path="/"):
        try:
            return self.request(path).status
        except (OSError, AssertionError):
            return None

    def environ(self, path="/environ", headers=()):
        return json.loads(self.request(path, headers=headers).body)

    def app_log(self):
        path = self.folder / "app.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def error_log(self):
        path = self.folder / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def hide_socket(self):
        """Whoever still gets an answer has not come through the socket."""
        os.rename(self.folder / "app.sock", self.folder / "hidden.sock")

    def pid_of(self, name):
        return self.rpc.getProcessInfo(name)["pid"]

    def tree(self):
        """All living processes below the first one, with what ps would show."""
        found, todo = {}, [self.process.pid]
        while todo:
            for child in processes.living_children_of(todo.pop()):
                found[child] = processes.command_of(child)
                todo.append(child)
        return found

    def stop(self, number=signal.SIGTERM):
        left = self.tree()
        code = self.end(number)
        eventually(lambda: not [pid for pid in left if processes.alive(pid)], 5, f"of {left} some are left")
        return code


ONE_FILE = """
{user}
error_log {dir}/error.log info;
pid {dir}/nginx.pid;
events {{}}

app web {{
    wsgi-file {dir}/chain_app.py;
    callable app;
    processes 2;
    threads 2;
    env FLAVOUR=plain%sugar;
}}

program counter {{
    command "/bin/sh -c 'echo %(program_name)s >> {dir}/counted; exec sleep 1000'";
    startsecs 0;
}}

http {{
    access_log {dir}/access.log;
    server {{
        listen 127.0.0.1:{port};
        location / {{ wsgi_pass web; }}
    }}
}}
"""


class OneFileRun(ChainRun):
    """The same application from one file, with what stands beside http {} in `more`."""

    def __init__(self, folder, port, text=ONE_FILE):
        super().__init__(folder, port)
        self.one = folder / "tierce.conf"
        self.write(text)

    def write(self, text, **more):
        user = "user root;" if os.geteuid() == 0 else ""
        self.one.write_text(text.format(dir=self.folder, port=self.port, user=user, **more))

    def begin_one(self, *arguments):
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen([str(BINARY), "up", "-c", str(self.one), *arguments], stdout=output,
                                            stderr=output, cwd=self.folder.parent)
        return self.process

    def end_one(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(15 * SLOWNESS)

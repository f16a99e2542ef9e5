"""The real nginx and the real Apache in front of a server under test, each in a directory of its own."""

import os
import pathlib
import shutil
import signal
import subprocess

from raw_client import RawClient
from server_process import free_port
from waiting import SLOWNESS, eventually

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
APACHE = shutil.which("apache2", path="/usr/sbin:/usr/bin")
APACHE_MODULES = pathlib.Path("/usr/lib/apache2/modules")


class FrontServer:
    """Started on a port of its own; stopped with everything it started."""

    def __init__(self, directory, program, package):
        assert program, f"{package} is not installed (tools/deps.sh test)"
        self.directory = pathlib.Path(directory)
        self.program = program
        self.port = free_port()
        self.process = None

    def start(self, command):
        with open(self.directory / "front.out", "wb") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                            start_new_session=True)
        eventually(self._accepts, 10, "the front server accepts")
        return self

    def _accepts(self):
        assert self.process.poll() is None, self.log()
        try:
            RawClient(self.address).close()
            return True
        except OSError:
            return False

    @property
    def address(self):
        return ("127.0.0.1", self.port)

    def log(self):
        return "".join(path.read_text(errors="replace") for path in sorted(self.directory.glob("*.log")) +
                       sorted(self.directory.glob("front.out")))

    def raw(self, **options):
        return RawClient(self.address, **options)

    def request(self, method="GET", path="/", headers=(), body=None, timeout=20.0):
        with self.raw(timeout=timeout) as client:
            client.request(method, path, headers, body)
            return client.response(method)

    def get(self, path="/", headers=(), **options):
        return self.request("GET", path, headers, **options)

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10 * SLOWNESS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Nginx(FrontServer):
    def __init__(self, directory):
        super().__init__(directory, NGINX, "nginx-core")

    def serve(self, location, more="", http=""):
        """`location` is the inside of "location / { }"; `more` stands beside it, `http` beside the server."""
        # Only a master that runs as root changes its user; others are warned about the line.
        user = "user root;" if os.geteuid() == 0 else ""
        temp_paths = "\n".join(f"    {kind}_temp_path {self.directory}/{kind};"
                               for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = self.directory / "nginx.conf"
        config.write_text(f"""{user}
daemon off;
worker_processes 1;
error_log {self.directory}/error.log info;
pid {self.directory}/nginx.pid;
events {{ worker_connections 256; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log {self.directory}/access.log;
    sendfile on;
    keepalive_timeout 65;
    client_max_body_size 0;
{temp_paths}
{http}
    server {{
        listen 127.0.0.1:{self.port};
        location / {{
{location}
        }}
{more}
    }}
}}
""")
        return self.start([self.program, "-c", str(config), "-e", str(self.directory / "error.log")])


class Apache(FrontServer):
    MODULES = ("mpm_event", "proxy", "proxy_http", "proxy_uwsgi", "proxy_fcgi", "proxy_scgi", "env", "authz_core")

    def __init__(self, directory):
        super().__init__(directory, APACHE, "apache2-bin")

    def serve(self, inside):
        """`inside` stands in the main server."""
        loads = "\n".join(f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so" for name in self.MODULES)
        config = self.directory / "apache.conf"
        config.write_text(f"""
ServerRoot {self.directory}
{loads}
ServerName front.example
Listen 127.0.0.1:{self.port}
PidFile {self.directory}/apache.pid
DefaultRuntimeDir {self.directory}
ErrorLog {self.directory}/error.log
LogLevel info
User www-data
Group www-data
DocumentRoot {self.directory}
AllowEncodedSlashes NoDecode
{inside}
""")
        return self.start([self.program, "-f", str(config), "-DFOREGROUND"])

"""How what was passed on ends, and what the backend and the log are told: the real nginx and ours."""

import re
import socket
import threading

import pytest

from certificates import Certificate
from nginx_run import NginxRun
from raw_client import RawClient
from waiting import SLOWNESS, eventually

both = pytest.mark.parametrize("program", ["real", "ours"])


class Backend:
    """Answers each connection with bytes, when a head has come; keeps the heads. `stays`: does not close."""

    def __init__(self, answer, stays=False):
        self.answer, self.stays, self.heads, self.open = answer, stays, [], []
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(16)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            head = b""
            while b"\r\n\r\n" not in head and (data := connection.recv(65536)):
                head += data
            head, _, body = head.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            while length and len(body) < int(length[1]):
                body += connection.recv(65536)
            self.heads.append(head.decode())
            connection.sendall(self.answer)
            self.open.append(connection)
            if not self.stays:
                connection.close()

    def close(self):
        self.listener.close()
        for connection in self.open:
            connection.close()


@pytest.fixture
def backend():
    made = []

    def make(*arguments, **how):
        made.append(Backend(*arguments, **how))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def run(tmp_path):
    made = []

    def start(program, server, **how):
        made.append(NginxRun(program, tmp_path / program, server='location = /ready { return 200; access_log off; }' + server, **how))
        made[-1].status = lambda path="/ready": NginxRun.status(made[-1], path)
        return made[-1].start()

    yield start
    for nginx in made:
        nginx.kill()


@both
@pytest.mark.parametrize("how", ["", "proxy_buffering off;"], ids=["buffered", "unbuffered"])
def test_a_slow_client_gets_all_that_came_of_an_answer_that_broke_off(run, backend, program, how):
    half = b"h" * 500_000
    broken = backend(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + half)
    nginx = run(program, "location / { proxy_http_version 1.1; %s proxy_pass http://%s; }" % (how, broken.address))
    with socket.create_connection(nginx.address, 10 * SLOWNESS) as client:
        client.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        # The server is done with it before the client reads.
        nginx.logged("upstream prematurely closed connection")
        got = b""
        while data := client.recv(65536):
            got += data
    assert got.partition(b"\r\n\r\n")[2] == half
    assert nginx.stop() == 0


def test_a_tunnel_is_what_the_client_has_asked_for(run, backend):
    """nginx takes the 101 for an answer without an end; ours for none."""
    switches = backend(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", stays=True)
    nginx = run("ours", "location / { proxy_http_version 1.1; proxy_pass http://%s; }" % switches.address)
    assert nginx.request("/").status == 502
    nginx.logged("upstream sent unexpected 101 while reading response header from upstream")
    assert nginx.stop() == 0


@both
def test_an_idle_tunnel_ends_without_an_error(run, backend, program):
    switches = backend(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", stays=True)
    nginx = run(program, """location / { proxy_http_version 1.1; proxy_read_timeout 1s; proxy_set_header Upgrade $http_upgrade;
                            proxy_set_header Connection upgrade; proxy_pass http://%s; }""" % switches.address)
    with RawClient(nginx.address) as client:
        client.socket.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
        nginx.logged(r"\[info\].*upstream timed out \(110: Connection timed out\) while proxying upgraded connection")
    assert nginx.stop() == 0


@both
def test_a_large_body_is_in_a_file_and_the_log_says_so(run, backend, program):
    takes = backend(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    nginx = run(program, "client_body_buffer_size 1k; location / { proxy_pass http://%s; }" % takes.address)
    assert nginx.request("/", "POST", body=b"b" * 5000).status == 200
    nginx.logged(r"\[warn\].* a client request body is buffered to a temporary file ")
    assert nginx.stop() == 0


@both
def test_a_clients_certificate_reaches_the_backend_folded(run, backend, tmp_path, program):
    """And `ssl on`, by which many older files turn TLS on."""
    server, shown = Certificate(tmp_path / "server"), Certificate(tmp_path / "client", "joe")
    takes = backend(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    nginx = run(program, "location / { proxy_set_header X-Cert $ssl_client_cert; proxy_pass http://%s; }" % takes.address,
                http="ssl_certificate %s; ssl_certificate_key %s; ssl_verify_client optional_no_ca; server { listen unix:%s/x; }" %
                (server.certificate, server.key, tmp_path))
    nginx.configure("ssl on; location / { proxy_set_header X-Cert $ssl_client_cert; proxy_pass http://%s; }" % takes.address)
    assert nginx.ask("-s", "reload").returncode == 0

    def answer():
        try:
            with RawClient(nginx.address, tls=server.client(shown)) as client:
                client.request("GET", "/")
                return client.response().status
        except OSError:
            return None

    eventually(lambda: answer() == 200, 10)
    [pem] = [head for head in takes.heads if "X-Cert" in head][-1:]
    lines = shown.certificate.read_text().strip().splitlines()
    assert "X-Cert: " + "\n\t".join(lines) in pem.replace("\r\n", "\n")
    eventually(lambda: nginx.status("/") == 400, 10)  # The plain HTTP request was sent to HTTPS port
    assert nginx.stop() == 0

"""Bad bytes for the edge role: what has broken servers of this kind. Nothing of it may reach a file, an upstream or the
next request, and the server goes on."""

import os
import re
import socket
import threading
import time

import pytest

from nginx_run import NginxRun
from raw_client import RawClient
from waiting import eventually

GOOD = b"GET /after HTTP/1.1\r\nHost: a\r\n\r\n"


PAUSE = object()  # Between two pieces of an answer.


class Recorder:
    """An upstream that notes what it is asked, and answers as the path says."""

    def __init__(self):
        self.requests = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.answers = {}
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(peer,), daemon=True).start()

    def _talk(self, peer):
        with peer:
            data = b""
            while b"\r\n\r\n" not in data:
                part = peer.recv(65536)
                if not part:
                    return
                data += part
            self.requests.append(data)
            path = data.split(b" ")[1].decode("latin-1")
            for piece in self.answers.get(path, [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nup"]):
                if piece is PAUSE:
                    time.sleep(0.1)
                else:
                    peer.sendall(piece)

    def close(self):
        self.socket.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    backend = Recorder()
    (folder / "www" / "files").mkdir(parents=True)
    (folder / "www" / "files" / "inside.txt").write_text("inside\n")
    (folder / "secret.txt").write_text("secret\n")
    (folder / "www" / "beside.txt").write_text("secret\n")
    os.symlink(folder / "secret.txt", folder / "www" / "files" / "link.txt")
    nginx = NginxRun("ours", folder / "nginx", server=f"""
        location / {{ proxy_pass http://127.0.0.1:{backend.port}; proxy_read_timeout 3s; }}
        location /static {{ alias {folder}/www/files/; }}
        location /strict/ {{ alias {folder}/www/files/; disable_symlinks on; }}
        location /rewritten {{ rewrite ^/rewritten(.*)$ /$1 break; root {folder}/www/files; }}
        location /tried {{ alias {folder}/www/files/; try_files $uri =404; }}
        location /moved {{ return 302 http://$host$uri; }}
        location /early {{ return 200 "early\\n"; }}
        location ~ ^/r/ {{ rewrite ^(.*) /new?c=1; set $v $1; return 200 "[$v][$uri][$args]"; }}
        location ~ ^/twice/ {{ rewrite ^/((.*))$ http://x/$1$2 redirect; }}
    """).start()
    nginx.backend, nginx.secret = backend, folder / "secret.txt"
    yield nginx
    assert nginx.stop() == 0
    nginx.kill()
    backend.close()


def head(*lines, method="POST", target="/x"):
    return b"\r\n".join([f"{method} {target} HTTP/1.1".encode(), b"Host: a", *lines, b"", b""])


FRAMING = {
    "length and chunks": head(b"Content-Length: 3", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
    "two codings": head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity") + b"0\r\n\r\n",
    "gzip, chunked": head(b"Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n",
    "chunked, identity": head(b"Transfer-Encoding: chunked, identity") + b"0\r\n\r\n",
    ",chunked": head(b"Transfer-Encoding: ,chunked") + b"0\r\n\r\n",
    "xchunked": head(b"Transfer-Encoding: xchunked") + b"0\r\n\r\n",
    "chunked with a tab": head(b"Transfer-Encoding: chunked\x0b") + b"0\r\n\r\n",
    "a tab before": head(b"Transfer-Encoding: \x0bchunked") + b"0\r\n\r\n",
    "folded": head(b"Transfer-Encoding:\r\n chunked") + b"0\r\n\r\n",
    "two lengths": head(b"Content-Length: 2", b"Content-Length: 3") + b"abc",
    "a list of lengths": head(b"Content-Length: 2, 2") + b"ab",
    "+2": head(b"Content-Length: +2") + b"ab",
    "-1": head(b"Content-Length: -1"),
    "0x2": head(b"Content-Length: 0x2") + b"ab",
    "1_0": head(b"Content-Length: 1_0") + b"abcdefghij",
    "20 digits": head(b"Content-Length: 99999999999999999999"),
    "an empty length": head(b"Content-Length: "),
    "chunk 0x5": head(b"Transfer-Encoding: chunked") + b"0x5\r\nhello\r\n0\r\n\r\n",
    "chunk +5": head(b"Transfer-Encoding: chunked") + b"+5\r\nhello\r\n0\r\n\r\n",
    "chunk -5": head(b"Transfer-Encoding: chunked") + b"-5\r\nhello\r\n0\r\n\r\n",
    "chunk 5_0": head(b"Transfer-Encoding: chunked") + b"5_0\r\nhello\r\n0\r\n\r\n",
    "an empty chunk size": head(b"Transfer-Encoding: chunked") + b"\r\nhello\r\n0\r\n\r\n",
    "17 digits of a chunk": head(b"Transfer-Encoding: chunked") + b"00000000000000005\r\nhello\r\n0\r\n\r\n"[:0] + b"FFFFFFFFFFFFFFEDA\r\n",
    "chunk ' 5'": head(b"Transfer-Encoding: chunked") + b" 5\r\nhello\r\n0\r\n\r\n",
    "chunk '5 '": head(b"Transfer-Encoding: chunked") + b"5 \r\nhello\r\n0\r\n\r\n",
    "chunk FFFFFFFFFFFFFFED": head(b"Transfer-Encoding: chunked") + b"FFFFFFFFFFFFFFED\r\nhello\r\n0\r\n\r\n",
    "a chunk size of zeros without end": head(b"Transfer-Encoding: chunked") + b"0" * 100_000,
    "a chunk size that never ends": head(b"Transfer-Encoding: chunked") + b"5;" + b"a" * 100_000,
    "a trailer that never ends": head(b"Transfer-Encoding: chunked") + b"0\r\n" + b"X: y\r\n" * 50_000,
    "a trailer line that never ends": head(b"Transfer-Encoding: chunked") + b"0\r\nX: " + b"y" * 100_000,
    "a chunk closed by LF": head(b"Transfer-Encoding: chunked") + b"5\r\nhello\n0\r\n\r\n",
    "equal lengths": head(b"Content-Length: 2", b"Content-Length: 2") + b"ab",
    "10 and a vertical tab": head(b"Content-Length: 10\x0b") + b"abcdefghij",
    "10 and a form feed": head(b"Content-Length: 10\x0c") + b"abcdefghij",
    "a blank of Latin 1 and 10": head(b"Content-Length: \xa010") + b"abcdefghij",
    "1 0": head(b"Content-Length: 1 0") + b"abcdefghij",
    "4294967301": head(b"Content-Length: 4294967301") + b"hello",
    "LF as the ends of lines": b"POST /x HTTP/1.1\nHost: a\nContent-Length: 2\n\nab",
    "CR as the ends of lines": b"POST /x HTTP/1.1\rHost: a\rContent-Length: 2\r\rab\r\n\r\n",
    "two types": head(b"Content-Type: a/b", b"Content-Type: c/d"),
    "a list of hosts": b"GET /x HTTP/1.1\r\nHost: a, b\r\n\r\n",
    "NUL and a blank in the target": b"GET /a \x00.php HTTP/1.1\r\nHost: a\r\n\r\n",
    "a bell in a value": head(b"X: a\x07b"),
    "a chunk that is too long": head(b"Transfer-Encoding: chunked") + b"5\r\nhelloxx0\r\n\r\n",
    "a bare CR in an extension": head(b"Transfer-Encoding: chunked") + b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    "NUL in a value": head(b"X: a\0b"),
    "CR in a value": head(b"X: a\rb"),
    "DEL in a value": head(b"X: a\x7fb"),
    "a folded value": head(b"X: a", b" b"),
    "an empty name": head(b": a"),
    "a blank before the colon": head(b"Content-Length : 0"),
    "a byte in a name": head(b"Content-Length\x85: 10"),
    "no host": b"GET /x HTTP/1.1\r\n\r\n",
    "two hosts": head(b"Host: b", method="GET"),
    "a path in the host": b"GET /x HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "somebody in the host": b"GET /x HTTP/1.1\r\nHost: me@a\r\n\r\n",
    "no slash": head(method="GET", target="foo/bar"),
    "a star": head(method="GET", target="*"),
    "an authority": head(method="GET", target="example.com:443"),
    "a blank in the target": head(method="GET", target="/a b"),
    "a control byte in the target": head(method="GET", target="/a\x01"),
    "NUL in the target": head(method="GET", target="/a%00.txt"),
    "CONNECT": head(b"Content-Length: 2", method="CONNECT", target="a:1") + b"ab",
    "HTTP/9.9": b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    "no version": b"GET /x\x0b\r\nHost: a\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a long head": b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 20000,
}


@pytest.mark.parametrize("name", FRAMING)
def test_what_two_readers_could_read_differently_is_refused(site, name):
    site.backend.requests.clear()
    before = len(site.log())
    with RawClient(site.address) as client:
        client.send_what_is_taken(FRAMING[name] + GOOD)
        answer = client.everything()
    statuses = [line.split(b" ")[1] for line in answer.split(b"\n") if line.startswith(b"HTTP/1.")]
    assert len(statuses) <= 1, answer
    assert all(status in (b"400", b"405", b"411", b"413", b"414", b"431", b"494", b"501", b"505") for status in statuses), answer
    # Neither it nor what it may have hidden.
    assert not site.backend.requests
    said = site.log()[before:]
    assert re.search(r"\[(info|error)\] .*client (sent|intended to send)", said), said
    assert site.status("/early") == 200


@pytest.mark.parametrize("body", [b"", b"5\r\nhel", b"5\r\nhello", b"5\r\nhello\r\n", b"5\r\nhello\r\n0", b"5\r\nhello\r\n0\r\n", b"0\r\nX: y\r\n"])
def test_a_body_that_is_cut_short_is_none(site, body):
    site.backend.requests.clear()
    with RawClient(site.address) as client:
        client.send(head(b"Transfer-Encoding: chunked") + body)
        client.finish_sending()
        assert client.everything() == b""
    assert site.status("/early") == 200
    assert not site.backend.requests


@pytest.mark.parametrize("name", ["length and chunks", "chunk +5", "NUL in a value", "a blank in the target"])
def test_however_it_is_cut(site, name):
    bad = FRAMING[name]
    for cut in range(1, len(bad)):
        with RawClient(site.address) as client:
            client.send(bad[:cut])
            try:
                client.send_what_is_taken(bad[cut:])
            except OSError:
                pass  # Refused already.
            assert client.response("POST").status == 400


def test_an_early_answer_leaves_no_body_for_the_next_request(site):
    inner = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
    for path in ("/early", "/moved", "/static/none"):
        site.backend.requests.clear()
        with RawClient(site.address) as client:
            client.send(head(b"Content-Length: %d" % len(inner), target=path) + inner + GOOD)
            first = client.response("POST")
            assert first.status in (200, 302, 404, 405)
            if not first.says_close:
                assert client.response().body == b"up"
        assert not [each for each in site.backend.requests if b"smuggled" in each.split(b"\r\n")[0]]


def test_underscored_names_do_not_become_dashed_ones(site):
    site.backend.requests.clear()
    assert site.request("/x", headers=[("X_Forwarded_For", "1.2.3.4"), ("script_name", "/x")]).status == 200
    assert b"1.2.3.4" not in site.backend.requests[-1] and b"script_name" not in site.backend.requests[-1]


def test_trailers_are_no_headers(site):
    site.backend.requests.clear()
    with RawClient(site.address) as client:
        client.send(head(b"Transfer-Encoding: chunked") + b"2\r\nab\r\n0\r\nX-Sent-Late: 1\r\nHost: evil\r\n\r\n")
        assert client.response("POST").status in (200, 400)
    assert b"X-Sent-Late" not in b"".join(site.backend.requests) and b"evil" not in b"".join(site.backend.requests)


@pytest.mark.parametrize("path", [
    "/static/..%2f..%2fsecret.txt", "/static/%2e%2e/%2e%2e/secret.txt", "/static/../../secret.txt", "/static../../secret.txt",
    "/static..%2fsecret.txt", "/static/....//....//secret.txt", "/static/%c0%ae%c0%ae/secret.txt", "/strict/link.txt",
    "/static/..;/secret.txt", "/static/%252e%252e/secret.txt", "/static/inside.txt%00", "/static//../../secret.txt",
    "/static/.%00./secret.txt", "/static../beside.txt", "/static..%2fbeside.txt", "/rewritten../beside.txt", "/tried../beside.txt",
    "/static..%2f", "/static..", "/static../files/inside.txt", "/static../files/../beside.txt", "/static/%5c..%5c..%5csecret.txt",
])
def test_paths_lead_nowhere_else(site, path):
    with RawClient(site.address) as client:
        client.send(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        answer = client.everything()
        assert b"secret\n" not in answer and b"inside\n" not in answer, answer
    assert site.request("/static/inside.txt").body == b"inside\n"


@pytest.mark.parametrize("range_", [
    "bytes=-600,-9223372036854774591", "bytes=" + ",".join(f"{i}-{i}" for i in range(1000)), "bytes=9-1", "bytes=1-2,1-3,0-6",
    "bytes=99999999999999999999-", "bytes=-", "bytes=a-b", "bytes=0-18446744073709551615",
])
def test_ranges(site, range_):
    answer = site.request("/static/inside.txt", headers=[("Range", range_)])
    assert answer.status in (200, 206, 416)
    assert len(answer.body) < 100_000


def test_no_header_is_born_of_a_decoded_uri(site):
    for path in ("/moved/%0d%0aSet-Cookie:%20a=1", "/moved/%0aSet-Cookie:%20a=1", "/moved/%E5%98%8A%E5%98%8DSet-Cookie:a=1"):
        with RawClient(site.address) as client:
            client.send(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            answer = client.everything()
        assert b"\nSet-Cookie" not in answer and b"\rSet-Cookie" not in answer


@pytest.mark.parametrize("uri", ["/r/+&%25%2b", "/r/" + "+" * 4000, "/twice/" + "+" * 3000, "/twice/%25" * 300])
def test_captures_of_odd_uris(site, uri):
    assert site.request(uri).status in (200, 302)
    assert site.status("/early") == 200


UPSTREAM = {
    "both framings": [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"],
    "NUL in a value": [b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n"],
    "a bare CR": [b"HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b=1\r\nContent-Length: 0\r\n\r\n"],
    "two lengths": [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"],
    "a head without end": [b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 50000],
    "no head": [b"hello there\r\n\r\n"],
    "almost a status line": [b"HTTP/1.", b"9999 what\r\n\r\n"],
    "nothing": [],
    "many interim answers": [b"HTTP/1.1 100 Continue\r\n\r\n" * 2000],
}


@pytest.mark.parametrize("name", UPSTREAM)
def test_an_upstream_that_breaks_the_rules_is_a_bad_gateway(site, name):
    path = "/upstream/" + str(list(UPSTREAM).index(name))
    site.backend.answers[path] = UPSTREAM[name]
    answer = site.request(path)
    assert answer.status in (502, 504), answer
    assert answer.header("Set-Cookie") is None
    assert site.request("/x").body == b"up"


def test_a_status_line_in_two_reads(site):
    site.backend.answers["/two-reads"] = [b"HTTP/1.", PAUSE, b"1 20", PAUSE, b"0 OK\r", PAUSE, b"\nContent-Length: 3\r\n\r", PAUSE, b"\nabc"]
    assert site.request("/two-reads").body == b"abc"
    site.backend.answers["/two-reads-bad"] = [b"HTTP/1.", PAUSE, b"9999 what\r\n\r\n"]
    assert site.status("/two-reads-bad") == 502


class Unasked:
    """An upstream that says things without being asked: before the request (`first`), and behind its answer (`then`)."""

    def __init__(self, first=b"", then=b""):
        self.first, self.then, self.served = first, then, 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(peer,), daemon=True).start()

    def _talk(self, peer):
        with peer:
            try:
                peer.sendall(self.first)
                data = b""
                while part := peer.recv(65536):
                    data += part
                    while b"\r\n\r\n" in data:
                        request, _, data = data.partition(b"\r\n\r\n")
                        path = request.split(b" ")[1]
                        self.served += 1
                        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path))
                        time.sleep(0.05)
                        peer.sendall(self.then)
            except OSError:
                pass


LATE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nSet-Cookie: late=1\r\n\r\nlate"


@pytest.mark.parametrize("answer", [LATE, b"late", b"\r\n", LATE + LATE], ids=["an answer", "rubbish", "an empty line", "two"])
def test_what_an_upstream_says_late_reaches_nobody(tmp_path, answer):
    upstream = Unasked(then=answer)
    nginx = NginxRun("ours", tmp_path / "late", http=f"upstream kept {{ server 127.0.0.1:{upstream.port}; keepalive 4; }}", server="""
        location / { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://kept; }""").start()
    try:
        for number in range(8):
            time.sleep(0.1)  # Until the last one was said.
            got = nginx.request(f"/number/{number}")
            assert (got.status, got.body, got.header("Set-Cookie")) == (200, b"/number/%d" % number, None)
        assert nginx.stop() == 0
    finally:
        nginx.kill()
        upstream.socket.close()


def test_an_answer_before_the_request_is_that_of_no_other(tmp_path):
    upstream = Unasked(first=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly")
    nginx = NginxRun("ours", tmp_path / "early", http=f"upstream kept {{ server 127.0.0.1:{upstream.port}; keepalive 4; }}", server="""
        location / { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://kept; }""").start()
    try:
        for number in range(10):
            time.sleep(0.1)
            # The first of a connection may get what was said too early, as from nginx; nobody gets an answer to another.
            assert nginx.request(f"/number/{number}").body in (b"early", b"/number/%d" % number)
        assert nginx.stop() == 0
    finally:
        nginx.kill()
        upstream.socket.close()


def test_plain_bytes_where_tls_is_spoken(tmp_path):
    upstream = Unasked(first=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain")
    nginx = NginxRun("ours", tmp_path / "plain", server=f"""
        location / {{ proxy_pass https://127.0.0.1:{upstream.port}; }} location /fine {{ return 200 "x"; }}""").start()
    try:
        answer = nginx.request("/x")
        assert answer.status == 502 and b"plain" not in answer.body
        nginx.logged("SSL_do_handshake")
        assert nginx.status("/fine") == 200
        assert nginx.stop() == 0
    finally:
        nginx.kill()
        upstream.socket.close()


def test_an_upstream_that_says_less_than_it_promised(site):
    site.backend.answers["/short"] = [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"]
    with RawClient(site.address) as client:
        client.request("GET", "/short")
        with pytest.raises(AssertionError):
            client.response()
    site.backend.answers["/more"] = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\n\r\nnext"]
    assert site.request("/more").body == b"ab"


def test_resets_do_not_turn_the_loop(site):
    import processes
    for _ in range(300):
        client = RawClient(site.address)
        client.send(b"GET / HT")
        client.reset()
        client.close()
    worker = site.workers[0]
    eventually(lambda: site.status("/early") == 200, 5)
    before = processes.cpu_seconds([worker])
    with RawClient(site.address) as client:
        client.request("GET", "/early")
        client.response()
        client.is_open()
    assert processes.cpu_seconds([worker]) - before < 0.2


def test_slow_clients_are_ended_and_cost_the_others_nothing(tmp_path):
    nginx = NginxRun("ours", tmp_path / "slow", server="""client_header_timeout 1s; client_body_timeout 1s;
        location / { return 200 "x"; } location /body { proxy_pass http://127.0.0.1:1; }""").start()
    try:
        slow = []
        for start in (b"", b"GE", b"GET / HTTP/1.1\r\nHost:", b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nab"):
            for _ in range(10):
                client = RawClient(nginx.address)
                client.send(start)
                slow.append(client)
        assert nginx.status() == 200
        for client in slow:
            client.everything()  # Each comes to its end by itself.
            client.close()
        assert nginx.status() == 200
        assert nginx.stop() == 0
    finally:
        nginx.kill()

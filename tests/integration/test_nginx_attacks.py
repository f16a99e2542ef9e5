"""What a client does to keep others out, or to get in: the real nginx and ours hold alike."""

import gzip
import os
import socket
import threading
import time

import pytest

import processes
from http2_client import END_HEADERS, END_STREAM, GOAWAY, HEADERS, Http2Client, frame, head
from nginx_run import NginxRun
from raw_client import RawClient
from waiting import SLOWNESS

both = pytest.mark.parametrize("program", ["real", "ours"])
PING, CONTINUATION = 6, 9


@pytest.fixture
def run(tmp_path):
    made = []

    def start(program, server, **how):
        made.append(NginxRun(program, tmp_path / program, server=server, **how))
        return made[-1].start()

    yield start
    for nginx in made:
        nginx.kill()


# --- regular expressions that are made to give up -------------------------------------------------------

RULES = r"""
    location ~ ^/(admin|private)(/[^/]+)*$ { return 403; }
    location /admin { return 200 secret; }
    location / {
        if ($query_string ~ "(<|%3C).*script.*(>|%3E)") { return 403; }
        return 200 open;
    }
"""


@both
@pytest.mark.parametrize("path", ["/admin" + "/a" * 1000, "/?q=%3Cscript%3E" + "%3Cscript" * 600], ids=["location", "if"])
def test_a_rule_holds_for_long_subjects(run, program, path):
    nginx = run(program, RULES)
    assert nginx.status("/x") == 200
    assert nginx.status(path) == 403


def test_who_makes_a_rule_give_up_does_not_pass_it(run):
    """In time: nginx would look for seconds."""
    nginx = run("ours", r"location ~ ^/(a+)+$ { return 403; } location / { return 200; }")
    begun = time.monotonic()
    assert nginx.status("/" + "a" * 60 + "!") == 500
    assert time.monotonic() - begun < 2 * SLOWNESS
    nginx.logged("a regular expression gave up")
    assert nginx.status("/b") == 200


# --- HTTP/2 ---------------------------------------------------------------------------------------------

def literal(name, value):
    """HPACK: a field that is kept in the table. Values up to 16,000 bytes."""
    size = bytes([len(value)]) if len(value) < 127 else bytes([127, (len(value) - 127) & 127 | 128, (len(value) - 127) >> 7])
    return b"\x40" + bytes([len(name)]) + name + size + value


@both
def test_a_head_that_unpacks_to_too_much_ends_the_connection(run, program):
    nginx = run(program, "return 200;", http2=True)
    with Http2Client(nginx.address) as client:
        block = head() + literal(b"x", b"a" * 4000)
        fill = b"\xbe" * 16000  # The field again, with each byte.
        client.send(frame(HEADERS, END_STREAM, 1, block + fill[:8000]))
        try:
            for _ in range(14):
                client.send(frame(CONTINUATION, 0, 1, fill))
            client.send(frame(CONTINUATION, END_HEADERS, 1, fill))
        except OSError:
            pass  # It has been closed meanwhile.
        begun = time.monotonic()
        kinds = []
        try:
            while (got := client.next()) is not None:
                kinds.append(got[0])
        except OSError:
            pass
        assert HEADERS not in kinds or GOAWAY in kinds, kinds
    if program == "ours":
        nginx.logged("a head that is many times too large")


@both
def test_pings_put_no_timeout_off(run, program):
    nginx = run(program, "keepalive_timeout 1s; client_header_timeout 1s; return 200;", http2=True)
    for asks in (False, True):
        with Http2Client(nginx.address) as client:
            if asks:
                client.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, head()))
            ended = threading.Event()

            def look(client=client, ended=ended):
                try:
                    while (got := client.next()) is not None and got[0] != GOAWAY:
                        pass
                except OSError:
                    pass
                ended.set()

            threading.Thread(target=look, daemon=True).start()
            deadline = time.monotonic() + 20 * SLOWNESS
            while not ended.wait(0.3):
                assert time.monotonic() < deadline
                try:
                    client.send(frame(PING, payload=b"12345678"))
                except OSError:
                    break
            assert ended.wait(5)


@both
def test_a_path_with_a_host_in_it_is_refused(run, program):
    nginx = run(program, "return 200;", http2=True)
    with Http2Client(nginx.address) as client:
        # nghttp2 looks at the paths of http and https alone.
        block = b"\x82\x06\x03foo\x04\x15http://evil.example/x\x01\x01a"
        client.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, block))
        assert client.until(HEADERS)[3].startswith(b"\x8c")  # :status 400 of the table.


@both
def test_a_name_that_is_an_expression_gives_its_captures(run, program):
    nginx = run(program, r"server_name ~^(?<who>\w+)\.example$; return 200 $who;", http2=True)
    with Http2Client(nginx.address) as client:
        block = b"\x82\x86\x84\x01\x0dmisha.example"
        client.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, block))
        assert client.until(0)[3] == b"misha"


# --- what grows on the way ------------------------------------------------------------------------------

@both
def test_what_is_unpacked_is_not_held_for_slow_clients(run, program, tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    (files / "a.txt.gz").write_bytes(gzip.compress(bytes(50_000_000)))
    nginx = run(program, f"root {files}; location = / {{ return 200; }} location /a.txt {{ gzip_static always; gunzip on; }}")
    clients = [RawClient(nginx.address, receive_buffer=4096) for _ in range(20)]
    try:
        for client in clients:
            client.request(path="/a.txt")
        for client in clients:
            assert client.head().status == 200
        assert nginx.status() == 200
        assert processes.resident_bytes(nginx.workers) < 200_000_000
        # All of it comes to who takes it.
        assert len(nginx.request("/a.txt").body) == 50_000_000
    finally:
        for client in clients:
            client.close()


# --- upstreams ------------------------------------------------------------------------------------------

@both
def test_an_answer_before_the_end_of_a_body_is_passed_back(run, program):
    """The upstream takes no more of the body, and keeps its connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    kept = []

    def serve():
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            kept.append(peer)
            peer.recv(1000)
            peer.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nlong")

    threading.Thread(target=serve, daemon=True).start()
    nginx = run(program, "client_max_body_size 0; location = / { return 200; } "
                "location /up { proxy_send_timeout 20s; proxy_pass http://127.0.0.1:%d; }" % listener.getsockname()[1])
    begun = time.monotonic()
    answer = nginx.request("/up", "POST", body=b"x" * 20_000_000)
    assert (answer.status, answer.body) == (413, b"long")
    assert time.monotonic() - begun < 15
    listener.close()


# --- links and headers ----------------------------------------------------------------------------------

@both
def test_no_list_of_what_a_link_leads_to(run, program, tmp_path):
    files = tmp_path / "files"
    (files / "real").mkdir(parents=True)
    os.symlink("/etc", files / "link")
    nginx = run(program, f"location = / {{ return 200; }} location /f/ {{ alias {files}/; autoindex on; disable_symlinks on; }}")
    assert nginx.status("/f/real/") == 200
    assert nginx.status("/f/link/") in (403, 404)


def test_a_charset_begins_no_header(run):
    """nginx sends the line end as it is."""
    nginx = run("ours", "charset $uri; default_type text/html; return 200 x;")
    answer = nginx.request("/%0d%0aSet-Cookie:x=1")
    assert answer.header("Set-Cookie") is None
    assert "%0D%0ASet-Cookie" in answer.header("Content-Type")

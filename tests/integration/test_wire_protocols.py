"""uwsgi, SCGI and FastCGI with packets made by hand: a front server that is not ours finds what its protocol says,
and one that is no front server finds out nothing."""

import hashlib
import os
import re
import socket
import sys
import time

import pytest

from gate import Background
from waiting import eventually
from wire_client import (ABORT, BEGIN, DATA, END, GET_VALUES, PACKETS, PARAMS, PROTOCOLS, STDIN, STDOUT, UNKNOWN, VALUES,
                         WireClient, ask, begin, fastcgi_packet, fastcgi_pairs, record, scgi_packet, stream, uwsgi_packet,
                         variables)

BINDS = [f"{protocol}://127.0.0.1:0" for protocol in PROTOCOLS]


@pytest.fixture(scope="module")
def shared(module_server, tmp_path_factory):
    module_server.unix_path = str(tmp_path_factory.mktemp("wire") / "app.sock")
    binds = [*BINDS, f"uwsgi://unix:{module_server.unix_path}", "127.0.0.1:0"]
    module_server.start("behind:app", threads=2, bind=binds, args=["--client-max-body-size", "40m"])
    return module_server


@pytest.fixture(params=PROTOCOLS)
def protocol(request):
    return request.param


def address_of(server, protocol):
    return server.addresses()[PROTOCOLS.index(protocol)]


@pytest.fixture
def to(shared, protocol):
    """ask() of the shared server, over each protocol."""
    return lambda *args, **more: ask(address_of(shared, protocol), protocol, *args, **more)


# --- requests ---------------------------------------------------------------------------------------------

def test_the_application_gets_every_variable_as_it_was_sent(to, protocol):
    sent = {"HTTP_X_OWN": "caf\xe9", "MY_PARAM": "mine", "EMPTY": "", "HTTP_COOKIE": "a=1; b=2", "CONTENT_TYPE": "text/x",
            "SCRIPT_NAME": "/app", "HTTPS": "on", "x-odd.name": "1", "SSL_CLIENT_CERT": "-----BEGIN\n\tX"}
    environ = to("GET", "/environ/caf\xc3\xa9 b", "q=%20+", **sent).json()
    for name, value in variables("GET", "/environ/caf\xc3\xa9 b", "q=%20+", **sent):
        if (protocol, name) != ("scgi", "CONTENT_LENGTH"):
            assert environ[name] == value, name
    assert environ["wsgi.url_scheme"] == "https"
    assert environ["wsgi.version"] == [1, 0]
    assert environ["wsgi.input_terminated"] is True
    assert len(environ["tierce.request_id"]) == 16


def test_what_pep_3333_asks_for_is_there_when_nobody_sent_it(shared, protocol):
    with WireClient(address_of(shared, protocol), protocol) as client:
        client.send(PACKETS[protocol]([("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/environ/%41?x")]))
        environ = client.answer().json()
    assert environ["PATH_INFO"] == "/environ/A"
    assert environ["SCRIPT_NAME"] == "" and environ["QUERY_STRING"] == ""
    assert environ["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert environ["SERVER_NAME"] == "127.0.0.1" and environ["SERVER_PORT"].isdigit()


def test_the_path_stands_where_stock_parameters_put_it(to):
    # nginx's fastcgi_params and mod_proxy_fcgi; nginx's scgi_params.
    environ = to("GET", "/environ/a b", PATH_INFO=None, SCRIPT_NAME="/environ/a b").json()
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("", "/environ/a b")
    environ = to("GET", "/environ/x", PATH_INFO=None, DOCUMENT_URI="/environ/a b").json()
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("", "/environ/a b")


def test_the_last_of_two_counts(shared, protocol):
    with WireClient(address_of(shared, protocol), protocol) as client:
        client.send(PACKETS[protocol](variables(path="/environ") + [("REMOTE_ADDR", "198.51.100.9")]))
        assert client.answer().json()["REMOTE_ADDR"] == "198.51.100.9"


@pytest.mark.parametrize("name", ["UWSGI_FILE", "UWSGI_MODULE", "UWSGI_CALLABLE", "UWSGI_SETENV", "UWSGI_APPID",
                                  "UWSGI_SCRIPT", "UWSGI_PYHOME", "UWSGI_CHDIR"])
def test_variables_load_and_change_nothing(shared, to, tmp_path, name):
    evil = tmp_path / "evil.py"
    evil.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\ndef application(e, s):\n    s('200 OK', [])\n    return [b'evil']\n")
    value = {"UWSGI_SETENV": "EVIL=1", "UWSGI_CHDIR": str(tmp_path), "UWSGI_PYHOME": str(tmp_path),
             "UWSGI_MODULE": "evil", "UWSGI_CALLABLE": "application"}.get(name, str(evil))
    environ = to("GET", "/environ", **{name: value}).json()
    assert environ[name] == value
    assert to("GET", "/ok").body == b"ok"
    assert not (tmp_path / "ran").exists()
    for worker in shared.workers():
        assert b"EVIL=1" not in open(f"/proc/{worker}/environ", "rb").read()
        assert os.readlink(f"/proc/{worker}/cwd") != str(tmp_path)


def test_variables_cannot_replace_what_is_ours(to):
    environ = to("GET", "/environ", **{"wsgi.input": "x", "wsgi.url_scheme": "gopher", "tierce.request_id": "1"}).json()
    assert environ["wsgi.input"] == "<Input>"
    assert environ["wsgi.url_scheme"] == "http"
    assert environ["tierce.request_id"] != "1"


def test_cut_at_every_position_it_is_the_same_request(shared, protocol):
    body = b"hello"
    packet = PACKETS[protocol]([("REQUEST_METHOD", "POST"), ("PATH_INFO", "/digest"), ("CONTENT_LENGTH", "5")], body)
    want = [5, hashlib.sha256(body).hexdigest()]
    for cut in range(len(packet)):
        with WireClient(address_of(shared, protocol), protocol) as client:
            client.send_in_pieces(packet, [cut])
            assert client.answer().json()["results"] == [want], cut
    with WireClient(address_of(shared, protocol), protocol) as client:
        client.send_in_pieces(packet, range(len(packet)))
        assert client.answer().json()["results"] == [want]


@pytest.mark.parametrize("size", [0, 1, 16384, 16385, 200_000, 20_000_000])
def test_bodies_of_every_size_arrive_whole(to, size):
    body = os.urandom(size)
    got = to("POST", "/digest", body=body)
    assert got.json()["results"] == [[size, hashlib.sha256(body).hexdigest()]]


def test_a_body_too_large_is_refused(to, protocol):
    assert to("POST", "/digest", body=bytes(41 * 1024 * 1024)).status == 413
    if protocol != "scgi":  # Whose CONTENT_LENGTH is made from the body.
        assert to("POST", "/digest", CONTENT_LENGTH=str(41 * 1024 * 1024)).status == 413


@pytest.mark.parametrize("length", ["+10", "-1", "0x10", "1_0", "10 ", "5, 5", "99999999999999999999", "5\n"])
def test_a_bad_content_length_is_refused(shared, protocol, length):
    given = [(k, v) for k, v in variables("POST", "/digest") if k != "CONTENT_LENGTH"]
    with WireClient(address_of(shared, protocol), protocol) as client:
        if protocol == "scgi":
            packet = scgi_packet(given).replace(b"CONTENT_LENGTH\x000\x00", b"CONTENT_LENGTH\0" + length.encode() + b"\0")
            block = packet.partition(b":")[2][:-1]
            packet = b"%d:%s," % (len(block), block)
        else:
            packet = PACKETS[protocol]([("CONTENT_LENGTH", length), *given])
        client.send(packet + b"hello")
        assert client.answer().status == 400
    with WireClient(address_of(shared, protocol), protocol) as client:
        client.send(PACKETS[protocol]([("CONTENT_LENGTH", "5"), ("CONTENT_LENGTH", "6"), *given]
                                      if protocol != "scgi" else variables("POST", CONTENT_LENGTH="") + [("A", "x\0y")]))
        assert client.answer().status == 400


def test_a_second_packet_behind_the_body_is_never_run(shared, protocol, tmp_path):
    marks = [tmp_path / "first", tmp_path / "second"]
    packets = [PACKETS[protocol](variables("POST", "/wait", f"started={mark}&gate={tmp_path / 'open'}", b"12345"), b"12345")
               for mark in marks]
    (tmp_path / "open").write_text("")
    with WireClient(address_of(shared, protocol), protocol) as client:
        client.send(packets[0] + (packets[1] if protocol != "fastcgi" else packets[1].replace(b"\x01\x01\x00\x01", b"\x01\x01\x00\x02")))
        assert client.answer().status == 200
    assert ask(address_of(shared, protocol), protocol).status == 200
    assert marks[0].exists() and not marks[1].exists()


def test_a_packet_inside_the_body_is_body(shared, protocol):
    inner = PACKETS[protocol](variables("GET", "/die"))
    got = ask(address_of(shared, protocol), protocol, "POST", "/digest", body=inner)
    assert got.json()["results"] == [[len(inner), hashlib.sha256(inner).hexdigest()]]


# --- answers ----------------------------------------------------------------------------------------------

def test_a_head_answer_has_no_body(to):
    assert to("HEAD", "/ok").status == 200


def test_headers_are_the_applications_and_no_others(to):
    got = to("GET", "/cookies")
    assert [value for key, value in got.headers if key == "Set-Cookie"] == ["a=1", "b=2; Path=/"]
    assert {key for key, _ in got.headers} == {"Content-Type", "Set-Cookie", "X-Order", "x-order", "X-Latin", "X-Empty",
                                               "Content-Length"}


@pytest.mark.parametrize("query", ["n=0", "n=1", "n=20000000", "n=0&length=1", "n=70000&length=1", "n=20000000&length=1"])
def test_answers_of_every_size_arrive_whole(to, query):
    got = to("GET", "/bytes", query)
    size = int(query.split("&")[0][2:])
    assert got.complete and got.status == 200
    assert len(got.body) == size
    assert got.body == (bytes(range(256)) * (size // 256 + 1))[:size]
    assert got.header("Content-Length") == (str(size) if "length" in query or size == 0 else None)


@pytest.mark.parametrize("size", [0, 1, 65528, 65529, 3_000_000])
def test_files_arrive_whole(to, tmp_path, size):
    path = tmp_path / "file"
    path.write_bytes(os.urandom(size))
    got = to("GET", "/file", f"path={path}")
    assert got.complete and got.body == path.read_bytes()


def test_a_streams_first_piece_does_not_wait_for_the_second(shared, protocol, gate):
    path, _, query = gate.path("/stream").partition("?")
    with WireClient(address_of(shared, protocol), protocol) as client:
        client.send(PACKETS[protocol](variables("GET", path, query)))
        eventually(lambda: client._more() and b"first" in client.buffer, 5)
        gate.open()
        got = client.answer()
    assert got.complete and got.body == b"firstsecond"


def test_a_slow_reader_gets_it_all(shared, protocol):
    with WireClient(address_of(shared, protocol), protocol, receive_buffer=4096) as client:
        client.send(PACKETS[protocol](variables("GET", "/bytes", "n=3000000")))
        time.sleep(0.3)
        got = client.answer()
    assert got.complete and len(got.body) == 3_000_000


def test_an_application_error_is_a_500(shared, to):
    got = to("GET", "/raises")
    assert got.status == 500 and got.complete
    shared.wait_log("oops before the output")


@pytest.mark.parametrize("query", ["x", "x&length=100"])
def test_a_body_that_breaks_off_is_recognised(to, protocol, query):
    got = to("GET", "/raises_later", query)
    assert got.status == 200 and got.body in (b"part one", b"")
    assert not got.complete
    if protocol != "fastcgi" and "length" not in query:
        assert got.reset


def test_a_killed_worker_costs_one_request(server, protocol):
    server.start("behind:app", workers=2, bind=BINDS)
    address = address_of(server, protocol)
    # No answer is one: the front server says what its error_page and next_upstream say.
    assert ask(address, protocol, "GET", "/die") is None
    server.wait_access('"GET /die HTTP/1.1" 502 0 ')
    assert ask(address, protocol).status == 200
    assert not ask(address, protocol, "GET", "/half").complete
    assert ask(address, protocol).status == 200


def test_log_lines_are_those_of_http(shared, to):
    to("GET", "/ok", "marker=1", HTTP_REFERER="http://r/", HTTP_USER_AGENT="agent \x1b x", REMOTE_USER="ann")
    line = shared.wait_access("marker=1")
    assert line.startswith("192.0.2.7 - ann [")
    assert line.endswith('] "GET /ok?marker=1 HTTP/1.1" 200 2 "http://r/" "agent \\x1B x"')
    to("GET", "/raises", "marker=2")
    shared.wait_log(r"request [0-9a-f]{16}: GET /raises\?marker=2: error handling request")


# --- what no front server sends -----------------------------------------------------------------------------

def test_an_http_request_is_closed_with_a_line_that_says_so(shared, protocol):
    name = {"uwsgi": "a uwsgi", "scgi": "an SCGI", "fastcgi": "a FastCGI"}[protocol]
    for request in (b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"POST /die HTTP/1.1\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
        before = len(shared.log_lines(f"connection closed: an HTTP request on {name} socket"))
        with WireClient(address_of(shared, protocol), protocol) as client:
            client.send(request)
            assert client.everything() == b""
        eventually(lambda: len(shared.log_lines(f"connection closed: an HTTP request on {name} socket")) == before + 1)
    if protocol == "uwsgi":
        shared.wait_log("use http-socket")


def test_a_wire_packet_on_an_http_socket_is_a_bad_request(shared):
    with shared.raw(shared.addresses()[-1]) as client:
        client.send(uwsgi_packet(variables()))
        assert client.response().status == 400


BAD_PACKETS = {
    "uwsgi": [b"\0\0\0\0", uwsgi_packet(variables())[:1] + b"\x01\0\0A", b"\0\5\0\0\xff\xffabc", b"\0\5\0\0\1\0A\2\0x",
              b"\0\6\0\0\1\0A\2\0x", uwsgi_packet(variables(), modifier1=22), uwsgi_packet(variables(), modifier1=5),
              uwsgi_packet([("", "x"), *variables()]), uwsgi_packet([("A", "x\0"), *variables()]),
              uwsgi_packet([("REQUEST_METHOD", "get")]), uwsgi_packet([("PATH_INFO", "/ok")]),
              uwsgi_packet(variables(REQUEST_URI="/\r\nX: y")),
              uwsgi_packet(variables(HTTP_TRANSFER_ENCODING="chunked"))],
    "scgi": [scgi_packet(variables())[:-1] + b";", b"30:CONTENT_LENGTH\0000\0SCGI\0001\0AAAAAA,", b"10:AAAAAAAAAA,",
             b"24:CONTENT_LENGTH\0000\0SCGI\0002\0,", b"17:CONTENT_LENGTH\0000\0,",
             scgi_packet([("REQUEST_METHOD", "G T")]), scgi_packet([("PATH_INFO", "/ok")])],
    "fastcgi": [begin() + record(STDIN, b"x"), begin() + record(PARAMS), begin() + begin(),
                begin() + record(PARAMS, b"\x05\x01A") + record(PARAMS), begin() + record(STDOUT, b"x"),
                begin() + record(99), fastcgi_packet(variables(CONTENT_LENGTH="5")),
                fastcgi_packet(variables(CONTENT_LENGTH="5"), b"123456"),
                begin() + stream(PARAMS, fastcgi_pairs(variables())) + record(PARAMS, b"x")],
}


@pytest.mark.parametrize("protocol,number", [(p, n) for p in PROTOCOLS for n in range(len(BAD_PACKETS[p]))])
def test_malformed_packets_are_refused_and_run_nothing(shared, protocol, number):
    with WireClient(address_of(shared, protocol), protocol) as client:
        before = len(shared.log_lines("request refused|connection closed"))
        client.send_what_is_taken(BAD_PACKETS[protocol][number])
        got = client.answer()
    assert got is None or got.status in (400, 411, 431), got
    eventually(lambda: len(shared.log_lines("request refused|connection closed|400\\)")) > before)
    assert ask(address_of(shared, protocol), protocol).status == 200


@pytest.mark.parametrize("packet", [b"0:,", b":", b"01:A,", b" 5:", b"\x16\x03\x01\0\5", b"99999999999:", b"\0"])
def test_what_is_no_netstring_is_closed(shared, packet):
    with WireClient(address_of(shared, "scgi"), "scgi") as client:
        client.send(packet)
        got = client.answer()
    assert got is None or got.status == 431


@pytest.mark.parametrize("packet", [b"\2" + begin()[1:], b"\0" * 8, b"\x16\x03\x01\0\5", record(BEGIN, b"x"), record(BEGIN, bytes(9)),
                                    record(3), record(PARAMS)[:4] + b"\0\0\0\0" + b"\7"])
def test_what_is_no_record_is_closed(shared, packet):
    with WireClient(address_of(shared, "fastcgi"), "fastcgi") as client:
        client.send(packet)
        assert client.everything() == b""


def test_as_many_variables_as_a_uwsgi_packet_can_hold(shared):
    given = variables(path="/environ")
    room = 65535 - len(uwsgi_packet(given)) + 4 - 4 - len("LARGE")
    packet = uwsgi_packet([*given, ("LARGE", "x" * room)])
    assert packet[1:3] == b"\xff\xff"
    with WireClient(address_of(shared, "uwsgi"), "uwsgi") as client:
        client.send(packet)
        assert client.answer().json()["LARGE"] == "x" * room


def test_the_limit_of_variables_is_kept(server, protocol):
    server.start("behind:app", bind=BINDS, args=["--limit-request-variables", "1000"])
    assert ask(address_of(server, protocol), protocol, LARGE="x" * 400).status == 200
    assert ask(address_of(server, protocol), protocol, LARGE="x" * 1000).status == 431
    server.wait_log("--limit-request-variables")


def test_a_uwsgi_ping_is_answered(shared):
    with WireClient(address_of(shared, "uwsgi"), "uwsgi") as client:
        client.send(b"\x64\0\0\0")
        assert client.everything() == b"\x64\0\0\x01"


def test_a_unix_socket_is_as_good(shared):
    got = ask(shared.unix_path, "uwsgi", "POST", "/digest", body=b"x" * 100_000)
    assert got.json()["results"][0][0] == 100_000


def test_a_socket_of_systemd_speaks_what_bind_says(server):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        activate = ("import os, sys; fd = int(sys.argv[1]); os.dup2(fd, 3); fd != 3 and os.close(fd);"
                    "os.environ['LISTEN_PID'] = str(os.getpid()); os.environ['LISTEN_FDS'] = '1';"
                    "os.execv(sys.argv[2], sys.argv[2:])")
        command = server.command("behind:app", bind="uwsgi://127.0.0.1:3031")
        server.spawn(command, wrapper=[sys.executable, "-c", activate, str(listener.fileno())],
                     pass_fds=[listener.fileno()])
    server.wait_listening()
    assert ask(address, "uwsgi").body == b"ok"


def test_two_edge_threads_are_as_good_as_one(server, protocol):
    server.start("behind:app", bind=BINDS, workers=2, args=["--edge-threads", "2"])
    for size in range(0, 60_000, 3000):
        body = os.urandom(size)
        got = ask(address_of(server, protocol), protocol, "POST", "/digest", body=body)
        assert got.json()["results"] == [[size, hashlib.sha256(body).hexdigest()]]


# --- FastCGI's own -------------------------------------------------------------------------------------------

def test_a_kept_fastcgi_connection_serves_one_request_after_another(shared):
    with WireClient(address_of(shared, "fastcgi"), "fastcgi") as client:
        for number in (1, 1, 7, 300):
            body = os.urandom(number * 1000)
            client.send(fastcgi_packet(variables("POST", "/digest", body=body), body, number, keep=True))
            got = client.answer(request=number)
            assert got.json()["results"] == [[len(body), hashlib.sha256(body).hexdigest()]]
        client.send(fastcgi_packet(variables("GET", "/raises"), request=2, keep=True))
        assert client.answer(request=2).status == 500
        assert client.is_open()
        client.send(fastcgi_packet(variables(), request=2))
        assert client.answer(request=2).body == b"ok"
        client.ends()


def test_fastcgi_values_are_told(shared):
    with WireClient(address_of(shared, "fastcgi"), "fastcgi") as client:
        client.send(record(GET_VALUES, fastcgi_pairs([("FCGI_MAX_CONNS", ""), ("FCGI_MAX_REQS", ""), ("FCGI_MPXS_CONNS", "")]), 0))
        kind, request, content = client.record()
        assert (kind, request) == (VALUES, 0)
        assert b"\x0f\x01FCGI_MPXS_CONNS0" in content
        client.send(record(77, b"?", 0))
        assert client.record() == (UNKNOWN, 0, b"\x4d" + bytes(7))
        client.send(fastcgi_packet(variables()))
        assert client.answer().body == b"ok"


def test_fastcgi_requests_are_not_mixed(shared, gate):
    path, _, query = gate.path().partition("?")
    with WireClient(address_of(shared, "fastcgi"), "fastcgi") as client:
        client.send(fastcgi_packet(variables("GET", path, query), request=1, keep=True))
        gate.wait_started()
        client.send(fastcgi_packet(variables(), request=2, keep=True))
        gate.open()
        found = []
        while not found or len(found) < 2:
            kind, request, content = client.record()
            if kind == END:
                found.append((request, content[4]))
        assert sorted(found) == [(1, 0), (2, 1)]  # REQUEST_COMPLETE, CANT_MPX_CONN
        client.send(fastcgi_packet(variables(), request=2))
        assert client.answer(request=2).body == b"ok"


def test_another_fastcgi_role_is_refused(shared):
    with WireClient(address_of(shared, "fastcgi"), "fastcgi") as client:
        client.send(begin(role=2) + stream(PARAMS, b"") + stream(STDIN, b"") + record(DATA))
        kind, request, content = client.record()
        assert (kind, request, content[4]) == (END, 1, 3)


def test_a_fastcgi_request_can_be_aborted_before_it_runs(shared, tmp_path):
    mark = tmp_path / "ran"
    with WireClient(address_of(shared, "fastcgi"), "fastcgi") as client:
        params = stream(PARAMS, fastcgi_pairs(variables("POST", "/wait", f"started={mark}&gate=/", b"12345")))
        client.send(begin(keep=True) + params + record(STDIN, b"123") + record(ABORT))
        assert client.record() == (STDOUT, 1, b"")
        assert client.record() == (END, 1, bytes(8))
        client.send(fastcgi_packet(variables(), request=2))
        assert client.answer(request=2).body == b"ok"
    assert not mark.exists()


def test_a_fastcgi_request_can_be_aborted_while_it_runs(shared, gate):
    path, _, query = gate.path().partition("?")
    with WireClient(address_of(shared, "fastcgi"), "fastcgi") as client:
        client.send(fastcgi_packet(variables("GET", path, query), keep=True))
        gate.wait_started()
        client.send(record(ABORT))
        assert client.record() == (STDOUT, 1, b"")
        assert client.record() == (END, 1, bytes(8))
        gate.open()
        client.send(fastcgi_packet(variables(), request=2))
        assert client.answer(request=2).body == b"ok"


# --- time ----------------------------------------------------------------------------------------------------

def test_slow_front_servers_are_ended_by_the_named_timeouts(server, protocol):
    server.start("behind:app", bind=BINDS, args=["--client-header-timeout", "0.4", "--client-body-timeout", "0.4"])
    packet = PACKETS[protocol](variables("POST", "/digest", body=b"12345"), b"12345")
    with WireClient(address_of(server, protocol), protocol) as client:
        client.send(packet[:20])
        got = client.answer()
        assert got is None or got.status == 408
        server.wait_log("the request head was not complete within 400 ms")
    with WireClient(address_of(server, protocol), protocol) as client:
        client.send(packet[:-3] if protocol != "fastcgi" else packet[:-20])
        assert client.answer().status == 408
        server.wait_log("the body did not arrive within 400 ms")
    with WireClient(address_of(server, protocol), protocol) as client:
        client.ends()


def test_an_application_that_hangs_is_closed_and_a_full_queue_a_503(server, protocol, gate):
    server.start("behind:app", bind=BINDS, args=["-t", "0.5", "--queue-timeout", "0.2"])
    # While the worker boots a request may wait for longer than the queue allows.
    eventually(lambda: ask(address_of(server, protocol), protocol).status == 200, 20, "a worker that answers")
    path, _, query = gate.path().partition("?")
    hanging = Background(ask, address_of(server, protocol), protocol, "GET", path, query)
    gate.wait_started()
    assert ask(address_of(server, protocol), protocol).status == 503
    assert hanging.result() is None
    server.wait_access(re.escape(f'"GET {path}?{query} HTTP/1.1" 504 0 '))


def test_a_front_server_that_leaves_in_the_middle_leaves_nothing_behind(shared, protocol):
    packet = PACKETS[protocol](variables("POST", "/digest", body=bytes(50)), bytes(50))
    for cut in (1, 3, 10, len(packet) // 2, len(packet) - 1):
        for how in ("close", "reset"):
            with WireClient(address_of(shared, protocol), protocol) as client:
                client.send(packet[:cut])
                getattr(client, how)()
    assert ask(address_of(shared, protocol), protocol).status == 200

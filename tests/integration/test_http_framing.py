"""Two readers of one message never disagree where it ends (bad-inputs.md, HTTP/1 framing)."""

import itertools
import re
from email.utils import parsedate_to_datetime

import pytest

from raw_client import Incomplete, ProtocolError
from waiting import eventually

_numbers = itertools.count()


@pytest.fixture
def server(module_server):
    """One server with one worker for the whole file; its app remembers what reached it."""
    if module_server.process is None:
        module_server.start("counting:app", args=["--client-max-body-size", "1m"])
    return module_server


def new_token():
    return f"t{next(_numbers)}"


def seen(server, token):
    return [line for line in server.get("/seen").json() if token in line[1]]


# ------------------------------------------------------------------------------------------------------
# What must be refused. `{t}` is a word that belongs to one try; behind each case a valid request to
# /smuggled?{t} follows, which must never be run.

LINE = b"POST /bad?{t} HTTP/1.1\r\n"
HOST = b"Host: h\r\n"


def field(text, host=HOST):
    return LINE + host + text + b"\r\n\r\n"


def length(value):
    return field(b"Content-Length: " + value) + b"hello"


def coding(value):
    return field(b"Transfer-Encoding: " + value) + b"5\r\nhello\r\n0\r\n\r\n"


def chunks(body):
    return field(b"Transfer-Encoding: chunked") + body


def target(text, method=b"GET"):
    return method + b" " + text + b" HTTP/1.1\r\n" + HOST + b"\r\n"


BAD = {
    # Transfer-Encoding
    "chunked with Content-Length": field(b"Transfer-Encoding: chunked\r\nContent-Length: 5") + b"0\r\n\r\n",
    "Content-Length with chunked": field(b"Content-Length: 5\r\nTransfer-Encoding: chunked") + b"0\r\n\r\n",
    "chunked with Content-Length 0": field(b"Content-Length: 0\r\nTransfer-Encoding: chunked") + b"0\r\n\r\n",
    "chunked, then a line identity": coding(b"chunked\r\nTransfer-Encoding: identity"),
    "identity, then a line chunked": coding(b"identity\r\nTransfer-Encoding: chunked"),
    "chunked, then a line gzip": coding(b"chunked\r\nTransfer-Encoding: gzip"),
    "gzip, then a line chunked": coding(b"gzip\r\nTransfer-Encoding: chunked"),
    "chunked, then a line chunked": coding(b"chunked\r\nTransfer-Encoding: chunked"),
    **{f"coding {value!r}": coding(value) for value in (
        b"gzip, chunked", b"chunked, identity", b",chunked", b"chunked,", b"xchunked", b"chunkedx", b"chunked\x0b",
        b"\x0bchunked", b"\r\n\tchunked", b"\r\n chunked", b"identity", b"gzip", b"", b"chunked;q=1", b'"chunked"',
        b"chunked, chunked", b"chun ked", b"chunked\x00", b"\xa0chunked", b"chunked\x85", b"chunked\x0c")},
    "chunked in HTTP/1.0": b"POST /bad?{t} HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    # Content-Length
    "two equal lengths": field(b"Content-Length: 5\r\nContent-Length: 5") + b"hello",
    "two lengths that differ": field(b"Content-Length: 5\r\nContent-Length: 6") + b"hello",
    "two lengths of 0": field(b"Content-Length: 0\r\ncontent-length: 0"),
    **{f"length {value!r}": length(value) for value in (
        b"5, 5", b"5,5", b"5,", b"+10", b"-1", b"0x10", b"1_0", b"10\x0b", b"10\xa0", b"\x0c10", b"1 0", b"1\t0", b"10;",
        b"", b"99999999999999999999", b"18446744073709551621", b"00000000000000000005", b"1e1", b"5.0", b"ten",
        b"\xd9\xa5", b'"5"', b"5\x00", b"5\r\n 0")},
    # Chunk sizes
    **{f"chunk size {size!r}": chunks(size + b"\r\nhello\r\n0\r\n\r\n") for size in (
        b"0x5", b"+5", b"-5", b"5_0", b" 5", b"5 ", b"\t5", b"5\t", b"", b"00000000000000005", b"FFFFFFFFFFFFFFED",
        b"FFFFFFFFFFFFFFFFF", b"8000000000000000", b"g", b"5h", b"5,", b"\xef\xbc\x95", b"5\x00", b"5 ;a")},
    "zeros that never end": chunks(b"0" * 100_000),
    "a size line that never ends": chunks(b"5;" + b"a" * 200_000),
    "a trailer that never ends": chunks(b"0\r\nA: " + b"a" * 200_000),
    "trailers that never end": chunks(b"0\r\n" + b"A: b\r\n" * 40_000),
    "bare CR in an extension": chunks(b"5;a\rb\r\nhello\r\n0\r\n\r\n"),
    "bare LF in an extension": chunks(b"5;a\nb\r\nhello\r\n0\r\n\r\n"),
    "bare LF after a size": chunks(b"5\nhello\r\n0\r\n\r\n"),
    "NUL in an extension": chunks(b"5;a\x00\r\nhello\r\n0\r\n\r\n"),
    "a chunk closed by XX": chunks(b"5\r\nhelloXX0\r\n\r\n"),
    "a chunk closed by LF": chunks(b"5\r\nhello\n0\r\n\r\n"),
    "a chunk closed by CR": chunks(b"5\r\nhello\r0\r\n\r\n"),
    "a chunk closed by LF CR": chunks(b"5\r\nhello\n\r0\r\n\r\n"),
    "a chunk longer than its size": chunks(b"4\r\nhello\r\n0\r\n\r\n"),
    "a chunk shorter than its size": chunks(b"6\r\nhello\r\n0\r\n\r\n"),
    "bare LF at the end": chunks(b"0\r\n\n"),
    "a trailer with a bare LF": chunks(b"0\r\nA: b\n\r\n"),
    "a trailer without a colon": chunks(b"0\r\nabc\r\n\r\n"),
    "a trailer with a blank before the colon": chunks(b"0\r\nA : b\r\n\r\n"),
    "a folded trailer": chunks(b"0\r\nA: b\r\n c\r\n\r\n"),
    # Line ends and bytes
    "bare LF after the request line": b"GET /bad?{t} HTTP/1.1\nHost: h\r\n\r\n",
    "bare CR after the request line": b"GET /bad?{t} HTTP/1.1\rHost: h\r\n\r\n",
    "bare LF everywhere": b"GET /bad?{t} HTTP/1.1\nHost: h\n\n",
    "bare LF after a field": field(b"A: b\nC: d"),
    "bare CR after a field": field(b"A: b\rC: d"),
    "bare LF before the end": LINE + HOST + b"A: b\n\r\n",
    "bare LF as the end": LINE + HOST + b"\n",
    "CR CR LF": LINE + HOST + b"A: b\r\r\n\r\n",
    "a leading bare LF": b"\n" + field(b"A: b"),
    **{f"{byte!r} in a value": field(b"A: a" + byte + b"b") for byte in (
        b"\x00", b"\x07", b"\x7f", b"\x0b", b"\x0c", b"\x1b", b"\x01", b"\x1f")},
    "NUL at the end of a value": field(b"A: a\x00"),
    "obs-fold with a blank": field(b"A: b\r\n c"),
    "obs-fold with a tab": field(b"A: b\r\n\tc"),
    "a fold right after the request line": LINE + b" A: b\r\n" + HOST + b"\r\n",
    "an empty name": field(b": b"),
    "a field without a colon": field(b"abc"),
    "a blank before the colon": field(b"Content-Length : 5") + b"hello",
    "a tab before the colon": field(b"Content-Length\t: 5") + b"hello",
    **{f"{byte!r} in a name": field(b"Content-Length" + byte + b": 5") + b"hello" for byte in (
        b"\x85", b"\x00", b"\x0b", b"\xa0", b"(", b"\"", b"/", b"[", b"{", b"=", b",", b";", b"\x7f", b"\xc3\xa9")},
    # Host and Content-Type
    "no Host": LINE + b"A: b\r\n\r\n",
    "no Host, but an underscored one": LINE + b"H_st: h\r\n\r\n",
    "two Hosts": field(b"Host: h"),
    "two Hosts that differ": field(b"host: i"),
    **{f"Host {value!r}": field(b"A: b", b"Host: " + value + b"\r\n") for value in (
        b"h/x", b"/", b"u@h", b"u:p@h", b"h, i", b"h,i", b"h i", b"", b"h:x", b"h:", b"h:99999", b"h?x", b"h#x", b"h\\x",
        b"h%00", b"[::1", b"<h>", b"h\xe9", b":80")},
    "two Content-Types": field(b"Content-Type: a/b\r\nContent-Type: a/c"),
    "two equal Content-Types": field(b"Content-Type: a/b\r\ncontent-type: a/b"),
    # Targets, methods and versions
    "target foo/bar": target(b"foo/bar?{t}"),
    "target * with GET": target(b"*"),
    "target * with POST": target(b"*", b"POST"),
    "target example.com:443 with GET": target(b"example.com:443"),
    "a blank in the target": target(b"/a b?{t}"),
    "a blank and NUL in the target": target(b"/a \x00.php?{t}"),
    **{f"{byte!r} in the target": target(b"/a" + byte + b"?{t}") for byte in (
        b"\x00", b"\t", b"\x01", b"\x7f", b"\x0b", b"\x0c", b"#")},
    "%00 in the path": target(b"/a%00?{t}"),
    "%zz in the path": target(b"/a%zz?{t}"),
    "half an escape": target(b"/a%4"),
    "no target": b"GET  HTTP/1.1\r\nHost: h\r\n\r\n",
    "a tab as the blank": b"GET\t/bad?{t} HTTP/1.1\r\nHost: h\r\n\r\n",
    "two blanks": b"GET  /bad?{t} HTTP/1.1\r\nHost: h\r\n\r\n",
    "a blank at the end of the line": b"GET /bad?{t} HTTP/1.1 \r\nHost: h\r\n\r\n",
    "a leading blank": b" GET /bad?{t} HTTP/1.1\r\nHost: h\r\n\r\n",
    "absolute-form with userinfo": target(b"http://u@h/bad?{t}"),
    "absolute-form without a host": target(b"http:///bad?{t}"),
    "absolute-form of another scheme": target(b"ftp://h/bad?{t}"),
    "a fragment": target(b"/bad?{t}#x"),
    "a method in brackets": target(b"/bad?{t}", b"G(T"),
    "a method with a colon": target(b"/bad?{t}", b"GET:"),
    "no version": b"GET /bad?{t}\r\nHost: h\r\n\r\n",
    "version http/1.1": b"GET /bad?{t} http/1.1\r\nHost: h\r\n\r\n",
    "version HTTP/1": b"GET /bad?{t} HTTP/1\r\nHost: h\r\n\r\n",
    "version HTTP/1.10": b"GET /bad?{t} HTTP/1.10\r\nHost: h\r\n\r\n",
    "version HTTP/01.1": b"GET /bad?{t} HTTP/01.1\r\nHost: h\r\n\r\n",
    "version HTTP/0.9": b"GET /bad?{t} HTTP/0.9\r\nHost: h\r\n\r\n",
    "version HTTP /1.1": b"GET /bad?{t} HTTP /1.1\r\nHost: h\r\n\r\n",
    "version ICAP/1.0": b"GET /bad?{t} ICAP/1.0\r\nHost: h\r\n\r\n",
    "a TLS hello": bytes.fromhex("16030100c8010000c40303") + b"a" * 100,
    "noise": b"\xff\xfe\x00\x01\x02" * 20,
}
BAD = {name: (data, 400) for name, data in BAD.items()}
BAD["a large length read as a small one"] = (length(b"4294967301"), 413)
BAD["CONNECT with a body"] = (
    b"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\nContent-Length: 40\r\n\r\nGET /bad?{t} HTTP/1.1\r\nHost: h\r\n\r\n", 400)
BAD["CONNECT"] = (b"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", 405)
BAD["HTTP/2.0"] = (b"GET /bad?{t} HTTP/2.0\r\nHost: h\r\n\r\n", 505)
BAD["the HTTP/2 preface"] = (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505)
BAD["HTTP/9.9"] = (b"GET /bad?{t} HTTP/9.9\r\nHost: h\r\n\r\n", 505)
BAD["a line too long"] = (b"GET /bad?{t}" + b"a" * 8192 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 414)
BAD["a line that never ends"] = (b"GET /bad?{t}" + b"a" * 100_000, 414)
BAD["a field too long"] = (field(b"A: " + b"a" * 8192), 431)
BAD["a name that never ends"] = (LINE + HOST + b"A" * 100_000, 431)
BAD["too many fields"] = (field(b"\r\n".join(b"A%d: b" % i for i in range(101))), 431)
BAD["a head too large"] = (field(b"\r\n".join(b"A%d: %s" % (i, b"b" * 4000) for i in range(9))), 431)
BAD["another expectation"] = (field(b"Expect: 200-ok"), 417)
BAD["an expectation and more"] = (field(b"Expect: 100-continue, x"), 417)

SMUGGLED = b"GET /smuggled?{t} HTTP/1.1\r\nHost: h\r\n\r\n"


def cuts(data):
    """Where to cut: not at all, at every byte (of what is short), and in two at several places."""
    yield []
    if len(data) <= 400:
        yield list(range(1, len(data)))
    else:
        yield list(range(997, len(data), 997))
    for at in sorted({1, 3, data.find(b"\r\n") + 1, data.find(b"\r\n\r\n") + 2, len(data) // 2, len(data) - 1}):
        if 0 < at < len(data):
            yield [at]


@pytest.mark.parametrize("name", BAD)
def test_bad_framing_is_refused_and_nothing_behind_it_runs(server, name):
    template, status = BAD[name]
    for ends in cuts(template):
        token = new_token().encode()
        data = template.replace(b"{t}", token)
        behind = SMUGGLED.replace(b"{t}", token)
        with server.raw() as client:
            peer = rf"127\.0\.0\.1:{client.port}\b"
            earlier = len(server.log_lines(peer))  # The kernel gives the same port again before long.
            client.send_in_pieces(data + behind if not ends else data, ends)
            if ends:
                client.send_what_is_taken(behind)
            response = client.response()
            assert response.status == status, (ends, response)
            assert response.says_close
            assert response.header("Server") == "tierce"
            client.ends()
            lines = eventually(lambda: server.log_lines(peer)[earlier:], 2, "a line in the error log")
            assert len(lines) == 1 and "[INFO]" in lines[0], lines
        assert seen(server, token.decode()) == []


def test_a_chunked_body_that_ends_early_never_reaches_the_app(server):
    for body in (b"0\r\n", b"5\r\nhel", b"5\r\nhello\r\n", b"5\r\nhello\r\n0\r\n", b"5", b"", b"0\r\nA: b\r\n"):
        token = new_token()
        with server.raw() as client:
            client.send(chunks(body).replace(b"{t}", token.encode()))
            client.finish_sending()
            answer = client.everything()
            assert answer == b"" or answer.startswith(b"HTTP/1.1 400 "), answer
        assert seen(server, token) == []


def test_a_body_shorter_than_its_length_never_reaches_the_app(server):
    token = new_token()
    with server.raw() as client:
        client.send(f"POST /?{token} HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello")
        client.finish_sending()
        answer = client.everything()
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400 "), answer
    assert seen(server, token) == []


def test_a_head_that_ends_early_never_reaches_the_app(server):
    token = new_token()
    with server.raw() as client:
        client.send(f"GET /?{token} HTTP/1.1\r\nHost: h\r\n")
        client.finish_sending()
        answer = client.everything()
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400 "), answer
    assert seen(server, token) == []


def test_the_body_of_a_refused_request_is_not_read_as_a_request(server):
    token = new_token().encode()
    behind = SMUGGLED.replace(b"{t}", token)
    body = behind + b"a" * (2_000_000 - len(behind))
    with server.raw() as client:
        client.send_what_is_taken(b"POST /large?" + token + b" HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\n\r\n" + body)
        assert client.response().status == 413
        client.ends()
    assert seen(server, token.decode()) == []


def test_a_body_the_app_does_not_read_is_not_read_as_a_request(server):
    token = new_token().encode()
    body = SMUGGLED.replace(b"{t}", token)
    with server.raw() as client:
        for framed in (b"Content-Length: %d\r\n\r\n%s" % (len(body), body),
                       b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)):
            client.send(b"UNREAD /unread?" + token + b" HTTP/1.1\r\nHost: h\r\n" + framed)
            assert client.response().json()["body"] == ""
        client.request(path="/next?" + token.decode())
        assert client.response().json()["path"] == "/next"
    assert [line[1].split("?")[0] for line in seen(server, token.decode())] == ["/unread", "/unread", "/next"]


# ------------------------------------------------------------------------------------------------------
# Their neighbours, which are fine: the body that must arrive.

GOOD = {
    "chunked": (chunks(b"5\r\nhello\r\n0\r\n\r\n"), "hello"),
    "Chunked in capitals": (field(b"TRANSFER-ENCODING: CHUNKED") + b"5\r\nhello\r\n0\r\n\r\n", "hello"),
    "chunked between blanks": (field(b"Transfer-Encoding: \t chunked \t") + b"5\r\nhello\r\n0\r\n\r\n", "hello"),
    "an empty chunked body": (chunks(b"0\r\n\r\n"), ""),
    "chunk sizes in hex of both cases": (chunks(b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"), "0123456789" * 2),
    "leading zeros": (chunks(b"0005\r\nhello\r\n0000\r\n\r\n"), "hello"),
    "16 digits": (chunks(b"0000000000000005\r\nhello\r\n0\r\n\r\n"), "hello"),
    "chunk extensions": (chunks(b'5;a;b=c;d="e;\\"f"\r\nhello\r\n0;x\r\n\r\n'), "hello"),
    "many chunks": (chunks(b"1\r\nh\r\n1\r\ne\r\n3\r\nllo\r\n0\r\n\r\n"), "hello"),
    "a chunk that looks like framing": (chunks(b"9\r\n0\r\n\r\nGET \r\n0\r\n\r\n"), "0\r\n\r\nGET "),
    "a trailer": (chunks(b"5\r\nhello\r\n0\r\nA: b\r\n\r\n"), "hello"),
    "length 5": (length(b"5"), "hello"),
    "length 5 between blanks": (field(b"Content-Length: \t 5 \t") + b"hello", "hello"),
    "length without a blank": (field(b"content-length:5") + b"hello", "hello"),
    "length with leading zeros": (length(b"0005"), "hello"),
    "length 0": (field(b"Content-Length: 0"), ""),
    "neither": (field(b"A: b"), ""),
    "a body that looks like a request": (field(b"Content-Length: 24") + b"GET /smuggled HTTP/1.1\r\n", "GET /smuggled HTTP/1.1\r\n"),
    "one empty line in front": (b"\r\n" + field(b"A: b"), ""),
    "an empty value": (field(b"A:"), ""),
    "obs-text in a value": (field(b"A: caf\xc3\xa9 \xff"), ""),
    "a tab inside a value": (field(b"A: a\tb"), ""),
    "every token byte in a name": (field(b"!#$%&'*+-.^`|~09aZ: b"), ""),
    "Host with a port": (field(b"A: b", b"Host: example.com:8080\r\n"), ""),
    "Host IPv6": (field(b"A: b", b"Host: [::1]:8080\r\n"), ""),
    "Host in small letters": (field(b"A: b", b"host:h\r\n"), ""),
    "Host after others": (LINE + b"A: b\r\nHost: h\r\n\r\n", ""),
    "absolute-form": (target(b"http://example.com:80/bad?{t}"), ""),
    "absolute-form in capitals": (target(b"HTTP://EXAMPLE.COM/bad?{t}"), ""),
    "HTTP/1.0 without Host": (b"GET /bad?{t} HTTP/1.0\r\n\r\n", ""),
    "HTTP/1.0 with a body": (b"POST /bad?{t} HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello", "hello"),
    "HTTP/1.2 is read as 1.1": (b"GET /bad?{t} HTTP/1.2\r\nHost: h\r\n\r\n", ""),
    "a method of its own": (target(b"/bad?{t}", b"PROPFIND"), ""),
    "a method with a dash": (target(b"/bad?{t}", b"M-SEARCH"), ""),
    "escapes in the query are left alone": (target(b"/bad?{t}&%zz%00"), ""),
    "100 fields": (field(b"\r\n".join(b"A%d: b" % i for i in range(99))), ""),
    "a long line": (b"GET /bad?{t}" + b"a" * 8100 + b" HTTP/1.1\r\nHost: h\r\n\r\n", ""),
    "a long field": (field(b"A: " + b"a" * 8100), ""),
    "100-continue in HTTP/1.0": (b"POST /bad?{t} HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", "hello"),
    "a Content-Type": (field(b"Content-Type: a/b"), ""),
}


@pytest.mark.parametrize("name", GOOD)
def test_good_neighbours_are_accepted_however_they_are_cut(server, name):
    template, body = GOOD[name]
    for ends in cuts(template):
        token = new_token()
        with server.raw() as client:
            client.send_in_pieces(template.replace(b"{t}", token.encode()), ends)
            response = client.response()
            assert response.status == 200, (ends, response)
            assert response.json()["body"] == body
            assert response.json()["path"] == "/bad"
            assert token in response.json()["query"]
            if b"HTTP/1.0" in template:
                client.ends()
            else:
                client.request(path=f"/after?{token}")
                assert client.response().json()["path"] == "/after"


# ------------------------------------------------------------------------------------------------------

def test_trailers_are_ignored(server):
    token = new_token()
    with server.raw() as client:
        client.send(f"POST /trailers?{token} HTTP/1.1\r\nHost: real\r\nX-Once: 1\r\nTransfer-Encoding: chunked\r\n"
                    "Trailer: X-Once\r\n\r\n5\r\nhello\r\n0\r\nContent-Length: 3\r\nHost: forged\r\n"
                    "Transfer-Encoding: chunked\r\nX-Once: 2\r\nX-New: 3\r\nContent-Type: forged/x\r\n\r\n")
        answer = client.response().json()
        assert answer["body"] == "hello"
        assert answer["headers"]["HTTP_HOST"] == "real"
        assert answer["headers"]["HTTP_X_ONCE"] == "1"
        assert "HTTP_X_NEW" not in answer["headers"]
        assert "CONTENT_TYPE" not in answer["headers"] or answer["headers"]["CONTENT_TYPE"] == ""
        client.request(path=f"/after?{token}")
        assert client.response().json()["path"] == "/after"
    assert len(seen(server, token)) == 2


@pytest.mark.parametrize("pieces", [[1] * 40, [100_000], [16384] * 4, [16383, 1, 16385, 2], [1, 65536, 1], list(range(1, 150))],
                         ids=lambda pieces: f"{len(pieces)} chunks of {pieces[0]}...")
def test_chunked_uploads_arrive_whole_however_they_are_sliced(server, pieces):
    data, position = bytes(range(256)) * 800, 0
    parts = []
    for size in pieces:
        parts.append(data[position:position + size])
        position += size
    assert server.post("/upload", parts).json()["body"] == b"".join(parts).decode("latin-1")


def test_50_requests_in_one_write_are_answered_in_order(server):
    with server.raw() as client:
        client.send(b"".join(b"GET /many?%d HTTP/1.1\r\nHost: h\r\n\r\n" % i for i in range(50)))
        assert [client.response().json()["query"] for _ in range(50)] == [str(i) for i in range(50)]
        assert client.is_open()


def test_pipelined_uploads_are_answered_in_order(server):
    with server.raw() as client:
        client.send(b"".join(b"POST /many HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n%04d" % i if i % 2 else
                             b"POST /many HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n%04d\r\n0\r\n\r\n" % i
                             for i in range(50)))
        assert [client.response().json()["body"] for _ in range(50)] == ["%04d" % i for i in range(50)]


def test_http11_connections_are_kept(server):
    with server.raw() as client:
        for _ in range(3):
            client.request()
            assert not client.response().says_close
        assert client.is_open()


def test_connection_close_is_answered_and_kept(server):
    with server.raw() as client:
        client.request(headers={"Connection": "close"})
        assert client.response().says_close
        client.ends()


def test_nothing_behind_connection_close_runs(server):
    token = new_token()
    with server.raw() as client:
        client.send(f"GET /last?{token} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
                    f"GET /behind?{token} HTTP/1.1\r\nHost: h\r\n\r\n")
        assert client.response().json()["path"] == "/last"
        client.ends()
    assert len(seen(server, token)) == 1


def test_http10_closes_unless_asked(server):
    with server.raw() as client:
        client.send("GET / HTTP/1.0\r\n\r\n")
        client.response()
        client.ends()
    with server.raw() as client:
        for _ in range(2):
            client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            response = client.response()
            # A 1.0 client does not know that the connection stays unless it is told.
            assert "keep-alive" in (response.header("Connection") or "").lower()
        assert client.is_open()


def test_a_half_closed_client_gets_its_answer(server):
    with server.raw() as client:
        client.request(path="/half")
        client.finish_sending()
        assert client.response().json()["path"] == "/half"
        client.ends()


def test_head_has_the_headers_of_get_and_no_body(server):
    with server.raw() as client:
        client.request("GET", "/head")
        get = client.response()
        client.request("HEAD", "/head")
        head = client.response("HEAD")
        # The app says the method in its body: one letter more.
        assert int(head.header("Content-Length")) == int(get.header("Content-Length")) + 1
        client.request("GET", "/head")
        assert client.response().body == get.body


def test_absolute_form_names_the_host(server):
    with server.raw() as client:
        client.send("GET http://target.example:81/p?q HTTP/1.1\r\nHost: other.example\r\n\r\n")
        answer = client.response().json()
        assert (answer["path"], answer["query"]) == ("/p", "q")
        # RFC 9112 3.2.2: the target's authority replaces the Host field.
        assert answer["headers"]["HTTP_HOST"] == "target.example:81"
        client.send("GET http://target.example HTTP/1.1\r\nHost: target.example\r\n\r\n")
        assert client.response().json()["path"] == "/"


def test_options_star_is_answered(server):
    with server.raw() as client:
        client.send("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n")
        assert client.response("OPTIONS").status in (200, 204)
        client.request(path="/after")
        assert client.response().json()["path"] == "/after"


def test_100_continue_is_sent_when_the_body_is_wanted(server):
    with server.raw() as client:
        client.send("POST /c HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        interim = client.head()
        assert interim.status == 100
        client.send("hello")
        response = client.head()
        assert response.status == 200
        client._body(response, "POST")
        assert response.json()["body"] == "hello"


def test_100_continue_is_sent_for_a_chunked_body(server):
    with server.raw() as client:
        client.send("POST /c HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert client.head().status == 100
        client.send("5\r\nhello\r\n0\r\n\r\n")
        assert client.response().json()["body"] == "hello"


def test_no_100_continue_when_the_body_came_along(server):
    with server.raw() as client:
        client.send("POST /c HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello")
        assert client.head().status == 200


def test_no_100_continue_for_a_body_that_is_too_large(server):
    with server.raw() as client:
        client.send("POST /c HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n")
        assert client.head().status == 413


def test_no_100_continue_without_a_body_or_in_http10(server):
    with server.raw() as client:
        client.send("GET /c HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n")
        assert client.head().status == 200
    with server.raw() as client:
        client.send("POST /c HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        client.wait_until_read()
        client.send("hello")
        assert client.head().status == 200


def test_every_answer_has_one_server_and_one_date(server):
    for data in (b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", b"nonsense\r\n\r\n"):
        with server.raw() as client:
            client.send(data)
            response = client.response("HEAD" if data.startswith(b"HEAD") else "GET")
            assert response.header("Server") == "tierce"
            date = response.header("Date")
            assert re.fullmatch(r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT", date)
            from datetime import datetime, timezone
            assert abs((parsedate_to_datetime(date) - datetime.now(timezone.utc)).total_seconds()) < 5


def test_underscored_headers_never_become_dashed_ones(server):
    answer = server.get("/u", [("X-Auth_User", "root"), ("X_Forwarded_For", "1.2.3.4"), ("script_name", "/x"),
                               ("Content_Length", "5"), ("Content_Type", "a/b"), ("X-Real", "kept")]).json()
    assert answer["headers"].get("HTTP_X_REAL") == "kept"
    assert not {"HTTP_X_AUTH_USER", "HTTP_X_FORWARDED_FOR", "HTTP_SCRIPT_NAME"} & set(answer["headers"])
    assert answer["headers"].get("CONTENT_LENGTH", "") == ""
    assert answer["headers"].get("CONTENT_TYPE", "") in ("", "text/plain")
    assert answer["path"] == "/u"


def test_a_dashed_header_survives_its_underscored_twin(server):
    for pairs in ([("X-Auth-User", "real"), ("X_Auth_User", "forged")],
                  [("X_Auth_User", "forged"), ("X-Auth-User", "real")]):
        assert server.get("/u", pairs).json()["headers"]["HTTP_X_AUTH_USER"] == "real"


def test_repeated_headers_are_joined(server):
    headers = server.get("/r", [("X-A", "1"), ("x-a", "2"), ("Cookie", "a=1"), ("Cookie", "b=2")]).json()["headers"]
    assert headers["HTTP_X_A"].replace(" ", "") == "1,2"
    # RFC 6265 readers split cookies at semicolons.
    assert headers["HTTP_COOKIE"].replace(" ", "") == "a=1;b=2"


def test_the_client_itself_is_strict(server):
    """The reader of these tests would notice a server that lies about where a response ends."""
    with server.raw() as client:
        client.buffer += b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
        with pytest.raises(ProtocolError):
            client.response()
    with server.raw() as client:
        client.buffer += b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
        client.finish_sending()
        with pytest.raises(Incomplete):
            client.response()

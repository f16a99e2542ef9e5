"""PEP 3333, all of it."""

import hashlib
import os
import re
from urllib.parse import quote, urlencode

import pytest

from gate import Background
from raw_client import Incomplete
from waiting import eventually

_numbers = iter(range(1, 10**9))


@pytest.fixture
def answers(module_server):
    """One worker for the tests that do not disturb it."""
    if module_server.process is None:
        module_server.start("answers:app", args=["--client-max-body-size", "0"])
    return module_server


def key():
    return f"k{next(_numbers)}"


def closes(server, name):
    return server.get(f"/closes?{name}").text


def closes_once(server, name):
    eventually(lambda: closes(server, name) != "0", 5, "close() called")
    assert closes(server, name) == "1"


def asserts_500_with_a_traceback(server, path, expected=None):
    before = len(server.log())
    with server.raw() as client:
        client.request(path=path)
        response = client.response()
        assert response.status == 500, response
        assert b"Traceback" not in response.body
        text = eventually(lambda: re.search(r"Traceback \(most recent call last\)[\s\S]*\n\S*(Error|Exit|Exception|Interrupt|Iteration|Unprintable)",
                                            server.log()[before:]), 3, "a traceback in the error log") and server.log()[before:]
        assert path.split("?")[0] in text
        assert re.search(r"request [0-9a-f]+", text), text
        if expected:
            assert expected in text
    assert server.get("/ok").body == b"ok"
    return response


# --- environ ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("app", ["environ_dump:app", "environ_dump:checked"])
def test_environ_says_what_pep3333_asks_for(server, app):
    server.start(app)
    with server.raw() as client:
        client.request("GET", "/a%20b/c?x=1&y=%20", [("X-Thing", "value"), ("Accept", "*/*")])
        environ = client.response().json()
        assert environ["REQUEST_METHOD"] == "GET"
        assert environ["SCRIPT_NAME"] == ""
        assert environ["PATH_INFO"] == "/a b/c"
        assert environ["QUERY_STRING"] == "x=1&y=%20"
        assert environ["SERVER_PROTOCOL"] == "HTTP/1.1"
        assert environ["SERVER_NAME"] == "127.0.0.1"
        assert environ["SERVER_PORT"] == str(server.port)
        assert environ["REMOTE_ADDR"] == "127.0.0.1"
        assert environ["REMOTE_PORT"] == str(client.port)
        assert environ["SERVER_SOFTWARE"].startswith("tierce")
        assert environ["HTTP_HOST"] == "test.example"
        assert environ["HTTP_X_THING"] == "value"
        assert environ["HTTP_ACCEPT"] == "*/*"
        assert environ["wsgi.version"] == [1, 0]
        assert environ["wsgi.url_scheme"] == "http"
        assert environ["wsgi.run_once"] is False
        assert environ["wsgi.multithread"] is False
        assert environ["wsgi.multiprocess"] is False
        assert environ.get("wsgi.input_terminated") is True
        assert environ.get("CONTENT_TYPE", "") == "" and environ.get("CONTENT_LENGTH", "") == ""
        assert "HTTP_CONTENT_LENGTH" not in environ and "HTTP_CONTENT_TYPE" not in environ
        if app.endswith(":app"):
            assert "wsgi.file_wrapper" in environ
        assert all(type(environ[name]) is str for name in environ if re.fullmatch("[A-Z_]+", name))


def test_environ_knows_the_request_id(server):
    server.start("environ_dump:app")
    first, second = (server.get().json()["tierce.request_id"] for _ in range(2))
    assert first != second
    assert re.fullmatch("[0-9a-f]+", first)


def test_environ_is_a_plain_dict_of_its_own(server):
    server.start("specs:keeps_environ")
    server.get("/?one", [("X-One", "1")])
    second = server.get("/?two").json()
    assert second["type"] == "dict"
    assert not second["same_as_before"]
    assert not second["x_one"]


def test_post_environ(server):
    server.start("environ_dump:checked")
    environ = server.post("/p", b"12345", {"Content-Type": "text/x-test"}).json()
    assert environ["REQUEST_METHOD"] == "POST"
    assert environ["CONTENT_LENGTH"] == "5"
    assert environ["CONTENT_TYPE"] == "text/x-test"
    assert "HTTP_CONTENT_LENGTH" not in environ and "HTTP_CONTENT_TYPE" not in environ


def test_protocol_and_methods_of_their_own(server):
    server.start("environ_dump:app")
    with server.raw() as client:
        client.send("PROPFIND /x HTTP/1.0\r\n\r\n")
        environ = client.response().json()
        assert (environ["REQUEST_METHOD"], environ["SERVER_PROTOCOL"]) == ("PROPFIND", "HTTP/1.0")
        assert "HTTP_HOST" not in environ


@pytest.mark.parametrize("raw, decoded", [
    ("/", "/"), ("/a/b", "/a/b"), ("/%41%62", "/Ab"), ("/a%2Fb", "/a/b"), ("/a+b", "/a+b"), ("//a//b", "//a//b"),
    ("/a/../b", "/a/../b"), ("/%25zz", "/%zz"), ("/a%3Fb", "/a?b"), ("/a;p=1", "/a;p=1"), ("/%0d%0aSet-Cookie:x", "/\r\nSet-Cookie:x"),
    ("/%ff%fe", "/\xff\xfe"),
    # UTF-8 bytes, each as the latin-1 character of the same number.
    ("/caf%C3%A9", "/caf\xc3\xa9"), ("/%E2%82%AC", "/\xe2\x82\xac")])
def test_path_info_is_decoded_once(server_dump, raw, decoded):
    assert server_dump.get(raw).json()["PATH_INFO"] == decoded


@pytest.fixture(scope="module")
def server_dump(tmp_path_factory):
    from server_process import Server
    server = Server(tmp_path_factory.mktemp("dump")).start("environ_dump:app")
    try:
        yield server
        server.stop()
    finally:
        server.kill()


@pytest.mark.parametrize("target, query", [("/?", ""), ("/", ""), ("/?a=b", "a=b"), ("/?%C3%A9", "%C3%A9"), ("/?a?b", "a?b"),
                                           ("/??", "?"), ("/?a/b;c", "a/b;c")])
def test_query_string_stays_encoded(server_dump, target, query):
    assert server_dump.get(target).json()["QUERY_STRING"] == query


def test_header_values_are_latin1(server_dump):
    with server_dump.raw() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: h\r\nX-Utf8: caf\xc3\xa9\r\nX-Latin: \xe9\r\nX-Empty:\r\nX-Tab: a\tb\r\n\r\n")
        environ = client.response().json()
    assert environ["HTTP_X_UTF8"] == "caf\xc3\xa9"
    assert environ["HTTP_X_LATIN"] == "\xe9"
    assert environ["HTTP_X_EMPTY"] == ""
    assert environ["HTTP_X_TAB"] == "a\tb"


@pytest.mark.parametrize("workers, threads", [(1, 1), (1, 3), (2, 1), (2, 2)])
def test_multithread_and_multiprocess_are_truthful(server, workers, threads):
    server.start("environ_dump:app", workers=workers, threads=threads)
    environ = server.get().json()
    assert environ["wsgi.multithread"] is (threads > 1)
    assert environ["wsgi.multiprocess"] is (workers > 1)


@pytest.mark.parametrize("header, scheme", [
    (("X-Forwarded-Proto", "https"), "https"), (("X-Forwarded-Proto", "http"), "http"),
    (("X-Forwarded-Proto", "gopher"), "http"), (("X-Forwarded-Ssl", "on"), "https"), (("X-Forwarded-Protocol", "ssl"), "https")])
def test_forwarded_scheme_from_a_trusted_proxy(server_dump, header, scheme):
    assert server_dump.get("/", [header]).json()["wsgi.url_scheme"] == scheme


def test_forwarded_scheme_from_anybody_else_is_ignored(server):
    server.start("environ_dump:app", args=["--forwarded-allow-ips", "10.1.2.3"])
    environ = server.get("/", [("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "9.9.9.9")]).json()
    assert environ["wsgi.url_scheme"] == "http"
    assert environ["REMOTE_ADDR"] == "127.0.0.1"


def test_forwarded_scheme_from_everybody_when_asked(server):
    server.start("environ_dump:app", args=["--forwarded-allow-ips", "*"])
    assert server.get("/", [("X-Forwarded-Proto", "https")]).json()["wsgi.url_scheme"] == "https"


# --- wsgi.input ---------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    from server_process import Server
    server = Server(tmp_path_factory.mktemp("reader")).start("input_reader:app", args=["--client-max-body-size", "0"])
    try:
        yield server
        server.stop()
    finally:
        server.kill()


def as_body(kind, data):
    return data if kind == "length" else [data[at:at + 7000] or data for at in range(0, max(len(data), 1), 7000)]


TEXT = b"one\ntwo\r\nthree\n\nlast"
READS = {
    "read": ["one\ntwo\r\nthree\n\nlast"],
    "none": ["one\ntwo\r\nthree\n\nlast"],
    "read:-1": ["one\ntwo\r\nthree\n\nlast"],
    "read:0,read:3,read:2,read:100,read:1": ["", "one", "\nt", "wo\r\nthree\n\nlast", ""],
    "read,read,read:5,line,lines,iter": ["one\ntwo\r\nthree\n\nlast", "", "", "", [], []],
    "line,line,line,line,line,line": ["one\n", "two\r\n", "three\n", "\n", "last", ""],
    "line:2,line:2,line:100": ["on", "e\n", "two\r\n"],
    "line:0,line:-1": ["", "one\n"],
    "lines": [["one\n", "two\r\n", "three\n", "\n", "last"]],
    # The hint: lines until their bytes reach it.
    "lines:5,lines": [["one\n", "two\r\n"], ["three\n", "\n", "last"]],
    "lines:0": [["one\n", "two\r\n", "three\n", "\n", "last"]],
    "lines:1,read:3": [["one\n"], "two"],
    "iter": [["one\n", "two\r\n", "three\n", "\n", "last"]],
    "next,read:3,line,next": ["one\n", "two", "\r\n", "three\n"],
}


@pytest.mark.parametrize("kind", ["length", "chunked"])
@pytest.mark.parametrize("ops", READS)
def test_input_is_read_like_a_file(reader, ops, kind):
    if "lines:" in ops and os.environ.get("TIERCE_TEST_SERVER") == "gunicorn":
        pytest.skip("gunicorn ignores the hint")
    answer = reader.post(f"/?ops={ops}", as_body(kind, TEXT)).json()
    assert answer["results"] == READS[ops]
    assert answer["terminated"] is True


@pytest.mark.parametrize("kind", ["length", "chunked"])
def test_an_empty_body_reads_as_its_end(reader, kind):
    body = b"" if kind == "length" else []
    assert reader.post("/?ops=read,read:5,line,lines,iter", body).json()["results"] == ["", "", "", [], []]


def test_no_body_reads_as_its_end(reader):
    with reader.raw() as client:
        client.request("GET", "/?ops=read:1,read,line,iter")
        assert client.response().json()["results"] == ["", "", "", []]
        assert client.is_open()


@pytest.mark.parametrize("kind", ["length", "chunked"])
@pytest.mark.parametrize("size", [1, 4095, 16383, 16384, 16385, 65536, 1_000_000, 5_000_000])
def test_bodies_of_every_size_arrive_whole(reader, size, kind):
    data = hashlib.shake_128(str(size).encode()).digest(size)
    digest = [size, hashlib.sha256(data).hexdigest()]
    assert reader.post("/?ops=digest", as_body(kind, data)).json()["results"] == [digest]


@pytest.mark.parametrize("kind", ["length", "chunked"])
def test_lines_longer_than_any_buffer_arrive_whole(reader, kind):
    data = b"a" * 200_000 + b"\n" + b"b" * 100_000 + b"\nend"
    results = reader.post("/?ops=line:150000,line,line,read", as_body(kind, data)).json()["results"]
    assert [len(part) for part in results] == [150_000, 50_001, 100_001, 3]


def test_content_length_of_chunked_uploads_is_absent_or_true(reader):
    answer = reader.post("/", [b"hello"]).json()
    assert answer["length"] in (None, "", "5")


@pytest.mark.parametrize("kind", ["length", "chunked"])
def test_input_passes_the_validator(server, kind):
    server.start("input_reader:checked")
    response = server.post("/", as_body(kind, TEXT))
    assert response.body.replace(b"|", b"") == TEXT
    assert not server.log_lines("Traceback|Assertion")


# --- iterables ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["list", "tuple", "generator", "late_generator", "iterator", "getitem", "map", "written", "only_read"])
def test_every_kind_of_iterable_is_sent(answers, name):
    with answers.raw() as client:
        for _ in range(2):
            client.request(path=f"/{name}?{key()}")
            response = client.response()
            assert (response.status, response.body) == (200, b"one two three")
        assert client.is_open()


@pytest.mark.parametrize("name", ["list", "generator", "iterator", "large", "written"])
def test_http10_clients_get_the_body_and_the_end(answers, name):
    with answers.raw() as client:
        client.send(f"GET /{name}?{key()} HTTP/1.0\r\n\r\n")
        response = client.response()
        assert response.header("Transfer-Encoding") is None
        assert response.body in (b"one two three", b"x" * 3_000_000 + b"y" * 2_000_000)
        client.ends()


def test_bytes_are_a_body_as_in_uwsgi(answers):
    response = answers.get("/bare_bytes")
    assert (response.status, response.body) == (200, b"one two three")
    assert response.header("Content-Length") == "13"


@pytest.mark.parametrize("kind", ["dict", "tuple", "lists"])
def test_headers_are_any_pairs_as_in_gunicorn(answers, kind):
    response = answers.get(f"/header_pairs?of={kind}")
    assert (response.header("X-A"), response.header("X-B"), response.body) == ("1", "2", b"ok")


def test_subclasses_of_bytes_are_bytes(answers):
    assert answers.get("/bytes_subclass").body == b"mine"


def test_a_bare_bytes_object_is_sent_whole_or_refused(answers):
    """PEP 3333 forbids it, uWSGI allows it; one byte a chunk or nonsense is what nobody wants."""
    response = answers.get("/bytes_itself")
    assert response.status == 500 or response.body == b"abc"


@pytest.mark.parametrize("name", ["empty_list", "empty_generator", "only_empty_chunks"])
def test_empty_answers_are_complete(answers, name):
    with answers.raw() as client:
        for _ in range(2):
            client.request(path=f"/{name}")
            response = client.response()
            assert (response.status, response.body) == (200, b"")
        assert client.is_open()


def test_empty_chunks_do_not_end_the_body(answers):
    response = answers.get("/empty_chunks")
    assert response.body == b"ab"


def test_a_list_of_one_has_a_content_length(answers):
    assert answers.get("/ok").header("Content-Length") == "2"


def test_large_answers_arrive_whole(answers):
    assert answers.get("/large").body == b"x" * 3_000_000 + b"y" * 2_000_000
    name = key()
    assert answers.get(f"/streamed?{name}&count=3000&size=1000").body == b"z" * 3_000_000
    closes_once(answers, name)


def test_the_first_chunk_arrives_before_the_second_is_made(answers, tmp_path):
    gate = tmp_path / "gate"
    name = key()
    with answers.raw() as client:
        client.request(path=f"/gated?{name}&gate={quote(str(gate))}")
        assert client.head().header("Transfer-Encoding") == "chunked"
        assert client.chunk() == b"first"
        gate.touch()
        assert client.chunk() == b"second"
        assert client.chunk() is None
    closes_once(answers, name)


def test_what_is_written_arrives_before_write_is_called_again(answers, tmp_path):
    gate = tmp_path / "gate"
    with answers.raw() as client:
        client.request(path=f"/gated_write?gate={quote(str(gate))}")
        client.head()
        assert client.chunk() == b"first"
        gate.touch()
        assert client.chunk() == b"second"
        assert client.chunk() is None


@pytest.mark.parametrize("name", ["str_chunk", "none_chunk", "returns_none", "written_str"])
def test_what_is_no_bytes_costs_a_500(answers, name):
    asserts_500_with_a_traceback(answers, f"/{name}?{key()}")


def test_a_later_chunk_that_is_no_bytes_breaks_the_connection(answers):
    name = key()
    with answers.raw() as client:
        client.request(path=f"/str_chunk_later?{name}")
        with pytest.raises(Incomplete):
            client.response()
    closes_once(answers, name)


# --- close() ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("ending", ["iterator", "str_chunk", "dies_before_the_first_chunk", "raises_in_close"])
def test_close_is_called_once_when_it_ends(answers, ending):
    name = key()
    answers.get(f"/{ending}?{name}")
    closes_once(answers, name)


def test_close_is_called_once_after_an_exception(answers):
    name = key()
    with answers.raw() as client:
        client.request(path=f"/raises_later?{name}")
        client.everything()
    closes_once(answers, name)


def test_close_is_called_once_for_head(answers):
    name = key()
    assert answers.request("HEAD", f"/iterator?{name}").status == 200
    closes_once(answers, name)


def test_close_is_called_once_when_the_client_goes(answers):
    name = key()
    with answers.raw() as client:
        client.request(path=f"/streamed?{name}&count=1000000&size=10000")
        client.head()
        client.chunk()
        client.reset()
    closes_once(answers, name)


def test_close_is_called_once_for_statuses_without_a_body(answers):
    name = key()
    with answers.raw() as client:
        client.send(f"HEAD /raises_later?{name} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        client.everything()
    closes_once(answers, name)


def test_an_exception_in_close_is_logged_and_costs_nothing_else(answers):
    name = key()
    response = answers.get(f"/raises_in_close?{name}")
    assert response.body == b"whole"
    answers.wait_log("oops in close")
    assert answers.get("/ok").status == 200


def test_the_file_of_a_wrapper_is_closed_once(answers, tmp_path):
    (tmp_path / "f").write_bytes(b"content")
    name = key()
    assert answers.get(f"/file_closes?{name}&path={quote(str(tmp_path / 'f'))}").body == b"content"
    assert closes(answers, name) == "1"


# --- lengths ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["list", "generator"])
@pytest.mark.parametrize("declared, sent", [(5, 10), (1, 1000), (5, 100_000)])
def test_a_body_longer_than_declared_is_cut_or_refused(answers, kind, declared, sent):
    with answers.raw() as client:
        client.request(path=f"/length?declared={declared}&sent={sent}&kind={kind}")
        response = client.response()
        if response.status == 200:
            assert response.body == b"s" * declared
        else:
            assert response.status == 500
        # Whatever was answered, the rest is never read as another response.
        if response.says_close or not client.is_open():
            client.ends()
        else:
            client.request(path="/ok")
            assert client.response().body == b"ok"
    answers.wait_log("/length")


@pytest.mark.parametrize("kind", ["list", "generator"])
@pytest.mark.parametrize("declared, sent", [(10, 5), (1, 0), (100_000, 50_000), (10_000_000, 3)])
def test_a_body_shorter_than_declared_breaks_the_connection(answers, kind, declared, sent):
    with answers.raw() as client:
        client.request(path=f"/length?declared={declared}&sent={sent}&kind={kind}")
        try:
            response = client.response()
        except Incomplete:
            pass
        else:
            assert response.status == 500, response
        if client.is_open():
            client.request(path="/ok")
            assert client.response().body == b"ok"


@pytest.mark.parametrize("line", ["204 No Content", "304 Not Modified"])
@pytest.mark.parametrize("extra", ["", "&length=4"])
def test_statuses_without_a_body_send_none(answers, line, extra):
    with answers.raw() as client:
        client.request(path=f"/status?line={quote(line)}&body=body{extra}")
        response = client.response()
        assert f"{response.status} {response.reason}" == line
        assert response.header("Transfer-Encoding") is None
        if response.status == 204:
            assert response.header("Content-Length") is None
        client.request(path="/ok")
        assert client.response().body == b"ok"


@pytest.mark.parametrize("path", ["/ok", "/list", "/generator", "/large", "/length?declared=5&sent=5&kind=list",
                                  "/length?declared=9&sent=0&kind=list"])
def test_head_answers_without_a_body(answers, path):
    with answers.raw() as client:
        client.request("HEAD", path)
        response = client.response("HEAD")
        assert response.status == 200
        if "declared" in path:
            assert response.header("Content-Length") == re.search("declared=([0-9]+)", path)[1]
        client.request(path="/ok")
        assert client.response().body == b"ok"


@pytest.mark.parametrize("line", ["200 Fine By Me", "404 Nicht gefunden", "299 Odd", "599 Last", "418 I'm a teapot", "503 caf\xe9"])
def test_the_reason_phrase_is_kept(answers, line):
    response = answers.get("/status?" + urlencode({"line": line.encode("latin-1"), "body": "b"}))
    assert f"{response.status} {response.reason}" == line
    assert response.body == b"b"


def test_repeated_headers_are_kept_in_order(answers):
    response = answers.get("/cookies")
    assert response.all("Set-Cookie") == ["a=1", "b=2; Path=/"]
    assert [value for name, value in response.headers if name.lower() == "x-order"] == ["1", "2"]
    assert response.header("X-Latin") == "caf\xe9"
    assert response.header("X-Empty") == ""


def test_the_apps_server_and_date_win_and_stand_once(answers):
    response = answers.get("/own_server_and_date")
    assert len(response.all("Date")) == 1
    assert len(response.all("Server")) == 1


# --- what must not be sent ----------------------------------------------------------------------------

@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rb", "a\0b", "a\r\n", "\x07", "\x7f", "a\r\n\r\nbody"],
                         ids=repr)
def test_values_that_could_start_a_line_are_refused(answers, value):
    response = asserts_500_with_a_traceback(answers, "/bad_header?" + urlencode({"value": value.encode("latin-1")}))
    assert response.header("X-Evil") is None


@pytest.mark.parametrize("name", ["", "X A", "X:A", "X\r\nEvil", "X\nEvil", "X\0", "X\xe9", " X", "X\t", "X("], ids=repr)
def test_names_that_are_no_token_are_refused(answers, name):
    asserts_500_with_a_traceback(answers, "/bad_header?" + urlencode({"name": name.encode("latin-1")})
                                 if name else "/bad_header?name=%00")


@pytest.mark.parametrize("name", ["Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer",
                                  "Transfer-Encoding", "Upgrade", "connection"])
def test_hop_by_hop_headers_are_left_out(answers, name):
    """They are the server's; Gunicorn leaves them out, too. `Connection: keep-alive` stands in many examples of events."""
    with answers.raw() as client:
        for _ in range(2):
            client.request(path=f"/bad_header?name={name}&value=x-said")
            response = client.response()
            assert response.status == 200
            assert "x-said" not in response.all(name)
    answers.wait_log("(?i)response header %s is about the connection" % name)


def bad_calls():
    import ast
    import pathlib
    tree = ast.parse((pathlib.Path(__file__).parents[1] / "apps" / "answers.py").read_text())
    table = next(node for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "BAD_CALLS")
    return [entry.value for entry in table.value.keys]


@pytest.mark.parametrize("case", bad_calls())
def test_wrong_calls_of_start_response_cost_a_500(answers, case):
    response = asserts_500_with_a_traceback(answers, "/bad_call?" + urlencode({"case": case}))
    assert response.header("X-Evil") is None


# --- start_response -----------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["never_called", "never_called_and_empty"])
def test_start_response_never_called_costs_a_500(answers, name):
    with answers.raw() as client:
        client.request(path=f"/{name}")
        assert client.response().status == 500
    answers.wait_log("start_response")


def test_exc_info_replaces_headers_that_were_not_sent(answers):
    response = answers.get("/called_again_with_exc_info")
    assert (response.status, response.reason, response.body) == (503, "Changed", b"changed")
    assert response.header("X-First") is None
    assert response.header("X-Second") == "1"


def test_exc_info_is_raised_again_when_headers_were_sent(answers):
    with answers.raw() as client:
        client.request(path="/called_again_after_sending")
        with pytest.raises(Incomplete):
            client.response()
    answers.wait_log("ValueError: after something was sent")


def test_exc_info_in_the_first_call_is_fine(answers):
    response = answers.get("/exc_info_first")
    assert (response.status, response.body) == (500, b"own error page")


def test_exc_info_may_be_none(answers):
    assert answers.get("/keywords").body == b"ok"


def test_write_alone_makes_a_body(answers):
    response = answers.get("/written_only")
    assert response.body == b"written"
    assert response.header("Content-Length") == "7"


def test_the_header_list_belongs_to_the_app(answers):
    assert answers.get("/headers_changed_later").body == b"ok"


# --- exceptions ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("name, text", [("raises", "RuntimeError: oops before the output"),
                                        ("raises_after_start", "RuntimeError: oops after start_response"),
                                        ("dies_before_the_first_chunk", "RuntimeError: oops in the first chunk"),
                                        ("recursion", "RecursionError"), ("unprintable", "Unprintable"),
                                        ("stop_iteration", "StopIteration"), ("generator_exit", "GeneratorExit")])
def test_an_exception_before_output_costs_a_500(answers, name, text):
    path = f"/{name}?{key()}"
    before = len(answers.log())
    with answers.raw() as client:
        client.request(path=path)
        response = client.response()
        assert response.status == 500
        assert b"oops" not in response.body
    eventually(lambda: text in answers.log()[before:], 3, text)
    added = answers.log()[before:]
    assert re.search(r"\[ERROR\].*request [0-9a-f]+.*GET " + re.escape(path), added), added
    assert "Traceback (most recent call last)" in added
    assert answers.get("/ok").body == b"ok"


@pytest.mark.parametrize("name", ["raises", "raises_after_start", "dies_before_the_first_chunk"])
def test_an_exception_answers_head_as_get(answers, name):
    before = len(answers.log())
    with answers.raw() as client:
        client.request("HEAD", f"/{name}")
        response = client.response("HEAD")
        assert response.status == 500 and int(response.header("content-length")) > 0
    assert answers.get("/ok").body == b"ok"
    assert "memory is corrupt" not in answers.log()[before:]


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.1 with a length"])
def test_an_exception_in_the_body_never_ends_cleanly(answers, version):
    name = key()
    extra = "&length=1000" if "length" in version else ""
    with answers.raw() as client:
        client.request(path=f"/raises_later?{name}{extra}")
        with pytest.raises(Incomplete) as caught:
            client.response()
        assert caught.value.response is None or caught.value.response.status == 200
    answers.wait_log("oops in the middle of the body")
    answers.wait_log(r"request [0-9a-f]+.*GET /raises_later\?" + name)
    assert answers.get("/ok").status == 200


@pytest.mark.parametrize("name", ["system_exit", "keyboard_interrupt"])
def test_system_exit_and_keyboard_interrupt_cost_one_request(server, name):
    server.start("answers:app")
    response = server.get(f"/{name}")
    assert response.status in (500, 502)
    for _ in range(3):
        assert server.get("/ok").body == b"ok"
    server.wait_log("SystemExit" if name == "system_exit" else "KeyboardInterrupt|exited|died")


# --- files --------------------------------------------------------------------------------------------

def file_of(tmp_path, size):
    path = tmp_path / "file"
    data = hashlib.shake_128(b"file").digest(size)
    path.write_bytes(data)
    return quote(str(path)), data


@pytest.mark.parametrize("size", [0, 1, 10_000, 100_000, 20_000_000])
def test_file_wrapper_sends_a_file(answers, tmp_path, size):
    path, data = file_of(tmp_path, size)
    for extra in ("", f"&length={size}", "&block=1000"):
        with answers.raw() as client:
            client.request(path=f"/file?path={path}{extra}")
            assert client.response().body == data
            client.request(path="/ok")
            assert client.response().body == b"ok"


def test_file_wrapper_starts_where_the_file_stands(answers, tmp_path):
    path, data = file_of(tmp_path, 100_000)
    assert answers.get(f"/file?path={path}&offset=5000").body == data[5000:]
    assert answers.get(f"/file?path={path}&offset=5000&length=10").body == data[5000:5010]
    assert answers.get(f"/file?path={path}&offset=100000").body == b""
    assert answers.get(f"/file?path={path}&offset=200000").body == b""


def test_file_wrapper_starts_behind_what_the_app_has_read(answers, tmp_path):
    path, data = file_of(tmp_path, 50_000)
    assert answers.get(f"/file_read_ahead?path={path}").body == data[10:]


def test_file_wrapper_and_head(answers, tmp_path):
    path, _ = file_of(tmp_path, 100_000)
    with answers.raw() as client:
        client.request("HEAD", f"/file?path={path}&length=100000")
        assert client.response("HEAD").header("Content-Length") == "100000"
        client.request(path="/ok")
        assert client.response().body == b"ok"


def test_a_file_shorter_than_declared_breaks_the_connection(answers, tmp_path):
    path, _ = file_of(tmp_path, 1000)
    with answers.raw() as client:
        client.request(path=f"/file?path={path}&length=2000")
        try:
            assert client.response().status == 500
        except Incomplete:
            pass


def test_file_wrapper_takes_what_is_no_file(answers):
    assert answers.get("/bytes_io").body == (b"0123456789" * 10_000)[5:]
    assert answers.get("/wrapped_again").body == b"ABCDEF"
    assert answers.get("/deleted_file").body == b"gone but open" * 1000


# --- what the app prints ------------------------------------------------------------------------------

def test_what_the_app_prints_passes_through(answers):
    word = key()
    assert answers.get(f"/prints?{word}").status == 200
    for line in (f"err {word}", f"raw err {word}", f"errors {word} café", f"lines {word}"):
        assert eventually(lambda: line in answers.log().splitlines(), 3, line)
    for line in (f"out {word}", f"raw out {word}"):
        assert eventually(lambda: line in answers.out().splitlines(), 3, line)


# --- several at once ----------------------------------------------------------------------------------

def test_threads_run_requests_at_once(server, gates):
    server.start("gated:app", threads=2)
    one, two = gates(), gates()
    first, second = Background(server.get, one.path()), Background(server.get, two.path())
    assert one.wait_started() == two.wait_started()
    two.open()
    assert second.result().status == 200
    assert first.running()
    one.open()
    assert first.result().status == 200


def test_the_validator_stays_silent(server):
    server.start("specs:validated")
    for path in ("/", "/a%20b?c=d", "/stream"):
        assert server.get(path).status == 200
        assert server.request("HEAD", path).status == 200
    assert server.post("/", b"abc").body.endswith(b"abc")
    assert server.post("/", [b"abc", b"def"]).body.endswith(b"abcdef")
    assert not server.log_lines("Traceback|AssertionError|Warning")

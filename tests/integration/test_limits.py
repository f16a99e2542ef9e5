"""Every limit has a name, an option and an answer of its own."""

import pytest


def head_of(size):
    """A whole valid head of exactly `size` bytes."""
    start, end = b"GET / HTTP/1.1\r\nHost: h\r\nA: ", b"\r\n\r\n"
    return start + b"a" * (size - len(start) - len(end)) + end


def status_of(server, data):
    with server.raw() as client:
        client.send_what_is_taken(data)
        response = client.response()
        if response.status != 200:
            assert response.says_close
            client.ends()
        return response.status


@pytest.mark.parametrize("length, status", [(100, 200), (101, 414)])
def test_limit_request_line(server, length, status):
    server.start(args=["--limit-request-line", "100"])
    line = b"GET /" + b"a" * (length - len("GET / HTTP/1.1")) + b" HTTP/1.1"
    assert len(line) == length
    assert status_of(server, line + b"\r\nHost: h\r\n\r\n") == status
    assert server.get().status == 200


@pytest.mark.parametrize("count, status", [(10, 200), (11, 431)])
def test_limit_request_fields(server, count, status):
    server.start(args=["--limit-request-fields", "10"])
    fields = b"".join(b"A%d: b\r\n" % i for i in range(count - 1))
    assert status_of(server, b"GET / HTTP/1.1\r\nHost: h\r\n" + fields + b"\r\n") == status


@pytest.mark.parametrize("length, status", [(100, 200), (101, 431)])
def test_limit_request_field_size(server, length, status):
    server.start(args=["--limit-request-field-size", "100"])
    field = b"A: " + b"a" * (length - 3)
    assert status_of(server, b"GET / HTTP/1.1\r\nHost: h\r\n" + field + b"\r\n\r\n") == status


@pytest.mark.parametrize("length, status", [(1000, 200), (1001, 431)])
def test_limit_request_head(server, length, status):
    server.start(args=["--limit-request-head", "1000"])
    assert status_of(server, head_of(length)) == status


@pytest.mark.parametrize("size, status", [(1000, 200), (1001, 413)])
@pytest.mark.parametrize("kind", ["length", "chunked"])
def test_client_max_body_size(server, size, status, kind):
    server.start("counting:app", args=["--client-max-body-size", "1000"])
    with server.raw() as client:
        body = b"b" * size
        client.request("POST", "/upload", body=body if kind == "length" else [body[:600], body[600:]])
        response = client.response()
        assert response.status == status
        if status == 413:
            assert response.says_close
            client.ends()
    seen = server.get("/seen").json()
    assert (["POST", "/upload"] in seen) is (status == 200)


def test_client_max_body_size_is_1m_by_default(server):
    server.start("counting:app")
    assert server.post("/", b"a" * 1_048_576).status == 200
    assert status_of(server, b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\n\r\n") == 413


def test_client_max_body_size_understands_units(server):
    server.start("counting:app", args=["--client-max-body-size", "2k"])
    assert server.post("/", b"a" * 2048).status == 200
    assert status_of(server, b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2049\r\n\r\n") == 413


def test_client_max_body_size_0_is_none(server):
    server.start("input_reader:app", args=["--client-max-body-size", "0"])
    assert server.post("/?ops=digest", b"a" * 3_000_000).json()["results"][0][0] == 3_000_000


def test_a_413_is_answered_while_the_body_is_still_sent(server):
    server.start(args=["--client-max-body-size", "1000"])
    with server.raw() as client:
        client.send_what_is_taken(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n" + b"a" * 3_000_000)
        assert client.response().status == 413
        client.ends()


def test_keepalive_requests(server):
    server.start(args=["--keepalive-requests", "3"])
    with server.raw() as client:
        for number in range(3):
            client.request()
            assert client.response().says_close is (number == 2)
        client.ends()


def test_keepalive_requests_and_pipelining(server):
    server.start("counting:app", args=["--keepalive-requests", "3"])
    with server.raw() as client:
        client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % i for i in range(5)))
        assert [client.response().json()["path"] for _ in range(3)] == ["/0", "/1", "/2"]
        client.ends()
    assert len(server.get("/seen").json()) == 3


@pytest.mark.parametrize("option, value", [("--limit-request-line", "many"), ("--client-max-body-size", "1x"), ("--timeout", "soon"),
                                           ("--workers", "-1"), ("--threads", "0"), ("--queue-limit", "")])
def test_nonsense_values_are_refused_by_name(server, option, value):
    ended = server.fails(args=[option, value], workers=None, threads=None)
    assert ended.code not in (0, None)
    assert option in ended.err

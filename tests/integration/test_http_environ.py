"""The same bytes over HTTP to the real uWSGI - its http-socket, and its http router before a socket - and to tierce in its
place: the application sees the same environ. What differs is listed here with its reason."""

import pathlib
import sys

import pytest

import uwsgi_peers
from raw_client import RawClient
from server_process import free_port

# Keys of one side alone, and values that differ.
ONLY_UWSGI = {
    "uwsgi.core",    # The thread that serves it.
    "UWSGI_ROUTER",  # The http router's mark.
    "x-wsgiorg.fdevent.readable", "x-wsgiorg.fdevent.writable", "x-wsgiorg.fdevent.timeout",  # Hooks of async mode.
}
ONLY_TIERCE = {
    "RAW_URI",                # As Gunicorn: the target as it came.
    "tierce.request_id",      # The id of the request in our logs.
    "wsgi.input_terminated",  # wsgi.input ends by itself: the body has been read before the application runs.
    "SERVER_SOFTWARE",        # CGI's name of the server; uWSGI does not say it.
}
DIFFERENT = {
    "uwsgi.version", "uwsgi.node",
    "tests.os_pid",
    "wsgi.errors", "wsgi.input", "wsgi.file_wrapper",  # The server's own objects.
    "wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once",  # How it was started.
    "REMOTE_PORT", "SERVER_PORT",  # Of this very connection.
    "SERVER_NAME",  # uWSGI says the machine's name, whatever the socket.
}


@pytest.fixture(scope="module")
def peers(tmp_path_factory):
    """{'http-socket': (theirs, ours), 'http': (theirs, ours)}: addresses."""
    base = tmp_path_factory.mktemp("peers")
    python = pathlib.Path(sys.executable)
    routers = [free_port(), free_port()]
    # uWSGI's router would speak the uwsgi protocol to the first socket, which speaks HTTP.
    ini = "plugin = http\nmodule = environ_dump:app\nhttp = 127.0.0.1:%d\nhttp-to = 127.0.0.1:%d\nsocket = 127.0.0.1:%d\n"
    behind = [free_port(), free_port()]
    with uwsgi_peers.started("uwsgi", base / "uwsgi", ini % (routers[0], behind[0], behind[0]), python) as theirs:
        with uwsgi_peers.started("tierce", base / "tierce", ini % (routers[1], behind[1], behind[1]), python) as ours:
            yield {"http-socket": (theirs.address, ours.address),
                   "http": tuple(("127.0.0.1", port) for port in routers)}


def text(*lines, target="/p", method="GET", version="HTTP/1.1", host="shop.example", body=""):
    first = [f"{method} {target} {version}"] + ([f"Host: {host}"] if host is not None else [])
    return "\r\n".join([*first, *lines]) + "\r\n\r\n" + body


REQUESTS = {
    "a GET": text(),
    "no path": text(target="/"),
    "a query": text(target="/p?a=1&b=%20&c"),
    "an empty query": text(target="/p?"),
    "a question mark in the query": text(target="/p?a=?&b"),
    "a trailing slash": text(target="/p/"),
    "doubled slashes": text(target="/p//q"),
    "dots": text(target="/p/./q"),
    "dots that go up": text(target="/p/../q"),
    "an escaped slash": text(target="/a%2Fb%2fc"),
    "an escaped percent sign": text(target="/a%252Fb"),
    "an escaped question mark": text(target="/a%3Fb?c=%3F"),
    "a plus": text(target="/a+b?c=d+e"),
    "beyond ASCII": text(target="/caf%C3%A9"),
    "latin 1": text(target="/caf%E9"),
    "headers": text("User-Agent: curl/8", "Accept: */*", "Cookie: a=1; b=2", "X-Forwarded-For: 1.2.3.4", "Authorization: Basic YTpi",
                    "Referer: http://shop.example/?a=b"),
    "an empty header": text("X-Empty:"),
    "blanks around a value": text("X-Blanks:   a  b   "),
    "a header twice": text("X-Twice: one", "X-Twice: two"),
    "a header three times, spelled otherwise": text("X-Thrice: one", "x-thrice: two", "X-THRICE: three"),
    "Accept twice": text("Accept: text/html", "Accept: text/plain"),
    "Cookie twice": text("Cookie: a=1", "Cookie: b=2"),
    "X-Forwarded-For twice": text("X-Forwarded-For: 1.2.3.4", "X-Forwarded-For: 5.6.7.8"),
    "bytes beyond ASCII in a header": text("X-Raw: caf\xe9 \xff"),
    "a type without a body": text("Content-Type: text/plain"),
    "a POST": text("Content-Length: 7", "Content-Type: application/x-www-form-urlencoded", method="POST", body="a=1&b=2"),
    "a POST of nothing": text("Content-Length: 0", method="POST"),
    "a PUT": text("Content-Length: 1", method="PUT", body="x"),
    "another method": text(method="PROPFIND"),
    "HTTP/1.0": text(version="HTTP/1.0"),
    "HTTP/1.0 without Host": text(version="HTTP/1.0", host=None),
    "a port in Host": text(host="shop.example:8080"),
    "Connection: close": text("Connection: close"),
    "a header of the hop": text("Connection: keep-alive", "Keep-Alive: 5", "TE: trailers"),
}

# What differs on purpose: (request, variable, uWSGI's, ours).
EXCEPTIONS = [
    # RFC 9110 5.5: blanks around a value are no part of it.
    ("blanks around a value", "HTTP_X_BLANKS", "a  b   ", "a  b"),
    # A comma joins lists (RFC 9110 5.3); the blank behind it is nobody's.
    ("a header twice", "HTTP_X_TWICE", "one, two", "one,two"),
    ("a header three times, spelled otherwise", "HTTP_X_THRICE", "one, two, three", "one,two,three"),
    ("Accept twice", "HTTP_ACCEPT", "text/html, text/plain", "text/html,text/plain"),
    ("X-Forwarded-For twice", "HTTP_X_FORWARDED_FOR", "1.2.3.4, 5.6.7.8", "1.2.3.4,5.6.7.8"),
    # RFC 9113 8.2.3: cookies are joined by a semicolon; with a comma, b belongs to the value of a.
    ("Cookie twice", "HTTP_COOKIE", "a=1, b=2", "a=1; b=2"),
    # Applications compare PATH_INFO with the target that was signed or routed on; behind other front servers they get it
    # as it came, too.
    ("dots", "PATH_INFO", "/p/q", "/p/./q"),
    ("dots that go up", "PATH_INFO", "/q", "/p/../q"),
]


@pytest.mark.parametrize("listener", ["http-socket", "http"])
@pytest.mark.parametrize("name", REQUESTS)
def test_the_environ_is_that_of_uwsgi(peers, listener, name):
    theirs, ours = (environ_of(address, REQUESTS[name]) for address in peers[listener])
    for key in ONLY_UWSGI | DIFFERENT:
        theirs.pop(key, None)
    for key in ONLY_TIERCE | DIFFERENT:
        ours.pop(key, None)
    for request, key, real, mine in EXCEPTIONS:
        if request == name:
            assert (theirs.pop(key), ours.pop(key)) == (real, mine)
    assert ours == theirs


@pytest.mark.parametrize("listener", ["http-socket", "http"])
def test_a_chunked_body_has_a_length(peers, listener):
    """To uWSGI such a body is not there unless the application calls uwsgi.chunked_read()."""
    request = text("Transfer-Encoding: chunked", method="POST", body="3\r\nabc\r\n0\r\n\r\n")
    theirs, ours = (environ_of(address, request) for address in peers[listener])
    assert "HTTP_TRANSFER_ENCODING" in theirs and not theirs.get("CONTENT_LENGTH")
    assert ours["CONTENT_LENGTH"] == "3"


def environ_of(address, request):
    with RawClient(address) as client:
        client.send(request)
        return client.response().json()

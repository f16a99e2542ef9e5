"""The real nginx and the real Apache pass requests on over every protocol they know, and clients notice nothing."""

import contextlib
import hashlib
import os
import signal

import pytest

from front_servers import Apache, Nginx
from gate import Load
from raw_client import Incomplete
from waiting import eventually

MIB = 1 << 20
LARGE = int(os.environ.get("TIERCE_TEST_LARGE_MIB", "20")) * MIB
BINDS = ["127.0.0.1:0", "uwsgi://127.0.0.1:0", "fastcgi://127.0.0.1:0", "scgi://127.0.0.1:0"]

# What stands in nginx's location, given the server's addresses; {unix} is its uwsgi socket.
NGINX = {
    "uwsgi over unix": "include /etc/nginx/uwsgi_params; uwsgi_pass unix:{unix}; uwsgi_buffering off;",
    "uwsgi over TCP": "include /etc/nginx/uwsgi_params; uwsgi_pass 127.0.0.1:{uwsgi}; uwsgi_buffering off;",
    "uwsgi, buffered": "include /etc/nginx/uwsgi_params; uwsgi_pass 127.0.0.1:{uwsgi};",
    "uwsgi, unbuffered upload": "include /etc/nginx/uwsgi_params; uwsgi_pass unix:{unix}; uwsgi_buffering off; "
                                "uwsgi_request_buffering off;",
    "FastCGI": "include /etc/nginx/fastcgi_params; fastcgi_pass 127.0.0.1:{fastcgi}; fastcgi_buffering off;",
    "FastCGI with PATH_INFO": "include /etc/nginx/fastcgi_params; fastcgi_param PATH_INFO $fastcgi_script_name; "
                              "fastcgi_param SCRIPT_NAME ''; fastcgi_pass 127.0.0.1:{fastcgi}; fastcgi_buffering off;",
    "FastCGI, kept": "include /etc/nginx/fastcgi_params; fastcgi_pass 127.0.0.1:{fastcgi}; fastcgi_buffering off; "
                     "fastcgi_keep_conn on;",
    "SCGI": "include /etc/nginx/scgi_params; scgi_pass 127.0.0.1:{scgi}; scgi_buffering off;",
    "HTTP": "proxy_set_header Host $http_host; proxy_pass http://127.0.0.1:{http}; proxy_buffering off;",
    "HTTP/1.1, kept": "proxy_set_header Host $http_host; proxy_http_version 1.1; proxy_set_header Connection ''; "
                      "proxy_pass http://127.0.0.1:{http}; proxy_buffering off; proxy_request_buffering off;",
}
APACHE = {
    "mod_proxy_uwsgi": 'ProxyPass "/" "uwsgi://127.0.0.1:{uwsgi}/" flushpackets=on',
    "mod_proxy_fcgi": 'ProxyPass "/" "fcgi://127.0.0.1:{fastcgi}/" flushpackets=on',
    "mod_proxy_fcgi, kept": 'ProxyPass "/" "fcgi://127.0.0.1:{fastcgi}/" flushpackets=on enablereuse=on',
    "mod_proxy_scgi": 'ProxyPass "/" "scgi://127.0.0.1:{scgi}/" flushpackets=on',
    "mod_proxy_http": 'ProxyPass "/" "http://127.0.0.1:{http}/" flushpackets=on\nProxyPreserveHost on',
}
CHAINS = [("nginx", name) for name in NGINX] + [("Apache", name) for name in APACHE]


def start_behind(server, tmp_path, app="behind:app", binds=BINDS, **options):
    unix = str(tmp_path / "app.sock")
    server.start(app, bind=[*binds, f"uwsgi://unix:{unix}"], **options)
    http, uwsgi, fastcgi, scgi, _ = server.addresses()
    server.ports = {"unix": unix, "http": http[1], "uwsgi": uwsgi[1], "fastcgi": fastcgi[1], "scgi": scgi[1]}
    return server


def start_front(directory, ports, chain):
    kind, name = chain
    table, make = (NGINX, Nginx) if kind == "nginx" else (APACHE, Apache)
    return make(directory).serve(table[name].format(**ports))


@pytest.fixture(scope="module")
def backend(module_server, tmp_path_factory):
    return start_behind(module_server, tmp_path_factory.mktemp("backend"), threads=4,
                        args=["--client-max-body-size", "0"])


@pytest.fixture(scope="module", params=CHAINS, ids=[f"{kind}-{name}" for kind, name in CHAINS])
def front(backend, request, tmp_path_factory):
    server = start_front(tmp_path_factory.mktemp("front"), backend.ports, request.param)
    server.chain = request.param
    try:
        yield server
    finally:
        server.stop()


def test_a_get_arrives_with_its_path_query_and_headers(front):
    got = front.get("/environ/caf%C3%A9/a%20b?q=%41&r=+", headers={"X-Own-Header": "mine", "User-Agent": "tester"})
    assert got.status == 200
    environ = got.json()
    assert environ["REQUEST_METHOD"] == "GET"
    assert environ["SCRIPT_NAME"] == ""
    assert environ["PATH_INFO"] == "/environ/caf\xc3\xa9/a b"
    assert environ["QUERY_STRING"] == "q=%41&r=+"
    assert environ["HTTP_X_OWN_HEADER"] == "mine"
    assert environ["HTTP_USER_AGENT"] == "tester"
    assert environ["HTTP_HOST"] == "test.example"
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
    assert environ["wsgi.url_scheme"] == "http"
    assert environ.get("CONTENT_LENGTH", "") in ("", "0")


def test_a_head_has_no_body(front):
    got = front.request("HEAD", "/ok")
    assert got.status == 200 and got.body == b""


@pytest.mark.parametrize("size", [0, 5, 70_000])
def test_a_post_arrives_whole(front, size):
    body = os.urandom(size)
    got = front.request("POST", "/digest", body=body)
    assert got.json()["results"] == [[size, hashlib.sha256(body).hexdigest()]]


# Apache's own answer to a body whose length it does not know.
NO_CHUNKS = ("mod_proxy_uwsgi", "mod_proxy_scgi")


def test_a_chunked_upload_arrives_whole(front):
    pieces = [os.urandom(size) for size in (1, 1000, 100_000)]
    whole = b"".join(pieces)
    got = front.request("POST", "/digest", body=pieces)
    assert got.status == (411 if front.chain[1] in NO_CHUNKS else 200)
    if got.status == 411:
        return
    assert got.json()["results"] == [[len(whole), hashlib.sha256(whole).hexdigest()]]
    assert got.json()["length"] == str(len(whole))


def test_much_goes_up(front):
    body = os.urandom(MIB) * (LARGE // MIB)
    got = front.request("POST", "/digest", body=body, timeout=60)
    assert got.json()["results"] == [[len(body), hashlib.sha256(body).hexdigest()]]


@pytest.mark.parametrize("length", ["", "&length=1"])
def test_much_comes_down(front, length):
    got = front.get(f"/bytes?n={LARGE}{length}", timeout=60)
    assert got.status == 200
    assert len(got.body) == LARGE
    assert got.body[:256] == bytes(range(256))


def test_a_stream_arrives_as_it_is_made(front, gate):
    if front.chain[1] == "uwsgi, buffered":
        gate.open()
        assert front.get(gate.path("/stream")).body == b"firstsecond"
        return
    with front.raw() as client:
        client.request("GET", gate.path("/stream"))
        eventually(lambda: client._more() and b"first" in client.buffer, 10, "the first piece")
        gate.open()
        assert client.response().body == b"firstsecond"


def test_headers_come_through(front):
    got = front.get("/cookies")
    assert got.all("Set-Cookie") == ["a=1", "b=2; Path=/"]
    assert got.header("Content-Type").startswith("text/plain")
    assert len(got.all("Date")) == 1 and len(got.all("Server")) == 1


def test_an_application_error_is_a_500(front):
    assert front.get("/raises").status == 500
    assert front.get("/ok").status == 200


# Without a Content-Length the end of a uwsgi connection ends the body. A reset says that it was no good end; a unix
# socket knows none, and mod_proxy_uwsgi takes one for an end like any other.
CANNOT_TELL = ("uwsgi over unix", "uwsgi, unbuffered upload")


def test_a_body_that_breaks_off_reaches_no_client_as_whole(backend, front):
    logged = len(backend.log_lines("oops in the middle of the body"))
    if front.chain[1] == "mod_proxy_uwsgi":
        with contextlib.suppress(Incomplete):  # It depends on when the reset comes: 502, a part, or broken.
            got = front.get("/raises_later?x")
            assert got.status == 502 or got.body in (b"", b"part one")
    elif front.chain[1] in CANNOT_TELL:
        assert front.get("/raises_later?x").body == b"part one"
    else:
        with pytest.raises(Incomplete):
            front.get("/raises_later?x")
    eventually(lambda: len(backend.log_lines("oops in the middle of the body")) > logged)


def test_a_declared_body_that_breaks_off_reaches_no_client_as_whole(front):
    with pytest.raises(Incomplete):
        front.get("/raises_later?x&length=100")


@pytest.mark.parametrize("chain", CHAINS, ids=[f"{kind}-{name}" for kind, name in CHAINS])
def test_a_killed_worker_costs_one_request(server, tmp_path, chain):
    start_behind(server, tmp_path, workers=2)
    front = start_front(tmp_path, server.ports, chain)
    try:
        # nginx has 502 for a connection that is closed without an answer, Apache's modules have others.
        assert front.get("/die").status in ((502,) if chain[0] == "nginx" else (500, 502, 503))
        assert front.get("/ok").status == 200
    finally:
        front.stop()


@pytest.mark.parametrize("chain", [("nginx", "uwsgi over unix"), ("nginx", "FastCGI, kept"), ("Apache", "mod_proxy_uwsgi")],
                         ids=["uwsgi", "FastCGI", "Apache"])
def test_a_reload_under_load_costs_nothing(server, tmp_path, chain):
    start_behind(server, tmp_path, workers=2)
    front = start_front(tmp_path, server.ports, chain)
    try:
        before = set(server.workers(2))
        with Load(front, "/ok") as load:
            for _ in range(2):
                server.signal(signal.SIGHUP)
                eventually(lambda: len(server.workers()) == 2 and not before & set(server.workers()), 15)
                before = set(server.workers())
        assert load.failures == [] and len(load.statuses) > 20
    finally:
        front.stop()


def test_what_was_sent_as_https_is_https(backend, tmp_path):
    front = Nginx(tmp_path).serve(f"include /etc/nginx/uwsgi_params; uwsgi_param HTTPS on; uwsgi_param MY_PARAM $host; "
                                  f"uwsgi_pass unix:{backend.ports['unix']};")
    try:
        environ = front.get("/environ").json()
        assert environ["wsgi.url_scheme"] == "https"
        assert environ["MY_PARAM"] == "test.example"
    finally:
        front.stop()


def test_the_notes_own_nginx_configuration_works(server, tmp_path):
    """include uwsgi_params; uwsgi_pass unix:/run/uwsgi.sock; and nothing more."""
    start_behind(server, tmp_path, app="hello:app")
    front = Nginx(tmp_path).serve(f"include /etc/nginx/uwsgi_params;\nuwsgi_pass unix:{server.ports['unix']};")
    try:
        assert front.get("/").status == 200
    finally:
        front.stop()

"""The same packet to the real uWSGI and to tierce: the application sees the same environ. What differs is listed
here with its reason."""

import json
import shutil
import subprocess

import pytest

from server_process import APPS, free_port
from wire_client import PACKETS, WireClient, variables

# Keys of one side alone, and values that differ.
ONLY_UWSGI = {
    "uwsgi.version", "uwsgi.node", "uwsgi.core",  # What serves it: its version, host and thread.
    "x-wsgiorg.fdevent.readable", "x-wsgiorg.fdevent.writable", "x-wsgiorg.fdevent.timeout",  # Hooks of async mode.
}
ONLY_TIERCE = {
    "tierce.request_id",      # The id of the request in our logs.
    "wsgi.input_terminated",  # wsgi.input ends by itself: the body has been read before the application runs.
    "SERVER_SOFTWARE",        # CGI's name of the server; uWSGI does not say it.
}
DIFFERENT = {
    "tests.os_pid",
    "wsgi.errors", "wsgi.input", "wsgi.file_wrapper",  # The server's own objects.
    "wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once",  # How it was started.
}
# PEP 3333 asks for these; uWSGI leaves out what the front server has not sent.
REQUIRED = {"SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL"}


@pytest.fixture(scope="module")
def uwsgi(tmp_path_factory):
    """Its addresses by protocol."""
    program = shutil.which("uwsgi")
    assert program, "uwsgi-core is not installed (tools/deps.sh test)"
    addresses = {protocol: ("127.0.0.1", free_port()) for protocol in PACKETS}
    log = tmp_path_factory.mktemp("uwsgi") / "uwsgi.log"
    command = [program, "--plugins", "python3", "--module", "environ_dump:app", "--chdir", str(APPS), "--master",
               "--need-app", "--die-on-term", "--buffer-size", "65535",
               "--uwsgi-socket", "127.0.0.1:%d" % addresses["uwsgi"][1],
               "--scgi-socket", "127.0.0.1:%d" % addresses["scgi"][1],
               "--fastcgi-socket", "127.0.0.1:%d" % addresses["fastcgi"][1]]
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        for address in addresses.values():
            wait_until_it_accepts(process, address, log)
        yield addresses
    finally:
        process.terminate()
        process.wait(20)


def wait_until_it_accepts(process, address, log):
    from waiting import eventually

    def accepts():
        assert process.poll() is None, log.read_text(errors="replace")
        try:
            WireClient(address, "uwsgi").close()
            return True
        except OSError:
            return False
    eventually(accepts, 15, "uWSGI accepts")


@pytest.fixture(scope="module")
def ours(module_server):
    module_server.start("environ_dump:app", bind=[f"{protocol}://127.0.0.1:0" for protocol in PACKETS])
    return dict(zip(PACKETS, module_server.addresses()))


REQUESTS = {
    "a GET as nginx sends it": dict(),
    "a POST": dict(method="POST", body=b"a=1&b=2", CONTENT_TYPE="application/x-www-form-urlencoded"),
    "headers": dict(HTTP_USER_AGENT="curl/8", HTTP_ACCEPT="*/*", HTTP_COOKIE="a=1; b=2", HTTP_X_FORWARDED_FOR="1.2.3.4",
                    HTTP_CONTENT_LENGTH="0", HTTP_X_EMPTY="", HTTP_AUTHORIZATION="Basic YTpi", REMOTE_USER="a"),
    "a path that was encoded": dict(path="/caf\xc3\xa9/a b", query="q=%20&r", REQUEST_URI="/caf%C3%A9/a%20b?q=%20&r"),
    "TLS": dict(HTTPS="on", REQUEST_SCHEME="https", SERVER_PORT="443"),
    "TLS by number": dict(HTTPS="1"),
    "TLS switched off": dict(HTTPS="off"),
    "a scheme of uWSGI": dict(UWSGI_SCHEME="https"),
    "a script name": dict(SCRIPT_NAME="/app", PATH_INFO="/inside"),
    "an old client": dict(SERVER_PROTOCOL="HTTP/1.0", HTTP_HOST=None),
    "HTTP/2 in front": dict(SERVER_PROTOCOL="HTTP/2.0"),
    "parameters of one's own": {"MY_PARAM": "x y", "lower": "1", "DASHED-NAME": "2", "UWSGI_X": "3", "SSL_CERT": "a\n\tb"},
    "bytes beyond ASCII": dict(HTTP_X_RAW="\xff\xfe caf\xe9"),
    "another method": dict(method="PROPFIND"),
    "a trailing slash": dict(path="/p/"),
    "an escaped slash": dict(path="/a/b", REQUEST_URI="/a%2Fb"),
    "an escaped percent sign": dict(path="/a%2Fb", REQUEST_URI="/a%252Fb"),
    "a chunked body that nginx has buffered": dict(method="POST", body=b"abc", HTTP_TRANSFER_ENCODING="chunked"),
    "a script name and nothing behind it": dict(SCRIPT_NAME="/app", PATH_INFO=""),
    "a header twice": dict(again=[("HTTP_X_TWICE", "one"), ("HTTP_X_TWICE", "two")]),
    "little": dict(CONTENT_TYPE=None, DOCUMENT_ROOT=None, REMOTE_PORT=None, SERVER_NAME=None, SERVER_PORT=None,
                   REQUEST_SCHEME=None),
}


@pytest.mark.parametrize("protocol", PACKETS)
@pytest.mark.parametrize("name", REQUESTS)
def test_the_environ_is_that_of_uwsgi(uwsgi, ours, protocol, name):
    request = dict(REQUESTS[name])
    method = request.pop("method", "GET")
    theirs, mine = (environ_of(side[protocol], protocol, method, dict(request)) for side in (uwsgi, ours))
    for key in ONLY_UWSGI | DIFFERENT:
        theirs.pop(key, None)
    for key in ONLY_TIERCE | DIFFERENT:
        mine.pop(key, None)
    for key in REQUIRED - set(theirs):
        mine.pop(key, None)
    assert mine == theirs and mine["REQUEST_METHOD"] == method


def environ_of(address, protocol, method, request):
    path, query, body = request.pop("path", "/p"), request.pop("query", ""), request.pop("body", b"")
    again = request.pop("again", [])
    with WireClient(address, protocol) as client:
        client.send(PACKETS[protocol](variables(method, path, query, body, **request) + again, body))
        text = client.everything() if protocol != "fastcgi" else stdout_of(client)
    return json.loads(text.partition(b"\r\n\r\n")[2])


def stdout_of(client):
    text = b""
    while found := client.record():
        if found[0] == 6:
            text += found[2]
        if found[0] == 3:
            break
    return text

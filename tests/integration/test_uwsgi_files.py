"""Files served in uWSGI's place: the same ini and requests through the real one and through ours. What differs on
purpose is listed with its reason."""

import gzip
import os
import pathlib
import sys

import pytest

import uwsgi_peers

# What each says of a response beyond what is compared: uWSGI has neither entity tags nor Server and Date.
COMPARED = ("Content-Type", "Content-Length", "Last-Modified", "Content-Encoding", "Content-Range", "Expires", "X-Added",
            "X-Other", "Location", "WWW-Authenticate")

INI = """
static-map = /static=%(tmp)s/static
static-map = /static/over=%(tmp)s/over
static-map = /favicon.ico=%(tmp)s/static/a.txt
static-map = /nowhere=%(tmp)s/nowhere
static-map2 = /media=%(tmp)s/whole
check-static = %(tmp)s/checked
static-index = index.html
static-index = other.html
static-skip-ext = .php
static-safe = %(tmp)s/shared
static-expires = /cached/ 3600
static-gzip-ext = .css
mimefile = %(tmp)s/mime.types
add-header = X-Added: yes
add-header = X-Other: a: b
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    base = tmp_path_factory.mktemp("tree")
    files = {
        "static/a.txt": b"0123456789", "static/site.css": b"plain", "static/page.html": b"<p>page", "static/noending": b"x",
        "static/odd.unheard": b"odd", "static/script.php": b"<?php", "static/sub/index.html": b"index",
        "static/sub2/other.html": b"other", "static/empty/.keep": b"", "static/empty.txt": b"", "static/a b.txt": b"blank",
        "static/caf\u00e9.txt": b"coffee", "static/%41.txt": b"percent", "over/a.txt": b"shadowed", "whole/media/m.txt": b"media",
        "checked/robots.txt": b"robots", "checked/static/checked.txt": b"checked first", "shared/s.txt": b"shared",
        "static-secret/key": b"secret", "secret": b"secret", "static/large.bin": os.urandom(300_000),
        "static/cached/c.txt": b"cached"}
    for name, data in files.items():
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (1_700_000_000, 1_700_000_000))
    (base / "static/site.css.gz").write_bytes(gzip.compress(b"plain", mtime=0))
    os.utime(base / "static/site.css.gz", (1_700_000_000, 1_700_000_000))
    (base / "static/inside").symlink_to("a.txt")
    (base / "static/absolute").symlink_to(base / "static/a.txt")
    (base / "static/out").symlink_to("../secret")
    (base / "static/sibling").symlink_to(base / "static-secret")
    (base / "static/shared").symlink_to(base / "shared")
    (base / "static/broken").symlink_to("nothing")
    (base / "mime.types").write_text("text/plain txt\ntext/css css\ntext/html html\napplication/octet-stream bin\n")
    return base


@pytest.fixture(scope="module")
def peers(tree, tmp_path_factory):
    ini = INI % {"tmp": tree}
    base = tmp_path_factory.mktemp("peers")
    python = pathlib.Path(sys.executable)
    with uwsgi_peers.started("uwsgi", base / "uwsgi", ini, python) as theirs:
        with uwsgi_peers.started("tierce", base / "tierce", ini, python) as ours:
            yield theirs, ours


def seen(response):
    return (response.status, response.body, [(name, response.header(name)) for name in COMPARED])


THEN, LATER, EARLIER = ("Tue, 14 Nov 2023 22:13:20 GMT", "Tue, 14 Nov 2023 22:13:21 GMT", "Tue, 14 Nov 2023 22:13:19 GMT")

SAME = {
    "a file": "/static/a.txt", "no ending": "/static/noending", "an unknown ending": "/static/odd.unheard",
    "a page": "/static/page.html", "an empty file": "/static/empty.txt", "a large file": "/static/large.bin",
    "a blank": "/static/a%20b.txt", "beyond ASCII": "/static/caf%C3%A9.txt", "a percent sign": "/static/%2541.txt",
    "an escaped letter": "/static/%61.txt", "a plus is no blank": "/static/a+b.txt", "a query": "/static/a.txt?v=1",
    "not there": "/static/nothing.txt", "the application": "/", "an index": "/static/sub/", "an index without slash": "/static/sub",
    "the second index": "/static/sub2/", "a directory without index": "/static/empty/", "the map itself": "/static",
    "the map itself with a slash": "/static/", "a prefix goes on in the name": "/statica.txt", "doubled slashes": "/static//a.txt",
    "a dot": "/static/./a.txt", "dots inside": "/static/sub/../a.txt", "a slash behind a file": "/static/a.txt/",
    "the first map that has it": "/static/over/a.txt", "a map to a file": "/favicon.ico", "a map to nothing": "/nowhere/a.txt",
    "the whole path": "/media/m.txt", "without a map": "/robots.txt", "check-static comes first": "/static/checked.txt",
    "an ending that is skipped": "/static/script.php", "a link inside": "/static/inside", "an absolute link inside": "/static/absolute",
    "a link outside": "/static/out", "a link to what is safe": "/static/shared/s.txt",
    "a broken link": "/static/broken", "up": "/static/../secret", "up, escaped": "/static/%2e%2e/secret",
    "up, slash escaped": "/static/..%2fsecret", "up, all escaped": "/static/%2e%2e%2fsecret", "up in a name": "/static../secret",
    "far up": "/static/../../../../../../../../etc/passwd", "overlong dots": "/static/%c0%ae%c0%ae/secret",
    "backslashes": "/static/..%5c..%5csecret", "a long path": "/static/" + "a/" * 500, "a long name": "/static/" + "a" * 300,
    "not compressed for all": "/static/site.css",
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_file(peers, name):
    theirs, ours = (peer.ask(path=SAME[name]) for peer in peers)
    assert seen(ours) == seen(theirs)


WITH_HEADERS = {
    "the same time": {"If-Modified-Since": THEN}, "a later time": {"If-Modified-Since": LATER},
    "an earlier time": {"If-Modified-Since": EARLIER}, "compressed": {"Accept-Encoding": "gzip, br"},
    "compressed alone": {"Accept-Encoding": "gzip"},
}


@pytest.mark.parametrize("path", ["/static/a.txt", "/static/site.css", "/"])
@pytest.mark.parametrize("name", WITH_HEADERS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditions_and_codings(peers, method, name, path):
    theirs, ours = (peer.ask(method, path, list(WITH_HEADERS[name].items())) for peer in peers)
    mine, real = seen(ours), seen(theirs)
    if ours.status == 304:  # RFC 9110 15.4.5 wants what describes the file; uWSGI leaves it out.
        assert (ours.status, ours.body) == (theirs.status, theirs.body)
    else:
        assert mine == real


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_the_applications(peers, method):
    theirs, ours = (peer.ask(method, "/static/a.txt", [("Content-Length", "0")]) for peer in peers)
    assert seen(ours) == seen(theirs) and ours.body == b"hello\n"


def test_expires_counts_from_now(peers):
    import email.utils
    for peer in peers:
        response = peer.ask(path="/static/cached/c.txt")
        date = email.utils.parsedate_to_datetime(response.header("Expires")).timestamp()
        import time
        assert abs(date - time.time() - 3600) < 60


# --- ours alone -----------------------------------------------------------------------------------

def test_a_nul_is_refused(peers):
    assert peers[1].ask(path="/static/a.txt%00.png").status == 400


def test_a_sibling_with_the_same_beginning_is_not_served(peers):
    """uWSGI compares the beginnings of paths alone: a link to static-secret counts as one inside of static."""
    assert peers[0].ask(path="/static/sibling/key").body == b"secret"
    assert peers[1].ask(path="/static/sibling/key").body == b"hello\n"
    assert peers[1].ask(path="/static/../static-secret/key").body == b"hello\n"


def test_ranges(peers):
    def ask(value, **more):
        return peers[1].ask(path="/static/a.txt", headers=[("Range", value), *more.items()])
    response = ask("bytes=2-4")
    assert (response.status, response.body, response.header("Content-Range")) == (206, b"234", "bytes 2-4/10")
    assert ask("bytes=-3").body == b"789"
    response = ask("bytes=10-")
    assert (response.status, response.body, response.header("Content-Range")) == (416, b"", "bytes */10")
    response = ask("bytes=0-0,5-6")
    boundary = response.header("Content-Type").split("boundary=")[1].encode()
    assert response.status == 206
    assert response.body == (b"\r\n--%b\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-0/10\r\n\r\n0"
                             b"\r\n--%b\r\nContent-Type: text/plain\r\nContent-Range: bytes 5-6/10\r\n\r\n56"
                             b"\r\n--%b--\r\n" % (boundary, boundary, boundary))
    assert ask("bytes=-600,-9223372036854774591").status == 200
    assert ask("bytes=" + ",".join(["0-0"] * 700)).status in (200, 400)


def test_a_range_of_another_version_is_the_whole(peers):
    tag = peers[1].ask(path="/static/a.txt").header("ETag")
    assert tag == '"%x-a"' % 1_700_000_000
    for value, status in ((tag, 206), ('"other"', 200), (THEN, 206), (EARLIER, 200)):
        response = peers[1].ask(path="/static/a.txt", headers=[("Range", "bytes=0-0"), ("If-Range", value)])
        assert response.status == status, value


def test_entity_tags(peers):
    tag = peers[1].ask(path="/static/a.txt").header("ETag")
    assert peers[1].ask(path="/static/a.txt", headers=[("If-None-Match", f'"x", W/{tag}')]).status == 304
    assert peers[1].ask(path="/static/a.txt", headers=[("If-None-Match", '"x"')]).status == 200
    assert peers[1].ask(path="/static/a.txt", headers=[("If-Match", '"x"')]).status == 412


def test_a_kept_connection_serves_files_and_the_application(peers, tree):
    from raw_client import RawClient
    large = (tree / "static/large.bin").read_bytes()
    with RawClient(peers[1].address) as client:
        for path, body in (("/static/large.bin", large), ("/", b"hello\n"), ("/static/a.txt", b"0123456789"), ("/", b"hello\n")):
            client.request("GET", path)
            assert client.response().body == body
        client.request("HEAD", "/static/large.bin")
        response = client.response("HEAD")
        assert response.body == b"" and response.header("Content-Length") == "300000"

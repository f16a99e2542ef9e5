"""uWSGI's routes: the same rules and requests through the real one and through ours. What differs on purpose stands
below, with its reason."""

import base64
import pathlib
import socket
import sys

import pytest

import uwsgi_peers
import wire_client
from raw_client import RawClient
from waiting import eventually

COMPARED = ("Content-Type", "Content-Length", "Location", "WWW-Authenticate", "X-App", "X-Two", "X-Path", "X-Groups", "X-Run",
            "X-Eq", "X-Ne", "X-Re", "X-Sw", "X-Empty", "X-Exists", "X-File", "X-Dir", "X-Host", "X-Qs", "X-Uri", "X-Addr",
            "X-Referer", "X-User", "X-Not", "X-Oo", "X-Link", "X-Exec", "X-High", "X-Low", "X-Ip", "Expires")

# $0 of an expression without groups kills the real one (2.0.21, Debian's): it is asked for beside groups alone.
INI = r"""
plugins = router_redirect,router_static,router_basicauth
log-format = REQ %(method) %(uri) %(status) %(user) %(lv)
static-map = /mapped=%(tmp)s/docs
static-safe = %(tmp)s/shared
route = ^/redir/(.*)$ redirect:http://x/$1?q=$2&h=${HTTP_HOST}
route = ^/redir302/(.*)$ redirect-302:/y/$1
route = ^/redir301/(.*)$ redirect-301:/y/$1
route = ^/redirp redirect-permanent:/y
route = ^/static/(.*)$ static:%(tmp)s/docs/$1
route = ^/one\.txt static:%(tmp)s/docs/f.txt
route = ^/breaks$ break:404 Not Found
route = ^/ret$ return:403
route = ^/ret200$ return:200
route = ^/ret201$ return:201
route = ^/bws$ break-with-status:503
route = ^/mapped/private return:403
route = ^/addh addheader:X-Path: ${PATH_INFO}
route = ^/remh remheader:X-App
route = ^/delh delheader:x-two
route = ^/nolog donotlog:
route = ^/(one)/(two) addheader:X-Groups: $0-$2-$1-$3-$$1-${HTTP_HOST}-${nothing}-${qs[a]}-${cookie[c]}
route = ^/(log)(var) logvar:lv=foo$2bar
route = ^/log log:hello ${PATH_INFO}
route = ^/set setuser:fred
route = ^/(addvar) addvar:REMOTE_USER=x$1=y
route = ^/last last:
route = ^/cont continue:
route = ^/(last|cont) addheader:X-Not: reached
route-run = addheader:X-Run: ran
route-if = equal:${PATH_INFO};/eq addheader:X-Eq: 1
route-if-not = equal:${PATH_INFO};/eq addheader:X-Ne: 1
route-if = regexp:${REQUEST_URI};^/re/(\d+) addheader:X-Re: $1
route-if = startswith:${PATH_INFO};/sw addheader:X-Sw: 1
route-if = endswith:${PATH_INFO};.php return:410
route-if = empty:${QUERY_STRING} addheader:X-Empty: 1
route-if = exists:%(tmp)s${PATH_INFO} addheader:X-Exists: 1
route-if = isfile:%(tmp)s${PATH_INFO} addheader:X-File: 1
route-if = isdir:%(tmp)s${PATH_INFO} addheader:X-Dir: 1
route-if = islink:%(tmp)s${PATH_INFO} addheader:X-Link: 1
route-if = isexec:%(tmp)s${PATH_INFO} addheader:X-Exec: 1
route-if = contains:${PATH_INFO};oo addheader:X-Oo: 1
route-if = ishigher:${QUERY_STRING};5 addheader:X-High: 1
route-if = <=:${QUERY_STRING};5 addheader:X-Low: 1
route-if = ipv4in:${REMOTE_ADDR};127.0.0.0/8 addheader:X-Ip: 1
route-host = ^(h)\.example$ addheader:X-Host: $0
route-qs = ^a=(\d) addheader:X-Qs: $1
route-uri = ^/uri\?(.*) addheader:X-Uri: $1
route-remote-addr = ^(127)\. addheader:X-Addr: $0-$1
route-user-agent = (?i)bot return:403
route-referer = (evil) addheader:X-Referer: $0
route = ^/auth/plain basicauth:Realm one,user:pass:word
route = ^/auth/file basicauth:Files,%(tmp)s/htpasswd
route = ^/auth/nofile basicauth:Files,%(tmp)s/nothing
route = ^/auth/two basicauth:Two,a:b
route = ^/auth/two basicauth:Three,c:d
route = ^/auth/next basicauth-next:One,a:b
route = ^/auth/next basicauth-next:Two,c:d
route = ^/auth/next basicauth:Three,e:f
route = ^/auth/alone basicauth-next:One,a:b
route-remote-user = ^(user|fred)$ addheader:X-User: $1
"""

APPLICATION = """
def app(environ, start_response):
    names = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "REQUEST_URI", "REMOTE_USER", "AUTH_TYPE", "SCRIPT_NAME")
    body = "|".join(f"{name}={environ.get(name)}" for name in names).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-App", "yes"), ("X-Two", "2"),
                              ("Content-Length", str(len(body)))])
    return [body]
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    base = tmp_path_factory.mktemp("routes")
    for name, text in {"docs/f.txt": "0123456789", "docs/private/p.txt": "private", "docs/sub/g.txt": "g", "secret.txt": "secret",
                       "shared/s.txt": "shared", "app.py": APPLICATION, "docsx/h.txt": "beside"}.items():
        (base / name).parent.mkdir(exist_ok=True)
        (base / name).write_text(text)
    # "secret" and "longerpass" by crypt(3), "password" by SHA-1, and a form that neither reads.
    (base / "htpasswd").write_text("des:abNANd1rDfiNc\nsha:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\nlong:xys4vc6hRBg7E\n"
                                   "apr:$apr1$x4Qj8hX9$Mib2PxO2dqPhr3hWzGvY01\nempty:\n")
    (base / "link").symlink_to("secret.txt")
    (base / "docs/out").symlink_to("../secret.txt")
    (base / "docs/shared").symlink_to("../shared")
    return base


@pytest.fixture(scope="module")
def peers(tree, tmp_path_factory):
    ini = INI.replace("%(tmp)s", str(tree)) + f"chdir = {tree}\nmodule = app:app\n"
    base = tmp_path_factory.mktemp("peers")
    python = pathlib.Path(sys.executable)
    with uwsgi_peers.started("uwsgi", base / "uwsgi", ini, python) as theirs:
        with uwsgi_peers.started("tierce", base / "tierce", ini, python) as ours:
            yield theirs, ours


def basic(text):
    return [("Authorization", "Basic " + base64.b64encode(text.encode()).decode())]


def seen(response, port):
    found = [(name, response.all(name)) for name in COMPARED]
    if response.header("X-App") is None and response.header("Location") is not None or response.status in (401, 404):
        # Our own pages say how long they are, uWSGI closes behind them.
        found = [pair for pair in found if pair[0] != "Content-Length"]
    return response.status, response.body, str(found).replace(str(port), "PORT")


def both(peers, method="GET", path="/", headers=()):
    return [seen(peer.ask(method, path, headers), peer.address[1]) for peer in reversed(peers)]


PATHS = ["/redir/abc", "/redir/", "/redir301/x%0d%0aX:1", "/redir301/x", "/redirp", "/static/f.txt", "/static/sub/g.txt", "/static/f.txt?x",
         "/one.txt", "/breaks", "/ret", "/ret200", "/ret201", "/bws", "/addh", "/remh", "/delh",
         "/one/two?a=7&b=8", "/one/two?b=8&a=", "/last", "/cont", "/eq", "/re/55", "/re/x", "/sw", "/x.php", "/?q", "/docs", "/docs/f.txt", "/link",
         "/?a=1", "/uri?xyz", "/set", "/addvar", "/logvar", "/foo?6", "/foo?5", "/foo?4x", "/mapped/f.txt", "/mapped/private/p.txt",
         "/mapped/sub/../private/p.txt", "/mapped/./private/p.txt", "/a/../b", "/a/./b", "/../b", "/a/..", "/a/.", "/a//b", "/a/../..//b"]


@pytest.mark.parametrize("path", PATHS)
def test_the_same_rules(peers, path):
    ours, theirs = both(peers, path=path)
    assert ours == theirs


@pytest.mark.parametrize("headers", [
    [("Cookie", "a=b; c=d")], [("User-Agent", "GoogleBot")], [("User-Agent", "curl")], [("Referer", "http://evil/")]])
def test_the_same_for_fields(peers, headers):
    ours, theirs = both(peers, path="/one/two", headers=headers)
    assert ours == theirs


def test_the_same_for_a_host(peers):
    got = []
    for peer in peers:
        with RawClient(peer.address) as client:
            client.send("GET / HTTP/1.1\r\nHost: h.example\r\n\r\n")
            got.append(seen(client.response(), peer.address[1]))
    assert got[0] == got[1] and "('X-Host', ['h.example'])" in got[0][2]


@pytest.mark.parametrize("who", ["user:pass:word", "user:bad", "user:pass", "user", ":", "user:pass:wordx", None])
def test_passwords(peers, who):
    ours, theirs = both(peers, path="/auth/plain", headers=basic(who) if who else ())
    assert ours == theirs
    assert ours[0] == (200 if who == "user:pass:word" else 401)


@pytest.mark.parametrize("who, status", [
    ("des:secret", 200), ("des:bad", 401), ("sha:password", 200), ("sha:x", 401), ("long:longerpass", 200), ("no:one", 401),
    ("long:longerpaXX", 200),  # crypt(3)'s oldest form looks at eight characters.
    ("apr:password", 401), ("empty:", 401), ("des:", 401), ("de:secret", 401)])
def test_password_files(peers, who, status):
    ours, theirs = both(peers, path="/auth/file", headers=basic(who))
    assert ours == theirs and ours[0] == status


@pytest.mark.parametrize("path, who", [
    ("/auth/nofile", "a:b"), ("/auth/two", "a:b"), ("/auth/two", "c:d"), ("/auth/next", "a:b"), ("/auth/next", "c:d"),
    ("/auth/next", "e:f"), ("/auth/next", "x:y"), ("/auth/next", None), ("/auth/alone", None), ("/auth/alone", "x:y")])
def test_several_passwords(peers, path, who):
    ours, theirs = both(peers, path=path, headers=basic(who) if who else ())
    assert ours == theirs


@pytest.mark.parametrize("method, path", [("HEAD", "/redir/x"), ("POST", "/redir/x"), ("HEAD", "/ret"), ("HEAD", "/static/f.txt"),
                                          ("POST", "/ret"), ("DELETE", "/eq")])
def test_methods(peers, method, path):
    ours, theirs = both(peers, method, path, [("Content-Length", "0")])
    assert ours == theirs


def test_a_file_that_is_not_new(peers):
    headers = [("If-Modified-Since", "Tue, 14 Nov 2034 22:13:20 GMT")]
    assert [peer.ask(path="/one.txt", headers=headers).status for peer in peers] == [304, 304]


def test_the_log(peers):
    """Not logged, logged with a user, logged with a variable; and a message of a route's own."""
    for peer in peers:
        for path in ("/nolog", "/set", "/logvar", "/ret"):
            peer.ask(path=path + "?thelog")
        peer.ask(path="/auth/plain?thelog", headers=basic("user:pass:word"))
        peer.ask(path="/?thelog", headers=basic("nobody:asked"))

    def lines(peer):
        found = [line[line.index("REQ"):] for line in peer.log().splitlines() if "?thelog" in line]
        return found if len(found) == 5 else None
    theirs, ours = (eventually(lambda: lines(peer), 5, f"the lines of {peer.name}") for peer in peers)
    assert ours == theirs == ["REQ GET /set?thelog 200 fred -", "REQ GET /logvar?thelog 200 - foovarbar", "REQ GET /ret?thelog 403 - -",
                              "REQ GET /auth/plain?thelog 200 user -", "REQ GET /?thelog 200 - -"]
    for peer in peers:
        eventually(lambda: "hello /logvar" in peer.log(), 5, "the message")


# --- ours alone -----------------------------------------------------------------------------------

def test_a_blank_in_a_location_is_escaped(peers):
    assert peers[0].ask(path="/redir301/a%20b").header("Location") == "/y/a b"
    assert peers[1].ask(path="/redir301/a%20b").header("Location") == "/y/a%20b"


@pytest.mark.parametrize("path", ["/static/nothing", "/static/", "/static/sub", "/static/..%2fsecret.txt", "/static/%2e%2e/secret.txt",
                                  "/static/../../etc/passwd", "/static//etc/passwd", "/static/out", "/static/..%2fdocsx/h.txt"])
def test_a_file_that_is_none_is_said_to_be_none(peers, path):
    """uWSGI closes the connection without a word."""
    response = peers[1].ask(path=path)
    assert response.status == 404 or response.header("X-App") == "yes"


def test_a_link_to_what_is_safe(peers):
    assert peers[1].ask(path="/static/shared/s.txt").body == b"shared"


def test_a_file_cannot_be_posted_to(peers):
    response = peers[1].ask("POST", "/static/f.txt", [("Content-Length", "0")])
    assert (response.status, response.header("Allow")) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/mapped//private/p.txt", "/mapped/%2e%2e/mapped/private/p.txt", "/mapped/.//private/p.txt",
                                  "/mapped/sub/%2e./private/p.txt", "/mapped/sub/..%2fprivate/p.txt"])
def test_no_other_spelling_passes_a_rule(peers, path):
    """Routes, files and the application mean the same path. uWSGI serves the first two of these."""
    response = peers[1].ask(path=path)
    assert response.body != b"private"
    assert response.status == 403 or response.header("X-App") == "yes"


def test_the_application_sees_the_path_that_the_rules_saw(peers):
    assert b"|PATH_INFO=/b|" in peers[1].ask(path="/a/%2e%2e/b").body


def test_a_client_cannot_name_itself(peers):
    for headers in ([("Remote-User", "user")], [("REMOTE_USER", "user")]):
        response = peers[1].ask(path="/auth/plain", headers=headers)
        assert response.status in (400, 401)


def test_a_user_that_has_just_come_may_enter(tmp_path, tree):
    passwords = tmp_path / "htpasswd"
    passwords.write_text("")
    ini = f"plugins = router_basicauth\nroute-run = basicauth:R,{passwords}\nchdir = {tree}\nmodule = app:app\n"
    with uwsgi_peers.started("tierce", tmp_path / "tierce", ini, pathlib.Path(sys.executable)) as peer:
        assert peer.ask(headers=basic("sha:password")).status == 401
        passwords.write_text("sha:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n")
        assert b"REMOTE_USER=sha" in peer.ask(headers=basic("sha:password")).body


def test_a_large_user_name_reaches_the_application(tmp_path, tree):
    name = "n" * 5000
    ini = f"route-run = addvar:FILLER={'f' * 3000}\nroute-run = basicauth:R,{name}:p\nchdir = {tree}\nmodule = app:app\n"
    with uwsgi_peers.started("tierce", tmp_path / "tierce", ini, pathlib.Path(sys.executable)) as peer:
        assert f"REMOTE_USER={name}|".encode() in peer.ask(headers=basic(f"{name}:p")).body


def test_a_user_of_the_front_server_is_not_asked_again(tmp_path, tree):
    ini = (f"plugins = router_basicauth\nuwsgi-socket = {tmp_path}/u.sock\nroute-run = basicauth:R,a:b\nchdir = {tree}\n"
           "module = app:app\n")
    with uwsgi_peers.started("tierce", tmp_path / "tierce", ini, pathlib.Path(sys.executable)):
        for extra, want in (({"REMOTE_USER": "front"}, b"REMOTE_USER=front"), ({}, b"401 Unauthorized"),
                            ({"HTTP_AUTHORIZATION": "Basic YTpi"}, b"REMOTE_USER=a|")):
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(10)
                client.connect(f"{tmp_path}/u.sock")
                client.sendall(wire_client.uwsgi_packet(wire_client.variables(**extra)))
                answer = b""
                while data := client.recv(65536):
                    answer += data
            assert want in answer


def test_a_rule_holds_for_long_paths(tmp_path, tree):
    """Of the real one as well: its expressions know no limit."""
    ini = f"buffer-size = 65535\nroute = ^/(admin|private)(/[^/]+)*$ return:403\nchdir = {tree}\nmodule = app:app\n"
    for name in ("uwsgi", "tierce"):
        with uwsgi_peers.started(name, tmp_path / name, ini, pathlib.Path(sys.executable)) as peer:
            assert [peer.ask(path=path).status for path in ("/admin", "/admin" + "/a" * 1000, "/other")] == [403, 403, 200]


def test_who_makes_a_rule_give_up_does_not_pass_it(tmp_path, tree):
    ini = f"route = ^/(a+)+$ return:403\nchdir = {tree}\nmodule = app:app\n"
    with uwsgi_peers.started("tierce", tmp_path / "tierce", ini, pathlib.Path(sys.executable)) as peer:
        assert [peer.ask(path=path).status for path in ("/aa", "/" + "a" * 60 + "!", "/b")] == [403, 500, 200]
        assert "gave up" in peer.log()

"""The lines that requests leave in the log: through the real uWSGI and through ours, with the same ini."""

import pathlib
import re
import sys

import pytest

import uwsgi_peers
from waiting import eventually

PYTHON = pathlib.Path(sys.executable)
MARK = "REQ "


def _lines(peer, count, mark=MARK):
    def there():
        found = [line for line in peer.log().splitlines() if mark in line]
        return found if len(found) >= count else None
    return eventually(there, 5, f"{count} lines of {peer.name}")


def _both(tmp_path, ini, ask, count, mark=MARK):
    logged = []
    for name in ("uwsgi", "tierce"):
        with uwsgi_peers.started(name, tmp_path / name, ini, PYTHON) as peer:
            ask(peer)
            logged.append(_lines(peer, count, mark))
    return logged


def _some(peer):
    peer.ask(path="/a%20b?c=d", headers=[("User-Agent", "tests \u00e9"), ("Referer", "http://x/"), ("X-Id", "42"),
                                        ("X-Forwarded-For", "203.0.113.9")])
    peer.ask("POST", "/post", [("Content-Length", "0")])


@pytest.mark.parametrize("variables", [
    "%(uri) %(method) %(user) %(addr) %(proto)", "%(referer) %(status) %(rsize)", "%(cl) %(modifier1) %(modifier2) %(switches)",
    "%(var.HTTP_X_ID) %(var.REQUEST_METHOD) %(var.QUERY_STRING) %(var.NOTHING)", "%(notknown) 100% of (x)",
    "%(wid) %(core) %(werr) %(rerr) %(ioerr)", "%%(method)"])
def test_a_format(tmp_path, variables):
    ini = f"log-format = {MARK}{variables}\nstatic-map = /static=/nowhere"
    theirs, ours = _both(tmp_path, ini.replace("%%", "%%%%"), _some, 2)
    assert ours == theirs


@pytest.mark.parametrize("variables, form", [
    ("%(micros) %(msecs) %(secs)", r"\d+ \d+ \d+\.\d{6}"), ("%(time) %(epoch) %(tmsecs) %(tmicros)", r"\d{10} \d{10} \d{13} \d{16}"),
    ("%(ctime)", r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}"), ("%(ltime)", r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000"),
    ("%(ftime)", r"<\d{4}-\d\d>"), ("%(pid) %(vars) %(pktsize) %(headers) %(hsize) %(size)", r"\d+ \d+ \d+ \d+ \d+ \d+"),
    ("%(vsz) %(rss) %(vszM) %(rssM)", r"\d+ \d+ \d+ \d+"), ("%(host)", r"\S+"), ("%(uagent)", r"tests .*|-")])
def test_the_form_of_what_cannot_be_the_same(tmp_path, variables, form):
    ini = f"log-format = {MARK}{variables}\nlog-date = <%%Y-%%m>\nlogformat-strftime = true"
    for logged in _both(tmp_path, ini, _some, 2):
        for line in logged:
            assert re.fullmatch(f"{MARK}(?:{form})", line), line


OWN = (r"\[pid: \d+\|app: (?:-1|0)\|req: -?\d+/\d+\] 127\.0\.0\.1 \(\) \{\d+ vars in \d+ bytes\} \[\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\] "
       r"(?:GET /a%20b\?c=d|POST /post) => generated 6 bytes in \d+ UNIT \(HTTP/1\.1 200\) \d headers in \d+ bytes \(\d switches on core 0\)")


@pytest.mark.parametrize("ini, unit, before", [
    ("", "msecs", ""), ("log-micros = true", "micros", ""),
    ("memory-report = true", "msecs", r"\{address space usage: \d+ bytes/\d+MB\} \{rss usage: \d+ bytes/\d+MB\} ")])
def test_uwsgis_own_line(tmp_path, ini, unit, before):
    for logged in _both(tmp_path, ini, _some, 2, "[pid: "):
        for line in logged:
            assert re.fullmatch(before + OWN.replace('UNIT', unit), line), line


FOUR, FIVE, OK, EMPTY = "/status/404", "/status/503", "/ok", "/empty"


@pytest.mark.parametrize("ini, logged", [
    ("", []), ("log-4xx = true", [FOUR]), ("log-5xx = true", [FIVE]), ("log-4xx = true\nlog-5xx = true", [FOUR, FIVE]),
    ("log-zero = true", [EMPTY]), ("log-big = 100", ["/big"]), ("log-slow = 400", ["/slow"])])
def test_only_some_requests(tmp_path, ini, logged):
    (tmp_path / "choosy.py").write_text(
        "import time\n"
        "def app(environ, start_response):\n"
        "    path = environ['PATH_INFO']\n"
        "    if path == '/slow': time.sleep(0.5)\n"
        "    status = path[8:] + ' Whatever' if path.startswith('/status/') else '200 OK'\n"
        "    body = b'' if path == '/empty' else b'x' * 200 if path == '/big' else b'body'\n"
        "    start_response(status, [('Content-Type', 'text/plain'), ('Content-Length', str(len(body)))])\n"
        "    return [body]\n")
    last = "/slow" if "slow" in ini else "/big" if "big" in ini else EMPTY if "zero" in ini else FIVE if "5xx" in ini else FOUR
    ini = (f"pythonpath = {tmp_path}\nmodule = choosy:app\ndisable-logging = true\nlog-format = {MARK}%(uri)\n{ini}").strip()
    found = []
    for name in ("uwsgi", "tierce"):
        with uwsgi_peers.started(name, tmp_path / name, ini, PYTHON) as peer:
            for path in (OK, FOUR, FIVE, EMPTY, "/slow", "/big", last, OK):
                peer.ask(path=path)
            if logged:
                _lines(peer, len(logged) + 1)
        found.append([line for line in peer.log().splitlines() if line.startswith(MARK)])
    wanted = [MARK + path for path in (*logged, last)] if logged else []
    assert found == [wanted, wanted]


def test_the_forwarded_address(tmp_path):
    theirs, ours = _both(tmp_path, f"log-x-forwarded-for = true\nlog-format = {MARK}%(addr)", _some, 2)
    assert ours == theirs and ours[0] == MARK + "203.0.113.9"


@pytest.mark.parametrize("encoders", [
    ["prefix > "], ["format [${msg}] ${none}.", "nl"], ['json {"m":"${msg}"}', "nl"], ["format ${strftime:%%Y} ${msg}", "nl"]])
def test_encoders(tmp_path, encoders):
    ini = f'log-format = {MARK}"%(method)" %(uri)\nlog-master = true\n' + "\n".join(f"log-encoder = {each}" for each in encoders)
    theirs, ours = _both(tmp_path, ini, _some, 2)
    assert ours == theirs


def test_a_request_cannot_write_lines_of_its_own(tmp_path):
    with uwsgi_peers.started("tierce", tmp_path / "tierce", f"log-format = {MARK}%(uagent) %(var.HTTP_X)", PYTHON) as peer:
        peer.ask(headers=[("User-Agent", 'a"b\\c'), ("X", "\u00ff\t")])
        line, = _lines(peer, 1)
        assert line.startswith(MARK + 'a\\x22b\\x5Cc \\xFF')

"""The same configuration and the same bytes for the real nginx and for ours; what comes back must agree.

The two run one after the other in the same folder and on the same ports, so that nothing in their answers differs for
that reason: ports in redirects, paths in messages, variables that name an address.

    Case("aliases", "server { listen @port@; location /a/ { alias @www@/sub/; } }", [get("/a/page.html"), get("/a")])

@port@, @port2@ ... are free ports of loopback with their address, @dir@ is the prefix of the run, @www@ a tree of files
with fixed times (`FILES`), @http@, @uwsgi@ ... the backends' addresses (nginx_backends.py). What is asked of the
backends is compared too.
"""

import datetime
import difflib
import email.utils
import gzip
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time
import zlib

from nginx_backends import PICTURE, TEXT
from nginx_peers import OURS, REAL
from raw_client import _FIELD_LINE, _STATUS_LINE
from waiting import SLOWNESS, eventually

# TIERCE_TEST_SERVER=nginx: the real one on both sides, which tests the tests.
SELF_TEST = os.environ.get("TIERCE_TEST_SERVER") == "nginx"
ANSWER_SECONDS = 8 * SLOWNESS

FILES = {
    "index.html": "<html><body>the first page</body></html>\n",
    "hello.txt": "hello, this is a small file of text\n",
    "empty.txt": "",
    "style.css": "body { color: black }\n" * 200,
    "app.js": "function f() { return 1; }\n" * 200,
    "data.json": '{"key": "value"}\n',
    "picture.png": PICTURE,
    "UPPER.TXT": "upper\n",
    "archive.tar.gz": b"\x1f\x8b\x08not an archive",
    "noext": "a file without an end to its name\n",
    "odd.unknownend": "odd\n",
    ".hidden": "hidden\n",
    "with space.txt": "a name with a space\n",
    "плюс+and%.txt": "a name that needs escaping\n",
    "text.txt": TEXT,
    "big.bin": bytes((i * 7 + i // 251) % 256 for i in range(300_000)),
    "sub/index.html": "<html>sub</html>\n",
    "sub/page.html": "<html>page of sub</html>\n",
    "sub/deep/file.txt": "deep\n",
    "noindex/a.txt": "a\n",
    "noindex/b <b>&\".txt": "b\n" * 600,
    "noindex/a very long name of a file that a listing must cut somewhere in the middle.txt": "long\n",
    "noindex/folder/x": "x\n",
    "htm/index.htm": "htm\n",
    "packed/a.css": "a { }\n" * 300,
    "packed/only.js.gz": gzip.compress(b"only packed\n", mtime=0),
    "packed/a.css.gz": gzip.compress(b"a { }\n" * 300, mtime=0),
    "packed/plain.txt": "not packed\n" * 100,
    "errors/404.html": "<html>our own 404</html>\n",
    "errors/50x.html": "<html>our own 50x</html>\n",
    "static/css/site.css": ".site { }\n",
    "media/photo.jpg": b"\xff\xd8\xff\xe0jpeg",
    "protected/report.pdf": b"%PDF-1.4 a report\n" * 50,
    "spa/index.html": "<div id=app></div>\n",
    "spa/assets/app.123.js": "app()\n",
}
_FIRST_TIME = 1_640_995_200  # 2022-01-01; each file is a day younger than the one before.


def make_tree(folder):
    for number, (name, content) in enumerate(FILES.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (_FIRST_TIME + 86400 * number,) * 2)
    (folder / "link.txt").symlink_to("hello.txt")
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            os.utime(path, (_FIRST_TIME,) * 2)


# --- what is sent -----------------------------------------------------------------------------------------------------

class Talk:
    """What one connection sends, in turns: each entry of `turns` is bytes and how many responses they get."""

    def __init__(self, turns, methods=("GET",), ours=None, port="port", like=(), source="127.0.0.1", then=b""):
        self.turns, self.methods = turns, list(methods)
        self.ours = ours        # Status that we answer, where we are stricter on purpose.
        self.port, self.source = port, source
        self.like = list(like)  # (expression, replacement) for what may differ.
        self.then = then        # After a 101: bytes that must come back as they are.

    def __repr__(self):
        return " + ".join(repr(data[:300])[1:] for data, _ in self.turns)


def request(target="/", *fields, method="GET", version="HTTP/1.1", host="localhost", body=None, close=True):
    """The bytes of one request. `fields` are lines without their end."""
    lines = [f"{method} {target} {version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines += fields
    if body is not None and not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in fields):
        lines.append(f"Content-Length: {len(body)}")
    if close and version == "HTTP/1.1":
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + (body or b"")


def get(target="/", *fields, ours=None, port="port", like=(), source="127.0.0.1", method="GET", **how):
    return Talk([(request(target, *fields, method=method, **how), 1)], [method], ours, port, like, source)


def head(target="/", *fields, **how):
    return get(target, *fields, method="HEAD", **how)


def post(target="/", body=b"", *fields, **how):
    return get(target, *fields, method="POST", body=body.encode() if isinstance(body, str) else body, **how)


def raw(data, responses=1, methods=None, **how):
    """These bytes and nothing else."""
    data = data.encode("latin-1") if isinstance(data, str) else data
    return Talk([(data, responses)], methods or ["GET"] * responses, **how)


def kept(*requests, methods=None, **how):
    """Several requests on one connection, each after the answer to the one before."""
    return Talk([(data, 1) for data in requests], methods or [data.split(b" ", 1)[0].decode() for data in requests], **how)


class Case:
    def __init__(self, name, config, talks, files=None, logs=(), like=(), main="", types=True, errors=False):
        """`config`: inside http { }. `files`: name -> text, written under @dir@, with placeholders.
        `logs`: files under @dir@ that must have the same lines. `errors`: what error.log says is compared too."""
        self.name, self.config, self.talks = name, config, talks
        self.files, self.logs, self.like, self.main = files or {}, list(logs), list(like), main
        self.types, self.errors = types, errors

    def __repr__(self):
        return self.name


# --- what comes back --------------------------------------------------------------------------------------------------

class Reply:
    """One response, or what came instead of it (`odd`)."""

    def __init__(self):
        self.line, self.fields, self.body, self.framing, self.odd = "", [], b"", "", ""

    def field(self, name):
        for key, value in self.fields:
            if key.lower() == name.lower():
                return value
        return None


class _Reader:
    """Takes responses off a socket. What is no HTTP is kept as it came: both sides may say the same odd thing."""

    def __init__(self, connection):
        self.connection, self.buffer, self.ended = connection, b"", False

    def more(self):
        if self.ended:
            return False
        try:
            data = self.connection.recv(262144)
        except ConnectionResetError:
            data = b""
        except TimeoutError:
            raise TimeoutError(f"no answer within {ANSWER_SECONDS} s; so far {self.buffer[:300]!r}") from None
        self.buffer += data
        self.ended = not data
        return bool(data)

    def take(self, count):
        while len(self.buffer) < count and self.more():
            pass
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def line(self):
        while (end := self.buffer.find(b"\n")) < 0:
            if not self.more():
                return None
        data, self.buffer = self.buffer[:end + 1], self.buffer[end + 1:]
        return data

    def rest(self):
        while self.more():
            pass
        data, self.buffer = self.buffer, b""
        return data

    def reply(self, method):
        reply = Reply()
        while len(self.buffer) < 5 and self.more():
            pass
        if not self.buffer.startswith(b"HTTP/"):
            reply.odd = "no HTTP" if self.buffer else "nothing"
            reply.body = self.rest()
            return reply
        first = self.line()
        reply.line = first.decode("latin-1").rstrip("\r\n")
        if not _STATUS_LINE.fullmatch(first[:-2]):
            reply.odd = "odd status line"
        while (line := self.line()) not in (b"\r\n", None):
            match = _FIELD_LINE.fullmatch(line[:-2])
            if not match or not line.endswith(b"\r\n"):
                reply.odd = f"odd field {line!r}"
                name, _, value = line.decode("latin-1").rstrip("\r\n").partition(":")
                reply.fields.append((name, value.strip(" ")))
            else:
                reply.fields.append((match[1].decode(), match[2].decode("latin-1")))
        if line is None:
            reply.odd = "half a head"
            return reply
        self._body(reply, method)
        return reply

    def _body(self, reply, method):
        status = reply.line.split(" ")[1]
        if status.startswith("1") or method == "HEAD" or status in ("204", "304"):
            reply.framing = "none"
        elif "chunked" in (reply.field("Transfer-Encoding") or ""):
            reply.framing = "chunked"
            while True:
                size = self.line()
                try:
                    count = int((size or b"").strip(), 16)
                except ValueError:
                    reply.odd = "no last chunk" if size is None else f"chunk size {size!r}"
                    return
                if count == 0:
                    while (line := self.line()) not in (b"\r\n", None):
                        name, _, value = line.decode("latin-1").rstrip("\r\n").partition(": ")
                        reply.fields.append((f"trailer {name}", value))
                    return
                data = self.take(count + 2)
                reply.body += data[:count]
                if data[count:] != b"\r\n":
                    reply.odd = "half a chunk"
                    return
        elif (length := reply.field("Content-Length")) is not None:
            reply.framing = "length"
            reply.body = self.take(int(length))
            if len(reply.body) != int(length):
                reply.odd = "shorter than its length"
        else:
            reply.framing = "end"
            reply.body = self.rest()


def exchange(address, talk, filled):
    """The replies of one connection, and how it ended. `filled` puts addresses for the placeholders in a request."""
    with socket.socket() as connection:
        connection.settimeout(ANSWER_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.bind((talk.source, 0))
        connection.connect(address)
        reader, replies, methods = _Reader(connection), [], list(talk.methods)
        for data, count in talk.turns:
            try:
                connection.sendall(filled(data))
            except (BrokenPipeError, ConnectionResetError):
                pass  # What was answered before it closed is still to be read.
            for _ in range(count):
                reply = reader.reply(methods.pop(0) if methods else "GET")
                while re.match(r"HTTP/1.1 10[023] ", reply.line):
                    replies.append(reply)
                    reply = reader.reply(talk.methods[len(talk.methods) - len(methods) - 1])
                replies.append(reply)
                if reader.ended:
                    break
            if reader.ended:
                break
        last = replies[-1] if replies else None
        if talk.then and last and " 101 " in last.line + " ":
            connection.sendall(talk.then)
            last.body = reader.take(len(talk.then))
        says_close = last is None or last.odd or last.line.startswith("HTTP/1.0") or last.framing == "end" or \
            (last.field("Connection") or "").lower() == "close"
        if not says_close and not reader.ended:
            try:
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        surplus = reader.rest()
        return replies, "closes" if says_close else "stays open", surplus


# --- what may differ --------------------------------------------------------------------------------------------------

_PRODUCT = re.compile(r"(nginx|tierce)/[0-9.]+")
_DATE = re.compile(r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT")


def _moment(text):
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError):
        return None


def _unpacked(reply):
    coding = (reply.field("Content-Encoding") or "").lower()
    if coding == "gzip" and reply.body[:2] == b"\x1f\x8b":
        try:
            return zlib.decompress(reply.body, 31)
        except zlib.error:
            pass
    return None


def normalised(reply, talk, case):
    """The reply as lines of text in which only what must agree is left. `clock` holds what is compared loosely."""
    fields, clock = [], {}
    body = reply.body
    unpacked = _unpacked(reply)
    packed = unpacked is not None
    if packed:
        body = unpacked
    boundary = re.fullmatch(r"multipart/byteranges; boundary=(\S+)", reply.field("Content-Type") or "")
    if boundary:
        body = body.replace(boundary[1].encode(), b"BOUNDARY")
    named = re.sub(rb"<center>(nginx|tierce)(/[0-9.]+)?</center>", lambda m: b"<center>PRODUCT%s</center>" % (b"/V" if m[2] else b""), body)
    date = _moment(reply.field("Date") or "")
    for name, value in reply.fields:
        lower = name.lower()
        if lower == "date":
            value = "a date" if _DATE.fullmatch(value) else value
            if date is not None and abs(date - time.time()) > 30:
                value = reply.field("Date")
        elif lower == "server":
            value = re.sub(r"^(nginx|tierce)$", "PRODUCT", _PRODUCT.sub("PRODUCT/V", value))
        elif lower == "content-length":
            if reply.framing == "length" and not packed and len(reply.body) == int(value):
                value = f"that of the body ({len(named) if named == body else 'a page of the server'})"
            elif packed:
                value = "that of the packed body"
            elif reply.framing == "none" and (reply.field("Content-Type") or "").startswith("text/html") and reply.line[9:10] in "345":
                value = "of a page of the server"
        elif lower == "content-type" and boundary:
            value = "multipart/byteranges; boundary=BOUNDARY"
        elif lower == "expires" and date is not None and (moment := _moment(value)) is not None and abs(moment - date) < 10**9:
            clock[name] = moment - date
            value = "soon"
        elif lower == "cache-control" and (found := re.search(r"max-age=([0-9]+)", value)):
            clock[name] = int(found[1])
            value = value.replace(found[1], "N")
        fields.append(f"{name}: {value}")
    fields.sort(key=str.lower)
    try:
        text = named.decode()
    except UnicodeDecodeError:
        text = f"{len(named)} bytes {named[:400]!r}\n{zlib.crc32(named)}"
    lines = [reply.line, *fields, f"[framing {reply.framing}]"]
    if reply.odd:
        lines.append(f"[{reply.odd}]")
    lines += ["", *text.split("\n")]
    return [scrubbed(line, talk, case) for line in lines], clock


def scrubbed(line, talk, case):
    for expression, replacement in [*(talk.like if talk else ()), *case.like]:
        line = re.sub(expression, replacement, line)
    return line


# --- a run ------------------------------------------------------------------------------------------------------------

_FRAME = """{user}
worker_processes 1;
error_log @dir@/logs/error.log {level};
pid @dir@/nginx.pid;
{main}
events {{ worker_connections 128; }}
http {{
    access_log @dir@/logs/access.log;
    client_body_temp_path @dir@/tmp/body;
    proxy_temp_path @dir@/tmp/proxy;
    fastcgi_temp_path @dir@/tmp/fastcgi;
    uwsgi_temp_path @dir@/tmp/uwsgi;
    scgi_temp_path @dir@/tmp/scgi;
{types}
{config}
}}
"""
STOCK = pathlib.Path(__file__).resolve().parents[2] / "share" / "nginx"
_next_port = 20000 + os.getpid() % 500 * 20


def free_port():
    """Outside the range that the kernel gives to clients, so nobody takes it between the two runs."""
    global _next_port
    while True:
        _next_port = _next_port + 1 if _next_port < 31999 else 20000
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", _next_port))
                return _next_port
            except OSError:
                continue


class Pair:
    def __init__(self, folder, www, backends):
        self.folder, self.www, self.backends = folder, www, backends

    def compare(self, case):
        places = {"dir": str(self.folder / "run"), "www": str(self.www), "stock": str(STOCK), **self.backends.places()}
        ports = {name: free_port() for name in set(re.findall(r"@(port[0-9]*)@", case.config)) | {"port"}}
        places.update((name, f"127.0.0.1:{number}") for name, number in ports.items())
        places.update((name.replace("port", "number"), str(number)) for name, number in ports.items())
        seen = []
        for program in ([REAL], [REAL] if SELF_TEST else OURS):
            seen.append(self._run(program, case, places, ports))
        differences = [self._difference(case, talk, *answers) for talk, *answers in zip(case.talks, seen[0][0], seen[1][0])]
        differences += [self._log_difference(name, seen[0][1][name], seen[1][1][name]) for name in seen[0][1]]
        differences = [text for text in differences if text]
        if differences:
            raise AssertionError(f"{case.name}: {len(differences)} of {len(case.talks)} differ\n" + "\n".join(differences) +
                                 f"\n--- the configuration\n{case.config}")

    def _run(self, program, case, places, ports):
        prefix = self.folder / "run"
        shutil.rmtree(prefix, ignore_errors=True)
        for name in ("logs", "tmp", "conf"):
            (prefix / name).mkdir(parents=True)
        filled = lambda text: re.sub(r"@([a-z_]+[0-9]*)@", lambda m: places.get(m[1], m[0]), text)
        for name, text in case.files.items():
            (prefix / name).parent.mkdir(parents=True, exist_ok=True)
            (prefix / name).write_text(filled(text))
        types = f"    include {STOCK}/mime.types;\n    default_type application/octet-stream;" if case.types else ""
        frame = _FRAME.format(user="user root;" if os.geteuid() == 0 else "", level="info", main=case.main, types=types, config=case.config)
        (prefix / "nginx.conf").write_text(filled(frame))
        server = RunningNginx(program, prefix, list(ports.values()))
        try:
            self.backends.take_notes()
            answers = []
            for talk in case.talks:
                address = ("127.0.0.1", ports[talk.port])
                try:
                    replies, end, surplus = exchange(address, talk, lambda data: filled(data.decode("latin-1")).encode("latin-1"))
                except (TimeoutError, OSError) as error:
                    assert program != [REAL], f"{case.name}: the real nginx does not answer {talk!r}: {error}"
                    replies, end, surplus = [], f"fails: {error}", b""
                answers.append((replies, end, surplus, self.backends.take_notes()))
                if not server.alive():
                    raise AssertionError(f"{case.name}: {program} died of {talk!r}\n{server.said()}")
            server.stop()
        except BaseException:
            server.kill()
            raise
        logs = {name: [scrubbed(line, None, case) for line in (prefix / name).read_text("latin-1").splitlines()] for name in case.logs}
        if case.errors:
            logs["error.log"] = error_lines(prefix / "logs" / "error.log", case)
        return answers, logs

    @staticmethod
    def _difference(case, talk, real, ours):
        if talk.ours is not None and not SELF_TEST:
            status = ours[0][-1].line.split(" ")[1:2] if ours[0] else []
            if status == [str(talk.ours)] and ours[1] == "closes":
                return None
            return f"--- {talk!r}\nwants {talk.ours} and the end of the connection, got {[reply.line for reply in ours[0]]} {ours[1]}"
        texts, clocks = [], []
        for replies, end, surplus, notes in (real, ours):
            lines = []
            for reply in replies:
                text, clock = normalised(reply, talk, case)
                lines += text
                clocks.append(clock)
            lines.append(f"[the connection {end}]")
            if surplus:
                lines.append(f"[and then {surplus[:200]!r}]")
            lines += [scrubbed(line, talk, case) for note in notes for line in note.split("\n")]
            texts.append(lines)
        half = len(clocks) // 2
        late = [(a, b) for a, b in zip(clocks[:half], clocks[half:]) if a.keys() == b.keys() and any(abs(a[key] - b[key]) > 5 for key in a)]
        if texts[0] == texts[1] and not late:
            return None
        diff = [line for line in difflib.unified_diff(texts[0], texts[1], "nginx", "tierce", lineterm="", n=4) if len(line) < 2000]
        return "\n".join([f"--- {talk!r}", *diff[:80], *(f"times: {pair}" for pair in late)])

    @staticmethod
    def _log_difference(name, real, ours):
        if real == ours:
            return None
        return f"--- {name}\n" + "\n".join(difflib.unified_diff(real, ours, "nginx", "tierce", lineterm="", n=2))


_ERROR = re.compile(r"[0-9/]{10} [0-9:]{8} (\[(?:error|crit|alert|emerg|warn)\]) [0-9]+#[0-9]+: (?:\*[0-9]+ )?(.*)")


# What nginx says of its own ways: temporary files, and what it did last ("while sending to client").
_OWN_WAYS = re.compile(r"is buffered to a temporary file")
_DOING = re.compile(r" while (sending to client|reading client request line|sending request to upstream|reading upstream)(?=,)")


def error_lines(path, case):
    """Everything from [warn] on, without time, process and connection."""
    found = [match for line in path.read_text("latin-1").splitlines() if (match := _ERROR.match(line)) and not _OWN_WAYS.search(line)]
    return [scrubbed(_DOING.sub("", f"{match[1]} {match[2]}"), None, case) for match in found]


class RunningNginx:
    def __init__(self, program, prefix, ports):
        self.program, self.prefix = program, prefix
        self.err = open(prefix / "stderr", "wb")
        self.process = subprocess.Popen([*program, "-p", f"{prefix}/", "-c", str(prefix / "nginx.conf"), "-e", "stderr", "-g", "daemon off;"],
                                        stdin=subprocess.DEVNULL, stdout=self.err, stderr=self.err, start_new_session=True)
        try:
            eventually(lambda: self._accepts(ports[0]), 10, what=f"{program[0]} listening")
            for port in ports[1:]:
                self._accepts(port)
        except BaseException:
            self.kill()
            raise

    def _accepts(self, port):
        if not self.alive():
            raise AssertionError(f"{self.program} does not start:\n{self.said()}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            return False

    def alive(self):
        return self.process.poll() is None

    def said(self):
        log = self.prefix / "logs" / "error.log"
        return (self.prefix / "stderr").read_text("latin-1")[-3000:] + (log.read_text("latin-1")[-3000:] if log.exists() else "")

    def stop(self):
        self.process.send_signal(signal.SIGQUIT)
        try:
            status = self.process.wait(10 * SLOWNESS)
        except subprocess.TimeoutExpired:
            said = self.said()
            self.kill()
            raise AssertionError(f"{self.program} does not end on QUIT\n{said}") from None
        self.err.close()
        assert status == 0, f"{self.program} ended with {status}\n{self.said()}"

    def kill(self):
        """The whole session: workers of a master that was killed would keep the ports."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.err.close()


def seconds_ago(seconds):
    """A date for If-Modified-Since and its kin."""
    moment = datetime.datetime.fromtimestamp(_FIRST_TIME - seconds, datetime.timezone.utc)
    return email.utils.format_datetime(moment, usegmt=True)

"""Servers behind nginx, for tests that compare what two programs send to them: HTTP, uwsgi, SCGI and FastCGI.

What a backend answers is chosen by the path it is asked for (`answer_to`), so one backend serves every configuration.
Each request is noted whole, before it is answered.
"""

import base64
import hashlib
import re
import socket
import struct
import threading
import time

TEXT = "".join(f"line {number} of the backend's text\n" for number in range(1, 1501))
PICTURE = bytes(range(256)) * 40


class Answer:
    """status, fields and body as the application means them; `framing` is how HTTP says where the body ends."""

    def __init__(self, status="200 OK", fields=(), body=b"", framing="length"):
        self.status, self.fields, self.framing = status, list(fields), framing
        self.body = body.encode() if isinstance(body, str) else body


def _plain(body, *fields, **how):
    return Answer(fields=[("Content-Type", "text/plain"), *fields], body=body, **how)


def answer_to(path, query, method, body):
    """None: no such path. Bytes: to be sent as they are, and then the end of the connection."""
    kind, _, rest = path.strip("/").partition("/")
    if kind == "status":
        fields = [("Content-Type", "text/plain")]
        if rest == "401":
            fields.append(("WWW-Authenticate", 'Basic realm="backend"'))
        if rest in ("204", "304"):
            return Answer(f"{rest} Backend", [("X-From", "backend")], framing="none")
        return Answer(f"{rest} Backend Says", fields, f"backend says {rest}\n")
    if kind == "redirect":
        return Answer("302 Found", [("Location", query), ("Content-Type", "text/plain")], "go there\n")
    if kind == "refresh":
        return _plain("refresh\n", ("Refresh", f"5; url={query}"))
    if kind == "cookie":
        return _plain("cookies\n", *(("Set-Cookie", text) for text in query.replace("%20", " ").split("|")))
    if kind == "accel":
        return _plain("never seen\n", ("X-Accel-Redirect", query.replace("%3f", "?")), ("Set-Cookie", "kept=1"), ("X-Own", "dropped"),
                      ("Content-Disposition", "attachment; filename=report.pdf"))
    if kind == "accel-type":
        return Answer(fields=[("Content-Type", "application/pdf"), ("X-Accel-Redirect", query), ("X-Accel-Expires", "60"),
                              ("Cache-Control", "private"), ("Expires", "Thu, 01 Jan 1970 00:00:01 GMT")], body="never seen\n")
    if kind == "accel-charset":
        return Answer(fields=[("Content-Type", "text/html"), ("X-Accel-Charset", "koi8-r"), ("X-Accel-Limit-Rate", "0"),
                              ("X-Accel-Buffering", "no")], body="<p>text</p>\n")
    if kind == "fields":
        return _plain("fields\n", ("Server", "Backend/1"), ("X-Powered-By", "PHP/5"), ("X-Visible", "yes"), ("x-lower", "l"),
                      ("X-Pad", "padded"), ("X-Twice", "1"), ("X-Twice", "2"), ("Vary", "Cookie"), ("Vary", "Accept"),
                      ("Cache-Control", "max-age=60"), ("Cache-Control", "public"), ("ETag", '"from-backend"'),
                      ("Last-Modified", "Sat, 01 Jan 2022 00:00:00 GMT"), ("Expires", "Sat, 01 Jan 2022 01:00:00 GMT"),
                      ("Link", "</a>; rel=preload"), ("Accept-Ranges", "none"), ("Date", "Sat, 01 Jan 2022 00:00:00 GMT"),
                      ("X-Empty", ""), ("Keep-Alive", "timeout=9"), ("Content-Language", "en"))
    if kind == "text":
        return _plain(TEXT, ("Last-Modified", "Sat, 01 Jan 2022 00:00:00 GMT"), ("ETag", '"text"'))
    if kind == "html":
        return Answer(fields=[("Content-Type", "text/html; charset=utf-8")], body=f"<html>{TEXT}</html>")
    if kind == "json":
        return Answer(fields=[("Content-Type", "application/json")], body='{"rows": [%s]}' % ", ".join(str(n) for n in range(2000)))
    if kind == "picture":
        return Answer(fields=[("Content-Type", "image/png"), ("Accept-Ranges", "bytes")], body=PICTURE)
    if kind == "untyped":
        return Answer(fields=[("X-Untyped", "1")], body="no type\n")
    if kind == "empty":
        return _plain("")
    if kind == "chunked":
        return _plain("chunk one, chunk two, and three", framing="chunked")
    if kind == "to-the-end":
        return _plain("until the connection ends\n", framing="end")
    if kind == "coded":
        return _plain(b"\x1f\x8bnot really", ("Content-Encoding", "gzip"))
    if kind == "body":
        return _plain(f"{method} {len(body)} {hashlib.md5(body).hexdigest()}\n")
    if kind == "auth":
        if rest == "no":
            return Answer("401 Unauthorized", [("WWW-Authenticate", 'Bearer realm="auth"'), ("X-User", "nobody")], "no\n")
        if rest == "forbidden":
            return Answer("403 Forbidden", [("X-User", "banned")], "no\n")
        if rest == "broken":
            return Answer("500 Oops", [], "no\n")
        return Answer("200 OK", [("X-User", "alice"), ("X-Group", "staff")], "yes\n")
    return _plain(f"hello from {path}\n")


# What breaks the protocol, for HTTP alone.
BROKEN = {
    "nothing": b"",
    "rubbish": b"this is no HTTP at all\r\n\r\n",
    "half-head": b"HTTP/1.1 200 OK\r\nContent-Type: text/pl",
    "short": b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nonly this",
    "long": b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nfour and more",
    "two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nfour5",
    "both": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n\r\n",
    "bad-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nfour\r\n0\r\n\r\n",
    "early": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nfinal\n",
    "big-head": b"HTTP/1.1 200 OK\r\nX-Big: " + b"b" * 70000 + b"\r\nContent-Length: 2\r\n\r\nok",
    "lf": b"HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 3\n\nlf\n",
    "one-zero": b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nof HTTP/1.0\n",
    "no-reason": b"HTTP/1.1 200\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n",
    "nul": b"HTTP/1.1 200 OK\r\nX-Nul: a\0b\r\nContent-Length: 3\r\n\r\nok\n",
    "odd-length": b"HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nok\n",
}


def _record(kind, content, padding=0):
    return struct.pack("!BBHHBx", 1, kind, 1, len(content), padding) + content + bytes(padding)


_END, _HEAD, _BODY = _record(3, bytes(8)), _record(6, b"Content-Type: a/b\r\n\r\n"), _record(6, b"Content-Type: a/b\r\n\r\nbody")
_SIX = _record(6, b"Content-Type: a/b\r\nContent-Length: 6\r\n\r\nbody")
# How a FastCGI application ends what it says: pieces that are sent one after the other.
ENDS = {
    "at-once": [_BODY + _END],
    "empty-stdout": [_BODY + _record(6, b"") + _END],
    "head-apart": [_HEAD + _record(6, b"body") + _END],
    "three-pieces": [_HEAD, _record(6, b"body"), _END],
    "padded": [_HEAD + _record(6, b"body", 4) + _record(6, b"") + _END],
    "padded-end": [_BODY + _record(3, bytes(8), 8)],
    "stdout-apart": [_BODY, _record(6, b""), _END],
    "both-streams": [_BODY + _record(6, b"") + _record(7, b"") + _END],
    "end-in-two": [_HEAD + _record(6, b"body") + _record(6, b"more"), _END[:5], _END[5:]],
    "head-in-two": [_record(6, b"Content-"), _record(6, b"Type: a/b\r\n\r\nbody"), _END],
    "failed": [_BODY + _record(3, b"\0\0\0\1\0\0\0\0")],
    "no-end": [_BODY],
    "empty-stdout-alone": [_BODY + _record(6, b"")],
    "no-body": [_HEAD + _END],
    "length": [_record(6, b"Content-Type: a/b\r\nContent-Length: 4\r\n\r\nbody"), _END],
    "shorter-than-its-length": [_SIX + _END],
    "no-head": [_END],
    "cut-before-its-length": [_SIX],
}
NO_END = ("no-end", "empty-stdout-alone", "cut-before-its-length")  # The connection ends instead.


class Noted:
    """One request as a backend saw it: first line, fields in a stable order, body."""

    def __init__(self, to, line, fields, body):
        self.to, self.line, self.fields, self.body = to, line, sorted(fields), body

    def as_text(self):
        lines = [f"{self.to}: {self.line}", *(f"    {name}: {value}" for name, value in self.fields)]
        if self.body:
            lines.append(f"    body of {len(self.body)}: {self.body[:200]!r} {hashlib.md5(self.body).hexdigest()}")
        return "\n".join(lines)


class _Stream:
    def __init__(self, connection):
        self.connection, self.buffer = connection, b""

    def more(self):
        data = self.connection.recv(65536)
        if not data:
            raise EOFError
        self.buffer += data

    def exactly(self, count):
        while len(self.buffer) < count:
            self.more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def until(self, mark):
        while (end := self.buffer.find(mark)) < 0:
            self.more()
        data, self.buffer = self.buffer[:end], self.buffer[end + len(mark):]
        return data


class Backend:
    """Listens on a free loopback port, or on a unix socket, until it is closed."""

    protocol = None

    def __init__(self, notes, path=None):
        self.notes = notes
        if path:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(str(path))
            self.address = f"unix:{path}"
        else:
            self.listener = socket.socket()
            self.listener.bind(("127.0.0.1", 0))
            self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._guard, args=(connection,), daemon=True).start()

    def _guard(self, connection):
        with connection:
            try:
                self.converse(_Stream(connection))
            except (EOFError, ConnectionError, OSError):
                pass

    def note(self, line, fields, body):
        self.notes.append(Noted(self.protocol, line, fields, body))


class HttpBackend(Backend):
    protocol = "http"

    def converse(self, stream):
        while self._exchange(stream):
            pass

    def _exchange(self, stream):
        head = stream.until(b"\r\n\r\n").decode("latin-1")
        line, *rest = head.split("\r\n")
        fields = [tuple(part.split(": ", 1)) if ": " in part else (part, "") for part in rest]
        known = {name.lower(): value for name, value in fields}
        method, target, version = line.split(" ", 2)
        path, _, query = re.sub("^https?://[^/]+", "", target).partition("?")
        if known.get("upgrade", "").lower() == "websocket":
            self.note(line, fields, b"")
            return self._echo_frames(stream, known)
        body = self._body(stream, known)
        self.note(line, fields, body)
        send = stream.connection.sendall
        if "/broken/" in path:
            send(BROKEN[path.rpartition("/")[2]])
            return False
        answer = answer_to(path, query, method, body)
        keep = known.get("connection", "").lower() != "close" and version == "HTTP/1.1" and answer.framing != "end"
        framing = "end" if answer.framing == "chunked" and version == "HTTP/1.0" else answer.framing
        lines = [f"HTTP/1.1 {answer.status}", *(f"{name}: {value}" for name, value in answer.fields)]
        if framing == "chunked":
            lines.append("Transfer-Encoding: chunked")
        elif framing == "length":
            lines.append(f"Content-Length: {len(answer.body)}")
        lines.append("Connection: keep-alive" if keep and framing != "end" else "Connection: close")
        whole = "\r\n".join([*lines, "", ""]).encode("latin-1")
        # One send: what has arrived when the head is read, and is counted, is the same each time.
        if framing != "chunked" and method != "HEAD" and framing != "none":
            whole += answer.body
        send(whole)
        if framing == "chunked" and method != "HEAD":
            for begin in range(0, len(answer.body), 11):
                piece = answer.body[begin:begin + 11]
                send(b"%x\r\n%s\r\n" % (len(piece), piece))
            send(b"0\r\n\r\n")
        return keep and framing != "end"

    @staticmethod
    def _body(stream, known):
        if "chunked" in known.get("transfer-encoding", ""):
            body = b""
            while size := int(stream.until(b"\r\n").split(b";")[0], 16):
                body += stream.exactly(size)
                stream.exactly(2)
            stream.until(b"\r\n")
            return body
        return stream.exactly(int(known.get("content-length", "0")))

    @staticmethod
    def _echo_frames(stream, known):
        """The handshake, and then every byte comes back, until the client has no more."""
        key = known.get("sec-websocket-key", "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        stream.connection.sendall(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                  f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        while data := stream.buffer or stream.connection.recv(4096):
            stream.buffer = b""
            stream.connection.sendall(data)
        return False


def _cgi_answer(variables, body):
    path = variables.get("PATH_INFO") or variables.get("SCRIPT_NAME") or variables.get("DOCUMENT_URI") or "/"
    answer = answer_to(path, variables.get("QUERY_STRING", ""), variables.get("REQUEST_METHOD", "GET"), body)
    fields = list(answer.fields)
    if answer.framing == "length":
        fields.append(("Content-Length", str(len(answer.body))))
    return answer, fields


class UwsgiBackend(Backend):
    protocol = "uwsgi"

    def converse(self, stream):
        modifier, size, modifier2 = struct.unpack("<BHB", stream.exactly(4))
        packet, variables, at = stream.exactly(size), [], 0
        while at < size:
            pair = []
            for _ in range(2):
                (length,) = struct.unpack_from("<H", packet, at)
                pair.append(packet[at + 2:at + 2 + length].decode("latin-1"))
                at += 2 + length
            variables.append(tuple(pair))
        known = dict(variables)
        body = stream.exactly(int(known.get("CONTENT_LENGTH") or 0))
        self.note(f"{modifier} {modifier2}", variables, body)
        answer, fields = _cgi_answer(known, body)
        head = "".join(f"{name}: {value}\r\n" for name, value in fields)
        stream.connection.sendall(f"HTTP/1.1 {answer.status}\r\n{head}\r\n".encode("latin-1"))
        if known.get("REQUEST_METHOD") != "HEAD":
            stream.connection.sendall(answer.body)


class ScgiBackend(Backend):
    protocol = "scgi"

    def converse(self, stream):
        size = int(stream.until(b":"))
        parts = stream.exactly(size + 1).rstrip(b",").decode("latin-1").split("\0")[:-1]
        variables = list(zip(parts[::2], parts[1::2]))
        known = dict(variables)
        body = stream.exactly(int(known["CONTENT_LENGTH"]))
        self.note(variables[0][0] + " first", variables, body)
        answer, fields = _cgi_answer(known, body)
        head = "".join(f"{name}: {value}\r\n" for name, value in fields)
        status = "" if answer.status == "200 OK" else f"Status: {answer.status}\r\n"
        stream.connection.sendall(f"{status}{head}\r\n".encode("latin-1") + answer.body)


class FastcgiBackend(Backend):
    protocol = "fastcgi"

    def converse(self, stream):
        while self._exchange(stream):
            pass

    def _exchange(self, stream):
        params, body, first = b"", b"", ""
        while True:
            _, kind, number, length, padding = struct.unpack("!BBHHBx", stream.exactly(8))
            content = stream.exactly(length)
            stream.exactly(padding)
            if kind == 1:
                first = "role %d flags %d" % struct.unpack_from("!HB", content)
            elif kind == 4:
                params += content
            elif kind == 5:
                if not content:
                    break
                body += content
        variables, at = [], 0
        while at < len(params):
            sizes = []
            for _ in range(2):
                size = params[at]
                if size & 0x80:
                    size = struct.unpack_from("!I", params, at)[0] & 0x7FFFFFFF
                    at += 4
                else:
                    at += 1
                sizes.append(size)
            variables.append((params[at:at + sizes[0]].decode("latin-1"), params[at + sizes[0]:at + sum(sizes)].decode("latin-1")))
            at += sum(sizes)
        self.note(first, variables, body)
        known = dict(variables)
        if "/ends/" in known.get("SCRIPT_NAME", ""):
            for piece in ENDS[known["SCRIPT_NAME"].rpartition("/")[2]]:
                stream.connection.sendall(piece)
                time.sleep(0.03)  # Each arrives by itself.
            return "flags 1" in first and not known["SCRIPT_NAME"].endswith(NO_END)
        answer, fields = _cgi_answer(known, body)
        head = "".join(f"{name}: {value}\r\n" for name, value in fields)
        status = "" if answer.status == "200 OK" else f"Status: {answer.status}\r\n"
        data = f"{status}{head}\r\n".encode("latin-1") + answer.body
        send = stream.connection.sendall
        if "complains" in known.get("QUERY_STRING", ""):
            self._record(send, 7, number, b"PHP message: a complaint")
        for begin in range(0, len(data), 30000):
            self._record(send, 6, number, data[begin:begin + 30000])
        self._record(send, 6, number, b"")
        self._record(send, 3, number, bytes(8))
        return "flags 1" in first

    @staticmethod
    def _record(send, kind, number, content):
        send(struct.pack("!BBHHBx", 1, kind, number, len(content), 0) + content)


class Backends:
    """All of them, and what they were asked, in the order it came."""

    def __init__(self, folder):
        self.notes = []
        self.http, self.http2 = HttpBackend(self.notes), HttpBackend(self.notes)
        self.http_unix = HttpBackend(self.notes, folder / "http.sock")
        self.uwsgi, self.uwsgi_unix = UwsgiBackend(self.notes), UwsgiBackend(self.notes, folder / "uwsgi.sock")
        self.scgi, self.fastcgi = ScgiBackend(self.notes), FastcgiBackend(self.notes)
        # Bound and not listening: whoever connects is refused, and nobody else gets the port.
        self._dead = socket.socket()
        self._dead.bind(("127.0.0.1", 0))
        self.dead = "127.0.0.1:%d" % self._dead.getsockname()[1]

    def places(self):
        named = {name: backend.address for name, backend in vars(self).items() if isinstance(backend, Backend)}
        return {**named, "dead": self.dead}

    def take_notes(self):
        taken, self.notes[:] = [note.as_text() for note in self.notes], []
        return taken

    def close(self):
        for backend in vars(self).values():
            if isinstance(backend, Backend):
                backend.close()
        self._dead.close()

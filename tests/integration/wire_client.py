"""What nginx and Apache say to an application server, made by hand: packets of uwsgi, SCGI and FastCGI, and what
comes back taken apart strictly."""

import socket
import struct

from raw_client import RawClient

PROTOCOLS = ("uwsgi", "scgi", "fastcgi")


def variables(method="GET", path="/ok", query="", body=b"", **more):
    """As nginx's stock parameters name them."""
    made = {
        "CONTENT_LENGTH": str(len(body)) if body else "", "QUERY_STRING": query, "REQUEST_METHOD": method,
        "CONTENT_TYPE": "", "REQUEST_URI": path + ("?" + query if query else ""), "PATH_INFO": path,
        "DOCUMENT_ROOT": "/usr/share/nginx/html", "SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_SCHEME": "http",
        "REMOTE_ADDR": "192.0.2.7", "REMOTE_PORT": "4711", "SERVER_PORT": "80", "SERVER_NAME": "shop",
        "HTTP_HOST": "shop.example"}
    made.update(more)
    return [(name, value) for name, value in made.items() if value is not None]


def _bytes(text):
    return text if isinstance(text, bytes) else text.encode("latin-1")


def pairs_of(given):
    return [(_bytes(name), _bytes(value)) for name, value in given]


def uwsgi_packet(given, body=b"", modifier1=0):
    block = b"".join(struct.pack("<H", len(part)) + part for pair in pairs_of(given) for part in pair)
    return struct.pack("<BHB", modifier1, len(block), 0) + block + body


def scgi_packet(given, body=b""):
    own = [(name, value) for name, value in pairs_of(given) if name != b"CONTENT_LENGTH"]
    own = [(b"CONTENT_LENGTH", b"%d" % len(body)), (b"SCGI", b"1"), *own]
    block = b"".join(name + b"\0" + value + b"\0" for name, value in own)
    return b"%d:%s,%s" % (len(block), block, body)


BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES, VALUES, UNKNOWN = range(1, 12)


def record(kind, content=b"", request=1, padding=0):
    return struct.pack(">BBHHBB", 1, kind, request, len(content), padding, 0) + content + b"\xaa" * padding


def fastcgi_pairs(given):
    def length(part):
        return struct.pack("B", len(part)) if len(part) < 128 else struct.pack(">I", len(part) | 0x80000000)
    return b"".join(length(name) + length(value) + name + value for name, value in pairs_of(given))


def begin(request=1, keep=False, role=1):
    return record(BEGIN, struct.pack(">HB5x", role, 1 if keep else 0), request)


def stream(kind, content, request=1, size=32768):
    pieces = [content[at:at + size] for at in range(0, len(content), size)]
    return b"".join(record(kind, piece, request, -len(piece) % 8) for piece in pieces) + record(kind, b"", request)


def fastcgi_packet(given, body=b"", request=1, keep=False):
    return begin(request, keep) + stream(PARAMS, fastcgi_pairs(given), request) + stream(STDIN, body, request)


PACKETS = {"uwsgi": uwsgi_packet, "scgi": scgi_packet, "fastcgi": fastcgi_packet}


class Answer:
    def __init__(self, status, headers, body, complete, reset):
        self.status, self.headers, self.body = status, headers, body
        self.complete = complete  # As far as the protocol can tell.
        self.reset = reset        # The connection ended with a reset.

    def header(self, name):
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(found) <= 1, found
        return found[0] if found else None

    def json(self):
        import json
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:300]!r} complete={self.complete} reset={self.reset}>"


class WireClient(RawClient):
    """One connection of a front server."""

    def __init__(self, address, protocol, **options):
        super().__init__(address, **options)
        self.protocol = protocol
        self.was_reset = False

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            self.was_reset = True
            return False
        self.buffer += data
        return bool(data)

    def record(self):
        """The next record: (type, request, content); None at the end of the connection."""
        while len(self.buffer) < 8:
            if not self._more():
                assert not self.buffer or self.was_reset, f"half a record: {bytes(self.buffer)!r}"
                return None
        version, kind, request, length, padding, _ = struct.unpack(">BBHHBB", self.buffer[:8])
        assert version == 1
        while len(self.buffer) < 8 + length + padding:
            if not self._more():
                return None
        content = bytes(self.buffer[8:8 + length])
        del self.buffer[:8 + length + padding]
        return kind, request, content

    def answer(self, method="GET", request=1):
        if self.protocol == "fastcgi":
            return self._fastcgi_answer(method, request)
        text = self.everything()
        if not text:
            return None
        return taken_apart(text, self.protocol, method, True, self.was_reset)

    def _fastcgi_answer(self, method, request):
        text, ended = b"", False
        while found := self.record():
            kind, number, content = found
            assert number == request and not ended, found
            if kind == END:
                assert content == bytes(8), content
                return taken_apart(text, "fastcgi", method, True, False) if text else Answer(0, [], b"", True, False)
            assert kind == STDOUT
            text += content
        return taken_apart(text, "fastcgi", method, False, self.was_reset) if text else None


def taken_apart(text, protocol, method, ended, reset):
    head, _, body = text.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    start, number, *reason = first.split(" ", 2)
    assert start == ("HTTP/1.1" if protocol == "uwsgi" else "Status:"), first
    headers = [tuple(line.split(": ", 1)) for line in lines]
    answer = Answer(int(number), headers, body, ended and not reset, reset)
    assert answer.header("Transfer-Encoding") is None and answer.header("Connection") is None
    length = answer.header("Content-Length")
    if method == "HEAD" or answer.status in (204, 304):
        assert not body
    elif length is not None and int(length) != len(body):
        assert len(body) < int(length), "longer than it said"
        answer.complete = False
    return answer


def ask(address, protocol, method="GET", path="/ok", query="", body=b"", pieces=None, **more):
    """One request, one answer."""
    with WireClient(address, protocol) as client:
        packet = PACKETS[protocol](variables(method, path, query, body, **more), body)
        if pieces is None:
            client.send_what_is_taken(packet)
        else:
            client.send_in_pieces(packet, pieces)
        return client.answer(method)


def shut_for_writing(client):
    client.socket.shutdown(socket.SHUT_WR)

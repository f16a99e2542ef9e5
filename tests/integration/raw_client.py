"""A client that sends the bytes it is told and reads responses strictly."""

import pathlib
import re
import socket
import struct
import time

from waiting import SLOWNESS

NO_BODY_STATUSES = (204, 304)


class ProtocolError(AssertionError):
    """The server sent something that is no HTTP/1.1 response."""


class Incomplete(ProtocolError):
    """The connection ended inside a response; `response` is what had come."""

    def __init__(self, text, response=None):
        super().__init__(text)
        self.response = response


class Response:
    def __init__(self, version, status, reason, headers):
        self.version = version
        self.status = status
        self.reason = reason
        self.headers = headers  # (name, value) in the order they came
        self.body = b""
        self.chunks = None      # payloads of the chunks when it was chunked

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        found = self.all(name)
        if len(found) > 1:
            raise ProtocolError(f"{name} came {len(found)} times: {found}")
        return found[0] if found else None

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        import json
        return json.loads(self.body)

    @property
    def says_close(self):
        return "close" in (self.header("Connection") or "").lower()

    def __repr__(self):
        return f"<{self.version} {self.status} {self.reason} {self.headers} {self.body[:200]!r}>"


_STATUS_LINE = re.compile(rb"(HTTP/1\.[01]) ([1-9][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)")
_FIELD_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*")


class RawClient:
    def __init__(self, address, timeout=10.0, receive_buffer=None, tls=None):
        """`tls`: an ssl.SSLContext, for https."""
        self.timeout = timeout * SLOWNESS
        family = socket.AF_UNIX if isinstance(address, str) else (
            socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(self.timeout)
        self.socket.connect(address)
        if family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost", suppress_ragged_eofs=False)
        self.address = address
        self.buffer = bytearray()

    # --- sending ----------------------------------------------------------------------------------
    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def send_what_is_taken(self, data):
        """As send, but the server may close in the middle of it. False when it did."""
        try:
            self.send(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def send_in_pieces(self, data, ends):
        """Sends data cut at `ends`; each piece is read by the server before the next one leaves."""
        begin = 0
        for end in [*ends, len(data)]:
            if end > begin:
                if not self.send_what_is_taken(data[begin:end]):
                    return
                begin = end
                self.wait_until_read()

    def wait_until_read(self, seconds=0.05):
        """Until the kernel holds no bytes that the server has not read, or `seconds` (it need not read)."""
        if isinstance(self.address, str) or self.socket.family != socket.AF_INET:
            return
        ours = "%08X:%04X" % _kernel_address(self.socket.getsockname())
        theirs = "%08X:%04X" % _kernel_address(self.socket.getpeername())
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
                part = line.split()
                if part[1] == theirs and part[2] == ours:
                    if part[4].endswith(":00000000"):
                        return
                    break
            else:
                return

    def request(self, method="GET", path="/", headers=(), body=None, version="HTTP/1.1"):
        """Sends one well-formed request. A body that is not bytes is sent in chunks."""
        lines = [f"{method} {path} {version}", "Host: test.example"]
        pairs = headers.items() if isinstance(headers, dict) else headers
        lines += [f"{name}: {value}" for name, value in pairs]
        payload = b""
        if isinstance(body, (bytes, bytearray)):
            lines.append(f"Content-Length: {len(body)}")
            payload = bytes(body)
        elif body is not None:
            lines.append("Transfer-Encoding: chunked")
            payload = chunked(body)
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + payload)
        return self

    def finish_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Closes with a RST instead of a FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def port(self):
        return self.socket.getsockname()[1]

    # --- receiving --------------------------------------------------------------------------------
    def _more(self):
        """Receives; False at the end of the connection."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        except socket.timeout:
            raise TimeoutError(f"nothing more within {self.timeout} s; have {bytes(self.buffer[:500])!r}") from None
        self.buffer += data
        return bool(data)

    def wait_for_bytes(self):
        """Until something has come, which is left for whoever reads next."""
        if not self.buffer:
            assert self._more(), "the connection has ended"

    def _line(self):
        while (end := self.buffer.find(b"\n")) < 0:
            if not self._more():
                raise Incomplete(f"the connection ended inside a line: {bytes(self.buffer)!r}")
        line = bytes(self.buffer[:end + 1])
        if not line.endswith(b"\r\n"):
            raise ProtocolError(f"a line without CRLF: {line!r}")
        del self.buffer[:end + 1]
        return line[:-2]

    def _exactly(self, count):
        while len(self.buffer) < count:
            if not self._more():
                raise Incomplete(f"{len(self.buffer)} of {count} bytes")
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def head(self):
        """The head of the next response, interim ones included."""
        line = self._line()
        match = _STATUS_LINE.fullmatch(line)
        if not match:
            raise ProtocolError(f"no status line: {line!r}")
        headers = []
        while line := self._line():
            field = _FIELD_LINE.fullmatch(line)
            if not field:
                raise ProtocolError(f"no header line: {line!r}")
            headers.append((field[1].decode(), field[2].decode("latin-1")))
        return Response(match[1].decode(), int(match[2]), match[3].decode("latin-1"), headers)

    def response(self, method="GET"):
        """The next final response, whole. Interim ones are skipped."""
        while True:
            response = self.head()
            if response.status >= 200:
                break
        try:
            self._body(response, method)
        except Incomplete as error:
            error.response = response
            raise
        return response

    def _body(self, response, method):
        length, coding = response.header("Content-Length"), response.header("Transfer-Encoding")
        if coding is not None and (length is not None or coding.lower() != "chunked"):
            raise ProtocolError(f"where does it end? {response}")
        if coding is not None and response.version == "HTTP/1.0":
            raise ProtocolError(f"chunked in HTTP/1.0: {response}")
        if method == "HEAD" or response.status in NO_BODY_STATUSES:
            return
        if coding is not None:
            response.chunks = []
            try:
                while (chunk := self.chunk()) is not None:
                    response.chunks.append(chunk)
            finally:
                response.body = b"".join(response.chunks)
        elif length is not None:
            if not re.fullmatch("[0-9]+", length):
                raise ProtocolError(f"Content-Length {length!r}")
            try:
                response.body = self._exactly(int(length))
            except Incomplete:
                response.body = bytes(self.buffer)
                raise
        else:
            while self._more():
                pass
            response.body = bytes(self.buffer)
            self.buffer.clear()

    def chunk(self):
        """Payload of the next chunk; None for the last one, whose end has been read too."""
        size = self._line()
        if not re.fullmatch(rb"[0-9a-fA-F]{1,16}", size):
            raise ProtocolError(f"chunk size {size!r}")
        if int(size, 16) == 0:
            if self._line():
                raise ProtocolError("trailers that nobody asked for")
            return None
        data = self._exactly(int(size, 16))
        if self._exactly(2) != b"\r\n":
            raise ProtocolError("a chunk without its end")
        return data

    def ends(self):
        """Asserts that nothing more comes and that the server closes."""
        while self._more():
            pass
        assert not self.buffer, f"unexpected: {bytes(self.buffer[:300])!r}"

    def everything(self):
        while self._more():
            pass
        data = bytes(self.buffer)
        self.buffer.clear()
        return data

    def is_open(self):
        """True when the server has neither closed nor sent anything."""
        self.socket.setblocking(False)
        try:
            data = self.socket.recv(65536)
            self.buffer += data
            return False
        except BlockingIOError:
            return not self.buffer
        except ConnectionResetError:
            return False
        finally:
            self.socket.settimeout(self.timeout)


def _kernel_address(address):
    return struct.unpack("=I", socket.inet_aton(address[0]))[0], address[1]


def chunked(pieces):
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece) + b"0\r\n\r\n"

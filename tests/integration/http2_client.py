"""A client of HTTP/2 that sends what it is told, frame by frame."""

import socket
import struct

from waiting import SLOWNESS

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, ACK, END_HEADERS = 1, 1, 4


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def head(path="/", method=b"\x82", *more):
    """HPACK without compression: a method that the table has or a literal, http, path, authority."""
    return method + b"\x86\x04" + bytes([len(path)]) + path.encode() + b"\x01\x01a" + b"".join(more)


POST = b"\x83"


class Http2Client:
    def __init__(self, address, settings=b""):
        self.socket = socket.create_connection(address, 10 * SLOWNESS)
        self.socket.sendall(PREFACE + frame(SETTINGS, payload=settings))
        self.buffer = b""
        self.acknowledges = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *frames):
        self.socket.sendall(b"".join(frames))

    def next(self):
        """(kind, flags, stream, payload); None at the end of the connection. Settings are acknowledged."""
        while True:
            while len(self.buffer) < 9 or len(self.buffer) < 9 + self._length():
                try:
                    data = self.socket.recv(65536)
                except ConnectionResetError:
                    data = b""
                if not data:
                    return None
                self.buffer += data
            end = 9 + self._length()
            kind, flags, stream = struct.unpack("!BBI", self.buffer[3:9])
            payload, self.buffer = self.buffer[9:end], self.buffer[end:]
            if kind == SETTINGS:
                if not flags & ACK and self.acknowledges:
                    self.send(frame(SETTINGS, ACK))
                continue
            return kind, flags, stream, payload

    def _length(self):
        return struct.unpack("!I", b"\0" + self.buffer[:3])[0]

    def until(self, kind):
        """The frame of this kind; those before it are passed over."""
        while (got := self.next()) is not None:
            if got[0] == kind:
                return got
        raise AssertionError(f"the connection ended without a frame of kind {kind}")

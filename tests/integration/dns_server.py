"""A name server for tests: answers A and AAAA over UDP from a table, and counts what it is asked."""

import socket
import struct
import threading


class DnsServer:
    def __init__(self):
        self.names = {}    # name: (addresses, ttl) or None for a name that nobody has; missing: no answer at all.
        self.asked = []    # (name, "A" or "AAAA")
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def count(self, name, kind="A"):
        return sum(each == (name, kind) for each in self.asked)

    def _serve(self):
        while True:
            try:
                data, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            if not data:
                return
            answer = self._answer(data)
            if answer:
                self.socket.sendto(answer, peer)

    def _answer(self, data):
        number, = struct.unpack_from("!H", data)
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode())
            at += 1 + data[at]
        name = ".".join(labels).lower()
        kind, = struct.unpack_from("!H", data, at + 1)
        question = data[12:at + 5]
        self.asked.append((name, {1: "A", 28: "AAAA"}.get(kind, str(kind))))
        if name not in self.names:
            return None
        known = self.names[name]
        if known is None:
            return struct.pack("!HHHHHH", number, 0x8183, 1, 0, 0, 0) + question
        addresses, ttl = known
        family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(kind)
        wanted = [each for each in addresses if family and (":" in each) == (kind == 28)]
        records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, ttl, 4 if kind == 1 else 16)
                           + socket.inet_pton(family, each) for each in wanted)
        return struct.pack("!HHHHHH", number, 0x8180, 1, len(wanted), 0, 0) + question + records

    def close(self):
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", ("127.0.0.1", self.port))
        finally:
            self._thread.join(5)
            self.socket.close()

"""Clients that cost a server memory: thousands that only stay, and one that reads slowly."""

from __future__ import annotations

import resource
import select
import socket
import time
from contextlib import contextmanager
from typing import Callable, Iterator

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
# Linux offers about 28,000 ports per source address; a lower figure leaves room for those in TIME_WAIT.
CONNECTIONS_PER_SOURCE = 5000
IP_BIND_ADDRESS_NO_PORT = 24
FAILURES_MAX = 20


@contextmanager
def open_files_allowed(wanted: int) -> Iterator[int]:
    """Raises RLIMIT_NOFILE for us and for servers started meanwhile; gives what was possible."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), max(hard, wanted)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, wanted), hard), hard))
    try:
        yield resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    finally:
        # Lowering only the soft limit is always allowed; the hard one may stay raised.
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def _open_one(port: int, source: str) -> socket.socket:
    s = socket.socket()
    try:
        s.settimeout(5)
        s.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        s.bind((source, 0))
        s.connect(("127.0.0.1", port))
        s.sendall(REQUEST)
        answer = b""
        # The body of raw_hello; an answer cut in two is rare, but not impossible.
        while not answer.endswith(b"Hello, World!"):
            piece = s.recv(4096)
            if not piece:
                raise ConnectionError("closed before the answer was complete")
            answer += piece
        return s
    except BaseException:
        s.close()
        raise


@contextmanager
def idle_connections(port: int, count: int) -> Iterator[tuple[list[socket.socket], int]]:
    """Keep-alive connections that have had one answer each, and how many could not be had."""
    held: list[socket.socket] = []
    failures = 0
    try:
        for i in range(count):
            try:
                held.append(_open_one(port, f"127.0.0.{2 + i // CONNECTIONS_PER_SOURCE}"))
            except OSError:
                failures += 1
                if failures > FAILURES_MAX:
                    break
        yield held, count - len(held)
    finally:
        for s in held:
            s.close()


def count_closed(held: list[socket.socket]) -> int:
    """A connection that idles has nothing to read; one that became readable was ended."""
    poller = select.poll()
    for s in held:
        poller.register(s, select.POLLIN)
    return len(poller.poll(0))


def read_slowly(port: int, bytes_per_second: int, seconds: float, look: Callable[[], None]) -> int:
    """Reads a response at a fixed pace, calling look() four times a second. Returns the bytes read."""
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)  # Before connect: it sets the window.
        s.settimeout(5)
        s.connect(("127.0.0.1", port))
        s.sendall(REQUEST)
        began = time.monotonic()
        look_next = began
        total = 0
        while (now := time.monotonic()) < began + seconds:
            if now >= look_next:
                look()
                look_next += 0.25
            due = int((now - began) * bytes_per_second) - total
            if due < 16384:
                time.sleep(0.01)
                continue
            piece = s.recv(due)
            if not piece:
                break
            total += len(piece)
    return total

"""Starts a server, waits for its first answer, and ends every process of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time

from . import process_tree

START_SECONDS_MAX = 20
STOP_SECONDS_MAX = 4


class DidNotStart(Exception):
    pass


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get_status(port: int, seconds_max: float) -> int | None:
    """The status of GET /, or None while nobody answers."""
    try:
        with socket.create_connection(("127.0.0.1", port), seconds_max) as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            head = b""
            while len(head) < 12:
                piece = s.recv(4096)
                if not piece:
                    return None
                head += piece
        return int(head.split(b" ", 2)[1]) if head.startswith(b"HTTP/1.") else None
    except (OSError, ValueError):
        return None


class RunningServer:
    """The commands of one server as a context: inside it the server answers, after it nothing runs."""

    def __init__(self, label: str, commands: list[list[str]], port: int, cwd: str, log_path: str):
        self.label = label
        self.port = port
        self.url = f"http://127.0.0.1:{port}/"
        self.seconds_to_answer = 0.0
        self._commands = commands
        self._cwd = cwd
        self._log_path = log_path
        self._children: list[subprocess.Popen] = []

    @property
    def root(self) -> int:
        return self._children[0].pid

    def first_tree(self) -> list[process_tree.Process]:
        """The processes of the first command alone: of a chain, the application server's."""
        return process_tree.find_tree([self._children[0].pid])

    def tree(self) -> list[process_tree.Process]:
        return process_tree.find_tree([c.pid for c in self._children])

    def __enter__(self) -> RunningServer:
        try:
            began = time.perf_counter()
            with open(self._log_path, "wb") as log:
                for command in self._commands:
                    # A session of its own keeps the Ctrl-C of the terminal for us alone,
                    # and gives us one group to signal.
                    self._children.append(
                        subprocess.Popen(
                            command,
                            cwd=self._cwd,
                            stdin=subprocess.DEVNULL,
                            stdout=log,
                            stderr=log,
                            start_new_session=True,
                        )
                    )
            self._wait_for_answer(began)
            return self
        except BaseException:
            self._stop()
            raise

    def __exit__(self, *exc_info) -> None:
        self._stop()

    def _wait_for_answer(self, began: float) -> None:
        deadline = began + START_SECONDS_MAX
        while time.perf_counter() < deadline:
            if get_status(self.port, deadline - time.perf_counter()) == 200:
                self.seconds_to_answer = time.perf_counter() - began
                return
            if any(c.poll() is not None for c in self._children):
                raise DidNotStart(f"exited: {self._last_words()}")
            time.sleep(0.001)
        raise DidNotStart(f"no 200 within {START_SECONDS_MAX} s: {self._last_words()}")

    def _last_words(self) -> str:
        with open(self._log_path, errors="replace") as f:
            lines = [line.strip() for line in f if line.strip()]
        return (lines[-1][:160] if lines else "it said nothing") + f" ({self._log_path})"

    def _stop(self) -> None:
        # A second Ctrl-C in here would leave processes behind; it waits until they are gone.
        held_back = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        try:
            self._end_everyone()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held_back)

    def _end_everyone(self) -> None:
        # Taken first: once the parents are gone, nothing leads to a stray child.
        members = self.tree()
        for signal_number, seconds in ((signal.SIGINT, STOP_SECONDS_MAX), (signal.SIGKILL, 2)):
            for child in self._children:
                try:
                    os.killpg(child.pid, signal_number)
                except OSError:
                    pass
            if signal_number == signal.SIGKILL:
                self._kill(members)
            if self._all_gone(members, seconds):
                break

    def _kill(self, members: list[process_tree.Process]) -> None:
        for member in members:
            now = process_tree.read_process(member.pid)
            if now and now.started == member.started:
                os.kill(member.pid, signal.SIGKILL)

    def _all_gone(self, members: list[process_tree.Process], seconds_max: float) -> bool:
        deadline = time.monotonic() + seconds_max
        while time.monotonic() < deadline:
            for child in self._children:
                child.poll()
            alive = [
                m for m in members if (now := process_tree.read_process(m.pid)) and now.started == m.started
            ]
            if not alive and all(c.returncode is not None for c in self._children):
                return True
            time.sleep(0.02)
        return False

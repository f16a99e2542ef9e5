"""Holds a request inside the application (apps/gated.py) until the test lets it go on."""

import itertools
import threading
from urllib.parse import quote

from waiting import eventually

_numbers = itertools.count()


class Gate:
    def __init__(self, directory):
        number = next(_numbers)
        self.started = directory / f"gate-{number}.started"
        self.opened = directory / f"gate-{number}.open"

    def path(self, prefix="/wait"):
        mark = "&" if "?" in prefix else "?"
        return f"{prefix}{mark}started={quote(str(self.started))}&gate={quote(str(self.opened))}"

    def wait_started(self, seconds=5):
        """The request runs; answers the pid that runs it."""
        eventually(lambda: self.started.exists() and self.started.read_text(), seconds, "the request has started")
        return int(self.started.read_text())

    def open(self):
        self.opened.write_text("")


class Background:
    """Runs a function in a thread; result() gives back what it returned or raised."""

    def __init__(self, function, *args, **kwargs):
        self._answer, self._error = None, None
        self._thread = threading.Thread(target=self._run, args=(function, args, kwargs), daemon=True)
        self._thread.start()

    def _run(self, function, args, kwargs):
        try:
            self._answer = function(*args, **kwargs)
        except BaseException as error:  # noqa: B902 - handed to whoever asks
            self._error = error

    def running(self):
        return self._thread.is_alive()

    def result(self, seconds=20):
        self._thread.join(seconds)
        assert not self._thread.is_alive(), "still running"
        if self._error:
            raise self._error
        return self._answer


class Load:
    """Clients that send GET requests without a pause until stopped, and remember what went wrong."""

    def __init__(self, server, path="/", clients=3, keep_alive=False):
        self.statuses, self.bodies, self.failures = [], [], []
        self._server, self._path, self._keep_alive = server, path, keep_alive
        self._address = server.address
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def _run(self):
        from raw_client import RawClient
        client = None
        while not self._stop.is_set():
            try:
                if client is None:
                    client = RawClient(self._address)
                client.request("GET", self._path, {} if self._keep_alive else {"Connection": "close"})
                response = client.response()
                self.statuses.append(response.status)
                self.bodies.append(response.body)
                if response.status != 200:
                    self.failures.append(response)
                if not self._keep_alive or response.says_close:
                    client.close()
                    client = None
            except Exception as error:
                self.failures.append(error)
                client = None
        if client:
            client.close()

    def wait_more(self, count, seconds=10):
        """Until `count` more requests have been answered."""
        want = len(self.statuses) + count
        eventually(lambda: len(self.statuses) >= want or self.failures, seconds, f"{count} more answers")

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(15)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

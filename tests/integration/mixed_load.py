"""Clients that send what real ones send - questions, uploads, downloads, streams - without a pause and check every byte of
what comes back."""

import hashlib
import os
import threading

from raw_client import RawClient
from waiting import eventually

UPLOAD = os.urandom(70_000)
LARGE = bytes(range(256)) * 1200


def _ask(client):
    client.request("GET", "/quick")
    got = client.response()
    assert got.status == 200 and got.body.strip().isdigit(), got
    return got


def _sent_up(client, body):
    client.request("POST", "/digest", body=body)
    got = client.response()
    assert got.status == 200, got
    assert got.json()["results"] == [[len(UPLOAD), hashlib.sha256(UPLOAD).hexdigest()]]
    return got


def _upload(client):
    return _sent_up(client, UPLOAD)


def _upload_in_chunks(client):
    return _sent_up(client, [UPLOAD[:100], UPLOAD[100:]])


def _came_down(client, more):
    client.request("GET", f"/bytes?n={len(LARGE)}{more}")
    got = client.response()
    assert got.status == 200 and got.body == LARGE, got
    return got


def _download(client):
    return _came_down(client, "&length=1")


def _stream(client):
    return _came_down(client, "")


WITHOUT_CHUNKS = (_ask, _upload, _download, _stream)
KINDS = (*WITHOUT_CHUNKS, _upload_in_chunks)


class MixedLoad:
    """routes: {name: address}. Two clients each: one keeps its connection, one opens another for every request."""

    def __init__(self, routes, kinds=None):
        self._routes, self._kinds = routes, kinds or {}
        self.failures = []
        self.done = {name: 0 for name in routes}
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(name, keep), daemon=True)
                         for name in routes for keep in (True, False)]
        for thread in self._threads:
            thread.start()

    def _run(self, name, keep):
        client, number = None, 0
        kinds = self._kinds.get(name, KINDS)
        while not self._stop.is_set():
            kind = kinds[number % len(kinds)]
            number += 1
            try:
                if client is None:
                    client = RawClient(self._routes[name], timeout=30)
                got = kind(client)
                self.done[name] += 1
                if not keep or got.says_close:
                    client.close()
                    client = None
            except Exception as error:
                self.failures.append(f"{name}, {'kept' if keep else 'new'} connection, {kind.__name__}: {error!r}")
                client = None
        if client:
            client.close()

    def wait_more(self, count, seconds=30):
        """Until `count` more requests have been answered on every route."""
        want = {name: done + count for name, done in self.done.items()}
        eventually(lambda: self.failures or all(self.done[name] >= want[name] for name in want), seconds, f"{count} more answers")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(40)

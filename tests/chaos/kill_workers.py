"""Kills random workers under load, and accounts for every request.

    python tests/chaos/kill_workers.py --seconds 60

A failed request must have been running on a worker that was killed, and the log must say so; no request
runs twice; no client gets the answer of another.
"""

import argparse
import collections
import itertools
import os
import pathlib
import random
import re
import signal
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from raw_client import Incomplete, RawClient  # noqa: E402
from server_process import Server  # noqa: E402
from waiting import eventually  # noqa: E402


class Client(threading.Thread):
    """One connection that sends requests of all kinds, one after the other."""

    def __init__(self, number, address, stop, seed):
        super().__init__(daemon=True)
        self.number, self.address, self.stop, self.random = number, address, stop, random.Random(seed)
        self.answered, self.failed, self.wrong, self.reconnects = [], {}, [], 0

    def run(self):
        client, count = None, 0
        while not self.stop.is_set():
            identity = f"c{self.number}n{count}"
            count += 1
            try:
                if client is None:
                    client = RawClient(self.address, timeout=60)
                self.one(client, identity)
            except (OSError, Incomplete) as error:
                self.failed[identity] = f"{type(error).__name__}: {error}"
                client = None
            except AssertionError as error:
                self.wrong.append(f"{identity}: {error}")
                client = None
        if client:
            client.close()

    def one(self, client, identity):
        path = self.random.choice(("/", "/", "/stream")) + "?" + identity
        body = self.random.choice((None, b"b" * 10, b"c" * 40_000, [b"d" * 1000, b"e" * 30_000]))
        client.request("GET" if body is None else "POST", path, body=body)
        response = client.response()
        if response.status == 200:
            sent = b"" if body is None else body if isinstance(body, bytes) else b"".join(body)
            if response.body != identity.encode() + b":" + sent:
                raise AssertionError(f"the answer of another request: {response.body[:60]!r}")
            self.answered.append(identity)
        else:
            self.failed[identity] = str(response.status)
        if response.says_close:
            raise AssertionError(f"{response.status} closed the connection: it belongs to the edge")


def killer(server, stop, killed, pause, chance):
    while not stop.is_set():
        stop.wait(chance.uniform(pause / 2, pause * 1.5))
        workers = server.workers()
        if workers:
            pid = chance.choice(workers)
            try:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
            except ProcessLookupError:
                pass


def ran_on(directory):
    """identity -> [(pid, request id)] of every run, in the files of the workers."""
    runs = collections.defaultdict(list)
    for path in directory.glob("ran-*"):
        for line in path.read_text().splitlines():
            parts = line.split()
            if len(parts) == 2:
                runs[parts[0]].append((int(path.name[4:]), parts[1]))
    return runs


def judge(clients, killed, runs, log):
    failed = dict(itertools.chain.from_iterable(client.failed.items() for client in clients))
    answered = set(itertools.chain.from_iterable(client.answered for client in clients))
    faults = [fault for client in clients for fault in client.wrong]
    for identity, places in runs.items():
        if len(places) > 1:
            faults.append(f"{identity} ran {len(places)} times: {places}")
    for identity in answered - set(runs):
        faults.append(f"{identity} was answered and never ran")
    for identity, why in failed.items():
        places = runs.get(identity, [])
        # Killed between taking the request and its first line of Python: only the log can say.
        named = re.search(rf"(?m)^.*\?{identity}\b.*$", log)
        if not places and not named:
            faults.append(f"{identity} failed ({why}), ran nowhere, and the log does not name it")
        if places and places[0][0] not in killed:
            faults.append(f"{identity} failed ({why}) on {places[0][0]}, which nobody killed")
        if not named:
            faults.append(f"{identity} failed ({why}) and the log does not say so")
        elif places and str(places[0][0]) not in named[0]:
            faults.append(f"{identity} ran on {places[0][0]}, the log says: {named[0]}")
    return answered, failed, faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--clients", type=int, default=24)
    parser.add_argument("--pause", type=float, default=0.3, help="seconds between two kills, on average")
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.randrange(2**32)
    print(f"seed {seed}", flush=True)
    stop, killed = threading.Event(), []
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        server = Server(directory)
        try:
            server.start("chaos:app", options.workers, options.threads, ["--access-logfile", "none", "--keepalive-requests", "1000000"],
                         env={"CHAOS_DIRECTORY": name})
            server.workers(options.workers)
            address = server.address
            clients = [Client(number, address, stop, seed + number) for number in range(options.clients)]
            kills = threading.Thread(target=killer, args=(server, stop, killed, options.pause, random.Random(seed)), daemon=True)
            for thread in [*clients, kills]:
                thread.start()
            time.sleep(options.seconds)
            stop.set()
            for thread in [*clients, kills]:
                thread.join(60)
            hung = [client.number for client in clients if client.is_alive()]
            eventually(lambda: len(server.workers()) == options.workers, 15, "all workers are back")
            server.stop(40)
            answered, failed, faults = judge(clients, set(killed), ran_on(directory), server.log())
            if hung:
                faults.append(f"clients {hung} never got an answer")
            if not killed or not answered:
                faults.append("nothing was tested")
        finally:
            server.kill()
        for fault in faults[:50]:
            print("FAULT", fault)
        print(f"{len(killed)} workers killed, {len(answered)} requests answered, {len(failed)} lost with their worker "
              f"({collections.Counter(why.split(':')[0] for why in failed.values())}), {len(faults)} faults")
        if faults:
            print(server.log()[-5000:])
        return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""Requests that stay inside the application until a file appears.

/wait?started=FILE&gate=FILE   writes its pid to `started`, waits for `gate`, answers "PID\n"
/random?...                    the same, and answers 64 random bits of the process instead of its pid
/stream?...                    sends "first" at once, "second" after the gate
/sleep?seconds=N               for those that outlive every gate
/quick                         answers "PID\n"
"""

import os
import random
import threading
import time
from urllib.parse import parse_qs


def app(environ, start_response):
    query = {key: values[0] for key, values in parse_qs(environ["QUERY_STRING"]).items()}
    path = environ["PATH_INFO"]
    if path == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return stream(query)
    if path in ("/wait", "/random"):
        mark(query)
        wait_here_for_the_gate(query["gate"])
    elif path == "/sleep":
        mark(query)
        sleep_here(float(query["seconds"]))
    body = b"%d\n" % (random.getrandbits(64) if path == "/random" else os.getpid())
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body))),
                              ("X-Thread", str(threading.get_ident()))])
    return [body]


def mark(query):
    if "started" in query:
        name = query["started"]
        with open(name + ".new", "w") as file:
            file.write(str(os.getpid()))
        os.rename(name + ".new", name)


def wait_here_for_the_gate(name):
    while not os.path.exists(name):
        time.sleep(0.005)


def sleep_here(seconds):
    time.sleep(seconds)


def stream(query):
    yield b"first"
    mark(query)
    wait_here_for_the_gate(query["gate"])
    yield b"second"

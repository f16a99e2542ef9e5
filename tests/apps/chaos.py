"""Sleeps a little, notes the id of the request in a file of its worker, and answers the id.

The note is written before the answer leaves: a request that was run twice stands there twice.
"""

import os
import random
import time


def app(environ, start_response):
    identity = environ["QUERY_STRING"]
    with open(os.path.join(os.environ["CHAOS_DIRECTORY"], f"ran-{os.getpid()}"), "a") as file:
        file.write(f"{identity} {environ.get('tierce.request_id', '-')}\n")
    time.sleep(random.choice((0, 0, 0.001, 0.005, 0.02)))
    data = environ["wsgi.input"].read()
    body = identity.encode() + b":" + data
    if environ["PATH_INFO"] == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return slowly(body)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def slowly(body):
    half = len(body) // 2
    yield body[:half]
    time.sleep(0.002)
    yield body[half:]

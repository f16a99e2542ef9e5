"""Reads wsgi.input as ?ops= says, a comma-separated list, and answers what each read returned.

read  read:N  line  line:N  lines  lines:N  iter  next  - results as lists of latin-1 strings; `digest` reads all in
pieces of 8191 and gives length and SHA-256.
"""

import hashlib
import json
from urllib.parse import parse_qs
from wsgiref.validate import validator


def app(environ, start_response):
    stream = environ["wsgi.input"]
    results = []
    for op in parse_qs(environ["QUERY_STRING"]).get("ops", ["read"])[0].split(","):
        name, _, size = op.partition(":")
        results.append(perform(stream, name, int(size) if size else None))
    body = json.dumps({"results": results, "terminated": environ.get("wsgi.input_terminated"),
                       "length": environ.get("CONTENT_LENGTH")}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def perform(stream, name, size):
    sized = () if size is None else (size,)
    if name == "none":
        return stream.read(None).decode("latin-1")
    if name == "read":
        return stream.read(*sized).decode("latin-1")
    if name == "line":
        return stream.readline(*sized).decode("latin-1")
    if name == "lines":
        return [line.decode("latin-1") for line in stream.readlines(*sized)]
    if name == "iter":
        return [line.decode("latin-1") for line in stream]
    if name == "next":
        return next(iter(stream), b"<end>").decode("latin-1")
    if name == "digest":
        digest, length = hashlib.sha256(), 0
        while data := stream.read(8191):
            assert type(data) is bytes and len(data) <= 8191
            digest.update(data)
            length += len(data)
        return [length, digest.hexdigest()]
    raise ValueError(name)


@validator
def checked(environ, start_response):
    """The reads that PEP 3333 itself allows."""
    stream = environ["wsgi.input"]
    parts = [stream.readline(), stream.read(3)]
    parts += stream.readlines(1)
    parts += [line for line in stream]
    parts.append(stream.read(10))
    body = b"|".join(parts)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]

"""What a front server's tests ask for: the applications beside this one under one roof.

/environ   environ_dump, whatever follows      /digest    length and SHA-256 of the body
/bytes?n=  that many bytes, &length=1 with Content-Length      /wait, /stream, /die, /half ...   dies_on_demand
everything else is answers.py
"""

from urllib.parse import parse_qs

import answers
import dies_on_demand
import environ_dump
import input_reader

DEADLY = ("/wait", "/stream", "/sleep", "/quick", "/die", "/segfault", "/exit", "/half")
BLOCK = bytes(range(256)) * 256


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path.startswith("/environ"):
        return environ_dump.app(environ, start_response)
    if path == "/digest":
        environ["QUERY_STRING"] = "ops=digest"
        return input_reader.app(environ, start_response)
    if path == "/bytes":
        return some_bytes(environ, start_response)
    if path in DEADLY:
        return dies_on_demand.app(environ, start_response)
    return answers.app(environ, start_response)


def some_bytes(environ, start_response):
    query = parse_qs(environ["QUERY_STRING"])
    left = int(query["n"][0])
    headers = [("Content-Type", "application/octet-stream")]
    if "length" in query:
        headers.append(("Content-Length", str(left)))
    start_response("200 OK", headers)
    while left > 0:
        piece = BLOCK[:left]
        left -= len(piece)
        yield piece

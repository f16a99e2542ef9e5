"""Streams 1 GB from a generator, so that whatever grows while a client reads slowly is the server."""

PIECE = b"x" * 65536
PIECES = 16384


def app(environ, start_response):
    start_response(
        "200 OK",
        [("Content-Type", "application/octet-stream"), ("Content-Length", str(len(PIECE) * PIECES))],
    )
    return (PIECE for _ in range(PIECES))

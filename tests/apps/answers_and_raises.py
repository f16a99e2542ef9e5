"""/raise raises, anything else is answered with 1000 bytes."""


def app(environ, start_response):
    if environ["PATH_INFO"] == "/raise":
        raise RuntimeError("asked for")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"x" * 1000]

"""Answers its environ as JSON: strings as they are, everything else by its type and repr. `checked` is the
same under wsgiref's validator, which raises (and so costs a 500) on whatever PEP 3333 does not allow."""

import json
import os
from wsgiref.validate import validator


def app(environ, start_response):
    described = {}
    for key, value in environ.items():
        assert type(key) is str, key
        plain = type(value) in (str, bool, int, tuple)
        described[key] = value if plain else f"<{type(value).__name__}>"
    described["tests.os_pid"] = os.getpid()
    environ["wsgi.input"].read(0)
    environ["wsgi.errors"].flush()
    body = json.dumps(described).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


checked = validator(app)

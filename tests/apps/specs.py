"""Callables to be named in application specs, and small ones for single tests."""

import json
import warnings
from wsgiref.validate import validator

warnings.simplefilter("error")


def saying(text):
    def application(environ, start_response):
        body = text.encode()
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]
    return application


application = saying("specs.application")
app = saying("specs.app")
other = saying("specs.other")
not_callable = 5


class holder:
    class inner:
        app = staticmethod(saying("specs.holder.inner.app"))


def factory(word="factory", *, more=""):
    return saying(f"specs.{word}{more}")


def broken_factory():
    raise RuntimeError("the factory is broken")


def returns_nothing():
    return None


class Callable:
    def __call__(self, environ, start_response):
        return saying("specs.instance")(environ, start_response)


instance = Callable()


@validator
def validated(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/stream":
        return (part for part in (b"a", b"b", b""))
    return [environ["PATH_INFO"].encode("latin-1"), environ["wsgi.input"].read(100)]


_before = []


def keeps_environ(environ, start_response):
    answer = {"type": type(environ).__name__, "same_as_before": any(environ is old for old in _before),
              "x_one": "HTTP_X_ONE" in environ}
    _before.append(environ)
    environ["tests.added"] = 1
    body = json.dumps(answer).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]

"""Answers of every kind PEP 3333 allows, and of many it does not; the path says which.

Iterables made here count their close() calls: /closes?KEY answers how often the one of ?KEY was closed.
"""

import io
import os
import sys
import tempfile
import time
from urllib.parse import parse_qs

PLAIN = [("Content-Type", "text/plain")]
closes = {}
ROUTES = {}


def route(function):
    ROUTES["/" + function.__name__.strip("_")] = function
    return function


def app(environ, start_response):
    return ROUTES[environ["PATH_INFO"]](environ, start_response)


def query(environ):
    return {key: values[0] for key, values in parse_qs(environ["QUERY_STRING"], encoding="latin-1").items()}


class Closing:
    """An iterable that is its own iterator and counts close()."""

    def __init__(self, environ, source):
        self.key = environ["QUERY_STRING"].split("&")[0]
        self.source = iter(source)
        closes.setdefault(self.key, 0)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.source)

    def close(self):
        closes[self.key] += 1


def wait_for(name):
    while not os.path.exists(name):
        time.sleep(0.005)


@route
def ok(environ, start_response):
    start_response("200 OK", PLAIN)
    return [b"ok"]


@route
def closes_(environ, start_response):
    start_response("200 OK", PLAIN)
    return [str(closes.get(environ["QUERY_STRING"], "never made")).encode()]


# --- iterables ----------------------------------------------------------------------------------------

@route
def list_(environ, start_response):
    start_response("200 OK", PLAIN)
    return [b"one ", b"two ", b"three"]


@route
def tuple_(environ, start_response):
    start_response("200 OK", PLAIN)
    return (b"one ", b"two ", b"three")


@route
def generator(environ, start_response):
    start_response("200 OK", PLAIN)
    yield b"one "
    yield b"two "
    yield b"three"


@route
def late_generator(environ, start_response):
    """start_response is called when the first item is asked for: legal for a generator function."""
    yield from generator(environ, start_response)


@route
def iterator(environ, start_response):
    start_response("200 OK", PLAIN)
    return Closing(environ, [b"one ", b"two ", b"three"])


@route
def getitem(environ, start_response):
    class Old:
        def __getitem__(self, index):
            return [b"one ", b"two ", b"three"][index]
    start_response("200 OK", PLAIN)
    return Old()


@route
def map_(environ, start_response):
    start_response("200 OK", PLAIN)
    return map(bytes, [b"one ", b"two ", b"three"])


@route
def bytes_itself(environ, start_response):
    # An iterable of integers: nothing a server can send.
    start_response("200 OK", PLAIN)
    return b"abc"


@route
def bare_bytes(environ, start_response):
    start_response("200 OK", PLAIN)
    return b"one two three"


@route
def header_pairs(environ, start_response):
    pairs = {"dict": {"X-A": "1", "X-B": "2"}.items(), "tuple": (("X-A", "1"), ("X-B", "2")),
             "lists": [["X-A", "1"], ["X-B", "2"]]}
    start_response("200 OK", pairs[query(environ)["of"]])
    return [b"ok"]


@route
def bytes_subclass(environ, start_response):
    class Mine(bytes):
        pass
    start_response("200 OK", PLAIN)
    return [Mine(b"mine")]


@route
def empty_list(environ, start_response):
    start_response("200 OK", PLAIN)
    return []


@route
def empty_generator(environ, start_response):
    start_response("200 OK", PLAIN)
    return iter(())


@route
def empty_chunks(environ, start_response):
    start_response("200 OK", PLAIN)
    return iter([b"", b"a", b"", b"", b"b", b""])


@route
def only_empty_chunks(environ, start_response):
    start_response("200 OK", PLAIN)
    return iter([b"", b"", b""])


@route
def large(environ, start_response):
    start_response("200 OK", PLAIN)
    return [b"x" * 3_000_000, b"y" * 2_000_000]


@route
def streamed(environ, start_response):
    count, size = int(query(environ)["count"]), int(query(environ)["size"])
    start_response("200 OK", PLAIN)
    return Closing(environ, (b"z" * size for _ in range(count)))


@route
def gated(environ, start_response):
    start_response("200 OK", PLAIN)
    gate = query(environ)["gate"]

    def parts():
        yield b"first"
        wait_for(gate)
        yield b"second"
    return Closing(environ, parts())


@route
def gated_write(environ, start_response):
    write = start_response("200 OK", PLAIN)
    write(b"first")
    wait_for(query(environ)["gate"])
    return [b"second"]


@route
def str_chunk(environ, start_response):
    start_response("200 OK", PLAIN)
    return Closing(environ, ["text"])


@route
def str_chunk_later(environ, start_response):
    start_response("200 OK", PLAIN)
    return Closing(environ, [b"bytes", "text"])


@route
def none_chunk(environ, start_response):
    start_response("200 OK", PLAIN)
    return [None]


@route
def returns_none(environ, start_response):
    start_response("200 OK", PLAIN)


# --- lengths and statuses -----------------------------------------------------------------------------

@route
def length(environ, start_response):
    """?declared=N&sent=N&kind=list|generator"""
    q = query(environ)
    start_response("200 OK", [*PLAIN, ("Content-Length", q["declared"])])
    sent = b"s" * int(q["sent"])
    if q["kind"] == "list":
        return [sent]
    return iter([sent[:1], sent[1:]])


@route
def status(environ, start_response):
    """?line=STATUS LINE&body=TEXT&length=N"""
    q = query(environ)
    headers = list(PLAIN)
    if "length" in q:
        headers.append(("Content-Length", q["length"]))
    start_response(q["line"], headers)
    return [q.get("body", "").encode()]


@route
def cookies(environ, start_response):
    start_response("200 OK", [*PLAIN, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2; Path=/"), ("X-Order", "1"),
                              ("x-order", "2"), ("X-Latin", "caf\xe9"), ("X-Empty", "")])
    return [b"ok"]


@route
def own_server_and_date(environ, start_response):
    start_response("200 OK", [*PLAIN, ("Server", "mine"), ("Date", "Thu, 01 Jan 1970 00:00:00 GMT")])
    return [b"ok"]


@route
def bad_header(environ, start_response):
    """?name=&value= latin-1; what cannot be written in a query comes by ?case="""
    q = query(environ)
    start_response("200 OK", [*PLAIN, (q.get("name", "X-A"), q.get("value", "b"))])
    return [b"never sent"]


BAD_CALLS = {
    "status is bytes": lambda start: start(b"200 OK", PLAIN),
    "status is a number": lambda start: start(200, PLAIN),
    "status without a number": lambda start: start("OK", PLAIN),
    "status of two digits": lambda start: start("20 OK", PLAIN),
    "status of four digits": lambda start: start("2000 OK", PLAIN),
    "status 099": lambda start: start("099 Odd", PLAIN),
    "status is empty": lambda start: start("", PLAIN),
    "status with CR LF": lambda start: start("200 OK\r\nX-Evil: 1", PLAIN),
    "status with LF": lambda start: start("200 OK\nX-Evil: 1", PLAIN),
    "status with NUL": lambda start: start("200 O\0K", PLAIN),
    "status beyond latin-1": lambda start: start("200 \u20ac", PLAIN),
    "status 101": lambda start: start("101 Switching Protocols", PLAIN),
    "headers are None": lambda start: start("200 OK", None),
    "headers are a number": lambda start: start("200 OK", 5),
    "a header of one": lambda start: start("200 OK", [("X-A",)]),
    "a header of three": lambda start: start("200 OK", [("X-A", "b", "c")]),
    "a header is a string": lambda start: start("200 OK", ["X-A: b"]),
    "a name is bytes": lambda start: start("200 OK", [(b"X-A", "b")]),
    "a value is bytes": lambda start: start("200 OK", [("X-A", b"b")]),
    "a value is a number": lambda start: start("200 OK", [("Content-Length", 5)]),
    "a value is None": lambda start: start("200 OK", [("X-A", None)]),
    "a name beyond latin-1": lambda start: start("200 OK", [("X-\u20ac", "b")]),
    "a value beyond latin-1": lambda start: start("200 OK", [("X-A", "\u20ac")]),
    "a surrogate": lambda start: start("200 OK", [("X-A", "\udc80")]),
    "two lengths": lambda start: start("200 OK", [("Content-Length", "5"), ("Content-Length", "6")]),
    "a length of letters": lambda start: start("200 OK", [("Content-Length", "five")]),
    "a negative length": lambda start: start("200 OK", [("Content-Length", "-1")]),
    "no arguments": lambda start: start(),
    "called twice": lambda start: (start("200 OK", PLAIN), start("404 Not Found", PLAIN)),
    "exc_info of another kind": lambda start: (start("200 OK", PLAIN), start("500 Oops", PLAIN, None)),
}


@route
def bad_call(environ, start_response):
    BAD_CALLS[query(environ)["case"]](start_response)
    return [b"never sent"]


# --- start_response -----------------------------------------------------------------------------------

@route
def never_called(environ, start_response):
    return [b"never sent"]


@route
def never_called_and_empty(environ, start_response):
    return []


@route
def called_again_with_exc_info(environ, start_response):
    start_response("200 OK", [*PLAIN, ("X-First", "1")])
    try:
        raise ValueError("before anything was sent")
    except ValueError:
        start_response("503 Changed", [*PLAIN, ("X-Second", "1")], sys.exc_info())
    return [b"changed"]


@route
def called_again_after_sending(environ, start_response):
    start_response("200 OK", PLAIN)
    yield b"sent"
    try:
        raise ValueError("after something was sent")
    except ValueError:
        start_response("500 Too Late", PLAIN, sys.exc_info())
    yield b"never sent"


@route
def exc_info_first(environ, start_response):
    try:
        raise ValueError
    except ValueError:
        start_response("500 By Myself", PLAIN, sys.exc_info())
    return [b"own error page"]


@route
def keywords(environ, start_response):
    start_response(status="200 OK", headers=PLAIN) if environ["QUERY_STRING"] else start_response("200 OK", PLAIN, None)
    return [b"ok"]


@route
def written(environ, start_response):
    write = start_response("200 OK", PLAIN)
    write(b"one ")
    write(b"")
    write(b"two ")
    return [b"three"]


@route
def written_only(environ, start_response):
    write = start_response("200 OK", [*PLAIN, ("Content-Length", "7")])
    write(b"written")
    return []


@route
def written_str(environ, start_response):
    write = start_response("200 OK", PLAIN)
    write("text")
    return []


@route
def headers_changed_later(environ, start_response):
    """The list may be changed until the headers are sent, or not: what counts is that nothing breaks."""
    headers = list(PLAIN)
    start_response("200 OK", headers)
    headers.clear()
    return [b"ok"]


@route
def dies_before_the_first_chunk(environ, start_response):
    start_response("200 OK", [*PLAIN, ("X-First", "1")])

    def parts():
        raise RuntimeError("oops in the first chunk")
        yield b""
    return Closing(environ, parts())


# --- exceptions ---------------------------------------------------------------------------------------

@route
def raises(environ, start_response):
    raise RuntimeError("oops before the output")


@route
def raises_after_start(environ, start_response):
    start_response("200 OK", PLAIN)
    raise RuntimeError("oops after start_response")


@route
def raises_later(environ, start_response):
    """?KEY&length=N: with a Content-Length or chunked."""
    q = query(environ)
    start_response("200 OK", [*PLAIN, *([("Content-Length", q["length"])] if "length" in q else [])])

    def parts():
        yield b"part one"
        raise RuntimeError("oops in the middle of the body")
    return Closing(environ, parts())


@route
def raises_in_close(environ, start_response):
    class Bad(Closing):
        def close(self):
            super().close()
            raise RuntimeError("oops in close")
    start_response("200 OK", PLAIN)
    return Bad(environ, [b"whole"])


@route
def system_exit(environ, start_response):
    sys.exit(7)


@route
def keyboard_interrupt(environ, start_response):
    raise KeyboardInterrupt


@route
def generator_exit(environ, start_response):
    raise GeneratorExit


@route
def stop_iteration(environ, start_response):
    raise StopIteration


@route
def recursion(environ, start_response):
    return recursion(environ, start_response)


@route
def unprintable(environ, start_response):
    class Unprintable(Exception):
        def __str__(self):
            raise RuntimeError("cannot be printed")
    raise Unprintable


# --- files --------------------------------------------------------------------------------------------

@route
def file(environ, start_response):
    """?path=&offset=&length=&block="""
    q = query(environ)
    stream = open(q["path"], "rb")
    stream.seek(int(q.get("offset", 0)))
    start_response("200 OK", [*PLAIN, *([("Content-Length", q["length"])] if "length" in q else [])])
    return environ["wsgi.file_wrapper"](stream, *([int(q["block"])] if "block" in q else []))


@route
def file_read_ahead(environ, start_response):
    """Python's buffer has read more than the app has taken: the rest starts where the app stopped."""
    stream = open(query(environ)["path"], "rb")
    stream.read(10)
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](stream)


@route
def file_closes(environ, start_response):
    class Counting(io.FileIO):
        def close(self):
            if not self.closed:
                closes[environ["QUERY_STRING"].split("&")[0]] = closes.get(environ["QUERY_STRING"].split("&")[0], 0) + 1
            super().close()
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](Counting(query(environ)["path"], "rb"))


@route
def bytes_io(environ, start_response):
    stream = io.BytesIO(b"0123456789" * 10_000)
    stream.seek(5)
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](stream)


@route
def only_read(environ, start_response):
    class OnlyRead:
        parts = [b"one ", b"two ", b"three", b""]

        def read(self, size=-1):
            return self.parts.pop(0) if self.parts else b""
    OnlyRead.parts = list(OnlyRead.parts)
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](OnlyRead())


@route
def wrapped_again(environ, start_response):
    """What middleware does: iterates over the wrapper itself."""
    wrapper = environ["wsgi.file_wrapper"](io.BytesIO(b"abcdef"), 2)
    start_response("200 OK", PLAIN)
    return [part.upper() for part in wrapper]


@route
def deleted_file(environ, start_response):
    stream = tempfile.TemporaryFile()
    stream.write(b"gone but open" * 1000)
    stream.seek(0)
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](stream)


# --- what it prints -----------------------------------------------------------------------------------

@route
def prints(environ, start_response):
    word = environ["QUERY_STRING"]
    print(f"out {word}", flush=True)
    print(f"err {word}", file=sys.stderr, flush=True)
    os.write(1, f"raw out {word}\n".encode())
    os.write(2, f"raw err {word}\n".encode())
    errors = environ["wsgi.errors"]
    errors.write(f"errors {word} caf\u00e9\n")
    errors.writelines([f"lines {word}\n"])
    errors.flush()
    start_response("200 OK", PLAIN)
    return [b"ok"]

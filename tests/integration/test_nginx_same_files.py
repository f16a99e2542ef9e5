"""Static files, as the real nginx serves them."""

import pytest

from nginx_pair import Case, get, head, kept, post, raw, request

CASES = [
    Case("index", """
        server { listen @port@; root @www@; }
    """, [
        get("/"), get("/sub/"), get("/sub"), get("/sub?a=b"), get("/noindex/"), get("/htm/"), get("/missing"), get("/missing/"),
        get("/hello.txt/"), get("/hello.txt"), get("/empty.txt"), get("/noext"), get("/odd.unknownend"), get("/UPPER.TXT"),
        get("/.hidden"), get("/with%20space.txt"), get("/%D0%BF%D0%BB%D1%8E%D1%81+and%25.txt"), get("/link.txt"),
        get("/archive.tar.gz"), get("/big.bin"), head("/big.bin"), head("/"), head("/missing"), head("/sub"),
        post("/hello.txt", "x"), get("/hello.txt", method="PUT"), get("/hello.txt", method="DELETE"),
        get("/hello.txt", method="OPTIONS"), get("/hello.txt", method="FOO"), get("/hello.txt", method="foo"),
        get("/hello.txt", method="TRACE"), get("/hello.txt", method="CONNECT"), get("/hello.txt", version="HTTP/1.0"),
        get("/hello.txt", version="HTTP/1.0", host=None), get("/hello.txt", "Connection: keep-alive", version="HTTP/1.0"),
        kept(request("/hello.txt", close=False), request("/sub/page.html", close=False), request("/missing", close=False)),
        kept(request("/hello.txt", close=False, method="HEAD"), request("/hello.txt")),
        raw(request("/hello.txt", close=False) + request("/empty.txt", close=False) + request("/"), 3),
    ], errors=True),
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_same(case, nginx_pair):
    nginx_pair.compare(case)

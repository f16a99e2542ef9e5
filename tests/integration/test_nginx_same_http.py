"""Requests that are odd, and compression.

Where tierce refuses what nginx lets through, the request says so: `ours=400`.
"""

import pytest

from nginx_pair import Case, get, head, kept, post, raw, request

HEAD = "GET / HTTP/1.1\r\nHost: localhost\r\n"
CLOSE = "Connection: close\r\n\r\n"


def lines(*fields, first="GET / HTTP/1.1", **how):
    return raw("\r\n".join([first, "Host: localhost", *fields, "Connection: close", "", ""]), **how)


def sent(fields, body, **how):
    return raw(f"POST /body HTTP/1.1\r\nHost: localhost\r\n{fields}Connection: close\r\n\r\n{body}", **how)


CASES = [
    Case("request lines", r"""
        server { listen @port@; lingering_timeout 50ms; location / { return 200 "$request_method $uri $args $server_protocol\n"; } }
    """, [raw(f"{line}\r\nHost: localhost\r\n{CLOSE}") for line in ("GET / HTTP/1.1", "GET / HTTP/1.0", "GET / HTTP/1", "GET / HTTP/2.0", "GET / HTTP/3.0", "GET / HTTP/0.9", "GET / http/1.1", "GET / HTTP/1.1x",
                                                              "get / HTTP/1.1", "G-T / HTTP/1.1", "G_T / HTTP/1.1", "GE\x00T / HTTP/1.1", "GET foo/bar HTTP/1.1", "GET * HTTP/1.1", "OPTIONS * HTTP/1.1", "GET example.com:443 HTTP/1.1", 
                                                              "GET /a\x00b HTTP/1.1", "GET /a\x01b HTTP/1.1", "GET /a\x7fb HTTP/1.1", "GET http://localhost HTTP/1.1", "GET http://localhost/a?b HTTP/1.1", "GET http://localhost?b HTTP/1.1", "GET https://localhost:99/ HTTP/1.1",
                                                              "GET http:///x HTTP/1.1", "GET http://u:p@localhost/ HTTP/1.1", "GET http://[::1]/ HTTP/1.1", "GET / HTTP/", "GET", "", " GET / HTTP/1.1", "GET / /b HTTP/1.1", "GET\t/ HTTP/1.1", "GET /" + "a" * 3000 + " HTTP/1.1")] +
        [raw("GET /a b HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, ours=400), raw("GET /a \x00.php HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, ours=400), raw("GET /\r\n", ours=400), raw("GET /x?y\r\n\r\n", ours=400), raw("\r\n\r\n" + HEAD + CLOSE, ours=400),
         *[raw(f"{line}\r\nHost: localhost\r\n{CLOSE}", ours=400) for line in ("GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET / HTTP/11.1", "GET ftp://localhost/ HTTP/1.1")],
         *[raw(f"{line}\r\nHost: localhost\r\n{CLOSE}", like=[("HTTP/1.[29]$", "HTTP/1.1")]) for line in ("GET / HTTP/1.2", "GET / HTTP/1.9")],
         raw("CONNECT example.com:443 HTTP/1.1\r\nHost: localhost\r\n" + CLOSE, ours=405), raw("TRACE / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", methods=["TRACE"]), kept(request("/", method="TRACE", close=False), request("/")), raw("PRI * HTTP/2.0\r\nHost: localhost\r\n" + CLOSE, ours=505), raw("\n" + HEAD + CLOSE, ours=400), raw("GET / HTTP/1.1\nHost: localhost\n" + "Connection: close\n\n", ours=400), raw("GET / HTTP/1.1\rHost: x\r\r")]),
    Case("header lines", r"""
        server { listen @port@; lingering_timeout 50ms; location / { return 200 "[$http_a] $host\n"; } }
        server { listen @port2@; ignore_invalid_headers off; underscores_in_headers on; location / { return 200 "[$http_a_b] [$http_a]\n"; } }
    """, [lines("A: b"), lines("A:b"), lines("A:   b  "), lines("A:"), lines("a: b"), lines("A: b:c"), lines("A: " + "b" * 5000), lines("A_B: c"), lines("A_B: c", port="port2"), lines("A: \u00e9"), lines("A: b\x7fc", ours=400),
          lines("A : b", ours=400), lines("A b: c", ours=400), lines(": b", ours=400), lines("nocolon", ours=400), lines("A: b\x00c"), lines("A\x00: b", ours=400), lines("A: b", " folded", ours=400), lines("A: b", "\tfolded", ours=400), lines("A: b\rc", ours=400), lines("A: b\nB: c", ours=400), lines("A\x80: b", ours=400), lines("A/: b", ours=400),
          lines("A: b\x01c", ours=400), lines("A: b\x0bc", ours=400), raw("GET / HTTP/1.1\r\n folded: x\r\nHost: x\r\n" + CLOSE, ours=400), raw("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\n", ours=400), lines("Content-Type: a", "Content-Type: b", ours=400)]),
    Case("names of hosts", r"""
        server { listen @port@ default_server; server_name _; lingering_timeout 50ms; location / { return 200 "default [$host] [$http_host]\n"; } }
        server { listen @port@; server_name known; location / { return 200 "known [$host]\n"; } }
    """, [raw(f"GET / HTTP/1.1\r\nHost: {host}\r\n{CLOSE}") for host in ("known", "KNOWN", "known.", "known:80", "", " ", "a..b", "a/b", "..", ".", "[::1]", "x" * 300)] + [raw("GET / HTTP/1.1\r\nHost: a\\b\r\n" + CLOSE, ours=400)] +
        [raw(f"GET / HTTP/1.1\r\nHost: {host}\r\n{CLOSE}", ours=400) for host in ("a b", "a,b", "u@known", "known/path", "a\x00b", "known:", "[::1", "a:b:c")] +
        [raw("GET / HTTP/1.1\r\n" + CLOSE), raw("GET / HTTP/1.0\r\n\r\n"), raw("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n" + CLOSE), raw("GET / HTTP/1.1\r\nHost: known\r\nHost: known\r\n" + CLOSE), raw("GET http://known/ HTTP/1.1\r\nHost: other\r\n" + CLOSE), raw("GET http://known/ HTTP/1.1\r\n" + CLOSE), raw("GET http://known/ HTTP/1.0\r\n\r\n")]),
    Case("framing of bodies", r"""
        server { listen @port@; lingering_timeout 50ms; location / { return 200 "ok\n"; } location /body { proxy_pass http://@http@; } }
    """, [sent("Content-Length: 5\r\n", "hello"), sent("Content-Length: 05\r\n", "hello"), sent("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"), sent("Transfer-Encoding: Chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"), sent("Transfer-Encoding: chunked\r\n", "5;a=b\r\nhello\r\n0\r\n\r\n"), sent("Transfer-Encoding: chunked\r\n", "005\r\nhello\r\n000\r\n\r\n"),
          sent("Transfer-Encoding: chunked\r\n", "A\r\n0123456789\r\n0\r\n\r\n"), sent("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n"), sent("Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
          *[sent(f"Content-Length: {text}\r\n", "hello") for text in ("-1", "+5", "0x5", "5, 5", "5 5", "a", "99999999999999999999", "1_0")], sent("Content-Length: \r\n", "hello", ours=400), sent("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), sent("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"),
          sent("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"), *[sent(f"Transfer-Encoding: {text}\r\n", "5\r\nhello\r\n0\r\n\r\n", ours=400) for text in ("gzip, chunked", "identity", "chunked, identity", ",chunked", "xchunked", "chunked, chunked", "gzip")],
          sent("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), sent("Transfer-Encoding: \r\n", "hello", ours=400), sent("Transfer-Encoding: chunked\x0b\r\n", "0\r\n\r\n", ours=400), *[sent("Transfer-Encoding: chunked\r\n", body) for body in ("0x5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "5_0\r\nhello\r\n0\r\n\r\n", "\r\nhello\r\n0\r\n\r\n",
                  "11111111111111111\r\nhello\r\n0\r\n\r\n", "5\r\nhelloXX0\r\n\r\n", "zz\r\nhello\r\n")], sent("Transfer-Encoding: chunked\r\n", "FFFFFFFFFFFFFFED\r\nhello\r\n0\r\n\r\n"), *[sent("Transfer-Encoding: chunked\r\n", body, ours=400) for body in ("5 \r\nhello\r\n0\r\n\r\n", "5\nhello\n0\n\n", "5\r\nhello\n0\r\n\r\n", "5;a\nb\r\nhello\r\n0\r\n\r\n")],
          raw("POST /body HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), raw(request("/body", method="POST", body=b"hello", close=False) + request("/"), 2), raw(request("/body", "Transfer-Encoding: chunked", method="POST", body=b"5\r\nhello\r\n0\r\n\r\n", close=False) + request("/"), 2),
          raw(request("/", "Transfer-Encoding: chunked", method="POST", body=b"5\r\nhello\r\n0\r\n\r\n", close=False) + request("/"), 2), raw(request("/", method="POST", body=b"hello", close=False) + request("/"), 2), raw("bad\r\n\r\n" + HEAD + CLOSE), raw(request("/", "Content-Length: 5", method="POST", close=False) + request("/body"), 2), get("/", "Content-Length: 0"), get("/body", "Content-Length: 3", body=b"get")]),
    Case("TLS on a plain port, and other protocols", "server { listen @port@; return 200; }", [raw(b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(range(160)) + b"\r\n\r\n"), raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ours=505), raw(b"SSH-2.0-x\r\n"), raw(b"\x00\x01\x02\r\n\r\n")]),
    Case("gzip", r"""
        gzip on; gzip_min_length 20; gzip_types text/plain text/css application/json;
        server { listen @port@; root @www@;
            location / { }
            location /vary/ { alias @www@/; gzip_vary on; }
            location /off/ { alias @www@/; gzip off; gzip_vary on; }
            location /html/ { alias @www@/; gzip_types text/css; }
            location /all/ { alias @www@/; gzip_types *; gzip_comp_level 9; }
            location /large/ { alias @www@/; gzip_min_length 100000; }
            location /10/ { alias @www@/; gzip_http_version 1.0; }
            location /msie/ { alias @www@/; gzip_disable "msie6" "OldAgent"; }
            location /back/ { proxy_pass http://@http@/; }
            location /any/ { gzip_proxied any; proxy_pass http://@http@/; }
            location /some/ { alias @www@/; gzip_proxied expired no-cache auth; }
            location /return { return 200 "a text that is certainly longer than twenty bytes\n"; default_type text/plain; }
            location /404 { return 404; }
            location /auto/ { alias @www@/noindex/; autoindex on; }
            location /ratio { gzip_vary on; proxy_pass http://@http@/text; add_header X-Ratio "[$gzip_ratio]"; }
        }
    """, [get(path, "Accept-Encoding: gzip") for path in ("/hello.txt", "/style.css", "/data.json", "/app.js", "/index.html", "/picture.png", "/empty.txt", "/text.txt", "/vary/text.txt", "/vary/picture.png", "/off/text.txt", "/html/text.txt", "/html/style.css", "/all/app.js", "/all/picture.png", "/large/style.css", "/large/text.txt", "/back/text", "/back/html", "/back/coded", "/back/chunked", "/back/status/404", "/any/text",
                                                              "/return", "/404", "/auto/", "/ratio", "/none", "/sub")] +
        [get("/text.txt", f"Accept-Encoding: {value}") for value in ("gzip, deflate, br", "deflate", "gzip;q=0", "gzip;q=0.5", "gzip;q=0.000", "*", "identity", "x-gzip", "GZIP", "gzipx", "deflate, gzip;q=1.0", "", "gzip ; q=0.1", "gzip;q=2", "gzip;q=0.0001")] +
        [get("/text.txt"), get("/vary/text.txt"), head("/text.txt", "Accept-Encoding: gzip"), get("/text.txt", "Accept-Encoding: gzip", "Range: bytes=0-9"), get("/text.txt", "Accept-Encoding: gzip", version="HTTP/1.0"), get("/10/text.txt", "Accept-Encoding: gzip", version="HTTP/1.0"), get("/text.txt", "Accept-Encoding: gzip", "Via: 1.1 proxy"), get("/some/text.txt", "Accept-Encoding: gzip", "Via: 1.1 proxy"),
         get("/some/text.txt", "Accept-Encoding: gzip", "Via: 1.1 proxy", "Authorization: Basic x"), get("/msie/text.txt", "Accept-Encoding: gzip", "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; x)"), get("/msie/text.txt", "Accept-Encoding: gzip", "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; SV1)"), get("/msie/text.txt", "Accept-Encoding: gzip", "User-Agent: OldAgent/1"), get("/text.txt", "Accept-Encoding: gzip", 'If-None-Match: "x"'),
         get("/back/text", "Accept-Encoding: gzip", "Range: bytes=0-5"), kept(request("/text.txt", "Accept-Encoding: gzip", close=False), request("/hello.txt", "Accept-Encoding: gzip", close=False), request("/none", "Accept-Encoding: gzip"))]),
    Case("gzip_static and gunzip", r"""
        server { listen @port@; root @www@;
            location /packed/ { gzip_static on; }
            location /always/ { alias @www@/packed/; gzip_static always; }
            location /vary/ { alias @www@/packed/; gzip_static on; gzip_vary on; gzip_http_version 1.0; }
            location /un/ { alias @www@/packed/; gzip_static always; gunzip on; }
            location /both/ { alias @www@/packed/; gzip_static on; gzip on; gzip_types *; }
            location /bothvary/ { alias @www@/packed/; gzip_static on; gzip on; gzip_types *; gzip_vary on; }
            location /unvary/ { alias @www@/packed/; gzip_static always; gunzip on; gzip_vary on; }
            location /try/ { alias @www@/packed/; gzip_static on; try_files $uri =404; }
        }
    """, [get(path, *accept) for path in ("/packed/a.css", "/packed/only.js", "/packed/plain.txt", "/packed/a.css.gz", "/always/only.js", "/always/plain.txt", "/vary/a.css", "/un/only.js", "/un/a.css", "/both/plain.txt", "/both/a.css", "/bothvary/plain.txt", "/bothvary/a.css", "/unvary/a.css", "/packed/none", "/packed/") for accept in (("Accept-Encoding: gzip",), ())] +
        [head("/packed/a.css", "Accept-Encoding: gzip"), get("/packed/a.css", "Accept-Encoding: gzip", "Range: bytes=0-9"), get("/packed/a.css", "Accept-Encoding: gzip", version="HTTP/1.0"), get("/vary/a.css", "Accept-Encoding: gzip", version="HTTP/1.0"), get("/packed/a.css", "Accept-Encoding: gzip", "If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT"), post("/packed/a.css", "x", "Accept-Encoding: gzip"), get("/packed/a.css", "Accept-Encoding: gzip", "Via: 1.0 x"),
         head("/un/a.css"), get("/un/a.css", "Range: bytes=0-3")]),
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_same(case, nginx_pair):
    nginx_pair.compare(case)

"""Static files, as the real nginx serves them."""

import pytest

from nginx_pair import Case, get, head, kept, post, raw, request

# Of hello.txt, which is the second in the tree of files.
DATE = "Sun, 02 Jan 2022 00:00:00 GMT"
ETAG = '"61d0eb00-24"'

CASES = [
    Case("index", r"""
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
    Case("index of several names", r"""
        server { listen @port@; root @www@;
            location / { index missing.html index.htm index.html; }
            location /sub/ { index page.html; }
            location /abs/ { alias @www@/noindex/; index nothing /hello.txt; }
            location /variable/ { alias @www@/htm/; index $arg_i.htm; }
            location = / { index none; }
            location /media { index photo.jpg; }
        }
    """, [get("/sub/", method="OPTIONS"), get("/noindex/", method="DELETE"), get("/media/", method="PUT"), get("/"), get("/sub/"), get("/htm/"), get("/abs/"), get("/variable/?i=index"), get("/variable/?i=x"), get("/media/"), get("/media"),
          get("/noindex/")], errors=True),
    Case("aliases", r"""
        server { listen @port@; root @www@;
            location /a/ { alias @www@/sub/; }
            location /b { alias @www@/sub; }
            location = /c { alias @www@/hello.txt; }
            location ~ ^/d/(.*)$ { alias @www@/sub/$1; }
            location ~ ^/e/(?<name>[a-z]+)\.txt$ { alias @www@/$name.txt; }
            location ^~ /f { alias @www@/sub/; }
            location /g/ { alias @www@/sub; }
            location /h/ { set $at @www@; alias $at/; }
            location /i/ { root @www@/sub; }
            location /deep/ { root @www@/sub; }
            location /j { alias @www@/hello.txt; }
            location /k { alias @www@/sub/; try_files $uri =404; }
            location /l { alias @www@/sub/; }
            location /m { rewrite ^/m(.*)$ /$1 break; root @www@/sub; }
            location /n { rewrite ^/n(.*)$ /$1 break; root @www@/sub; try_files $uri =404; }
        }
    """, [get("/a/"), get("/a"), get("/a/page.html"), get("/a/deep"), get("/a/deep/file.txt"), get("/b/page.html"), get("/b"), get("/b/"),
          get("/bpage.html"), get("/c"), get("/c/"), get("/d/page.html"), get("/d/"), get("/d/deep"), get("/e/hello.txt"), get("/e/none.txt"),
          get("/f/page.html"), get("/f../hello.txt", ours=404), get("/f..", ours=404), get("/f..x"), get("/f./hello.txt"), get("/k../hello.txt", ours=404), get("/l../../hello.txt"), get("/m../hello.txt", ours=404), get("/n../hello.txt", ours=404), get("/fpage.html"), get("/gpage.html"), get("/g/page.html"), get("/g//page.html"),
          get("/h/hello.txt"), get("/i/x"), get("/deep/file.txt"), get("/deep/../hello.txt"), get("/j"), get("/jx")], errors=True),
    Case("try_files", r"""
        server { listen @port@; root @www@;
            location / { try_files $uri $uri/ /hello.txt; }
            location /status/ { try_files $uri =404; }
            location /gone/ { try_files $uri =410; }
            location /named/ { try_files $uri @other; }
            location @other { return 200 "other for $uri?$args\n"; }
            location /args/ { try_files $uri /target?from=$uri&$args; }
            location = /target { return 200 "target $args\n"; }
            location /folder/ { try_files $uri/ /sub/page.html; }
            location /aliased/ { alias @www@/sub/; try_files $uri $uri.html page.html =404; }
            location /aliased2/ { alias @www@/sub/; try_files page.html =404; }
            location /ends { try_files $uri.html $uri.txt =404; }
            location /loop/ { try_files $uri /loop/again; }
            location /text/ { default_type text/x-own; try_files /noext =404; }
            location ~ ^/re/(.*)$ { try_files /$1 /sub/$1 =404; }
        }
    """, [get("/sub/page.html"), get("/sub"), get("/sub/"), get("/nothing"), get("/noindex/"), get("/noindex"), get("/status/x"), get("/gone/x"), get("/named/x?y=1"),
          get("/args/a%20b?c=d"), get("/folder/x"), get("/aliased/page"), get("/aliased/page.html"), get("/aliased/none"), get("/aliased2/x"),
          get("/ends"), get("/loop/x"), get("/text/"), get("/re/hello.txt"), get("/re/page.html"), get("/re/none"), post("/status/x", "body"),
          post("/named/x", "body"), post("/sub/page.html", "a")], errors=True),
    Case("types", r"""
        types { text/x-first txt first; application/x-two TAR; }
        default_type text/x-default;
        server { listen @port@; root @www@;
            location /sub/ { default_type ""; }
            location /noindex/ { types { } default_type application/x-none; }
            location /packed/ { types { text/css css; } }
        }
    """, [get("/hello.txt"), get("/UPPER.TXT"), get("/archive.tar.gz"), get("/noext"), get("/index.html"), get("/sub/page.html"),
          get("/noindex/a.txt"), get("/packed/a.css"), get("/packed/plain.txt")], types=False),
    Case("types that nobody names", r"""
        server { listen @port@; root @www@; }
    """, [get("/index.html"), get("/hello.txt"), get("/style.css"), get("/picture.png"), get("/htm/index.htm"), get("/.hidden")], types=False),
    Case("conditional requests", r"""
        server { listen @port@; root @www@;
            location /sub/ { if_modified_since before; }
            location /noindex/ { if_modified_since off; }
            location /packed/ { etag off; }
        }
    """, [get("/hello.txt", f"If-Modified-Since: {DATE}"), get("/hello.txt", "If-Modified-Since: Sun, 02 Jan 2022 00:00:00 GMT"),
          get("/hello.txt", "If-Modified-Since: Mon, 03 Jan 2022 00:00:00 GMT"), get("/hello.txt", "If-Modified-Since: nonsense"),
          get("/hello.txt", "If-Modified-Since: Sunday, 02-Jan-22 00:00:00 GMT"), get("/hello.txt", "If-Modified-Since: Sun Jan  2 00:00:00 2022"),
          get("/hello.txt", f'If-None-Match: {ETAG}'), get("/hello.txt", f'If-None-Match: W/{ETAG}'), get("/hello.txt", 'If-None-Match: "x"'),
          get("/hello.txt", f'If-None-Match: "x", {ETAG} , "y"'), get("/hello.txt", "If-None-Match: *"), get("/hello.txt", 'If-None-Match: x'),
          get("/hello.txt", f'If-None-Match: "x"', "If-Modified-Since: Sun, 02 Jan 2022 00:00:00 GMT"),
          get("/hello.txt", f'If-Match: {ETAG}'), get("/hello.txt", 'If-Match: "x"'), get("/hello.txt", "If-Match: *"), get("/hello.txt", f'If-Match: W/{ETAG}'),
          get("/missing", "If-Match: *"), get("/missing", "If-None-Match: *"),
          get("/hello.txt", "If-Unmodified-Since: Sun, 02 Jan 2022 00:00:00 GMT"), get("/hello.txt", "If-Unmodified-Since: Sat, 01 Jan 2022 00:00:00 GMT"),
          get("/hello.txt", "If-Unmodified-Since: nonsense"), head("/hello.txt", f'If-None-Match: {ETAG}'),
          get("/sub/page.html", "If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT"), get("/sub/page.html", "If-Modified-Since: Mon, 01 Jan 2001 00:00:00 GMT"),
          get("/noindex/a.txt", "If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT"), get("/packed/plain.txt", "If-None-Match: *"), get("/packed/plain.txt"),
          kept(request("/hello.txt", f'If-None-Match: {ETAG}', close=False), request("/hello.txt"))]),
    Case("ranges", r"""
        server { listen @port@; root @www@;
            location /sub/ { max_ranges 0; }
            location /noindex/ { max_ranges 1; }
        }
    """, [get("/hello.txt", f"Range: {text}") for text in (
              "bytes=0-4", "bytes=5-", "bytes=-4", "bytes=0-0", "bytes=0-1000", "bytes=35-", "bytes=36-", "bytes=100-200", "bytes=-0", "bytes=-1000",
              "bytes=4-2", "bytes=", "bytes=a-b", "bytes=1-2x", "items=0-1", "Bytes=0-1", "bytes=0-1,5-6", "bytes=0-1, 5-6 ,-2", "bytes=0-1,100-200",
              "bytes=100-200,300-400", "bytes=0-10,5-15", "bytes=0-35,0-35", "bytes=0-1,", "bytes= 0-1", "bytes=0 - 1", "bytes=-600,-9223372036854774591",
              "bytes=0-99999999999999999999", "bytes=18446744073709551615-", "bytes=" + ",".join(["0-0"] * 100), "bytes=1-1," + ",".join(["1-"] * 40))] +
        [head("/hello.txt", "Range: bytes=0-4"), get("/hello.txt", "Range: bytes=0-4", f"If-Range: {ETAG}"), get("/hello.txt", "Range: bytes=0-4", 'If-Range: "x"'),
         get("/hello.txt", "Range: bytes=0-4", f"If-Range: W/{ETAG}"), get("/hello.txt", "Range: bytes=0-4", "If-Range: Sun, 02 Jan 2022 00:00:00 GMT"),
         get("/hello.txt", "Range: bytes=0-4", "If-Range: Mon, 03 Jan 2022 00:00:00 GMT"), get("/hello.txt", "Range: bytes=0-4", "If-Range: x"),
         get("/hello.txt", "Range: bytes=0-4", version="HTTP/1.0"), get("/sub/page.html", "Range: bytes=0-4"), get("/noindex/a.txt", "Range: bytes=0-0"),
         get("/noindex/a.txt", "Range: bytes=0-0,1-1"), get("/empty.txt", "Range: bytes=0-0"), get("/empty.txt", "Range: bytes=-1"), get("/big.bin", "Range: bytes=100000-200000"),
         get("/big.bin", "Range: bytes=0-9,150000-250000,-10"), get("/", "Range: bytes=1-3"), get("/missing", "Range: bytes=1-3"),
         get("/hello.txt", "Range: bytes=0-4", f"If-None-Match: {ETAG}"), get("/picture.png", "Range: bytes=0-1,3-4"),
         post("/missing", "x", "Range: bytes=1-3"), kept(request("/hello.txt", "Range: bytes=100-", close=False), request("/hello.txt", "Range: bytes=0-1,3-4"))], errors=True),
    Case("autoindex", r"""
        server { listen @port@; root @www@; autoindex on;
            location /exact/ { alias @www@/noindex/; autoindex_exact_size off; }
            location /local/ { alias @www@/noindex/; autoindex_localtime on; }
            location /json/ { alias @www@/noindex/; autoindex_format json; }
            location /xml/ { alias @www@/noindex/; autoindex_format xml; }
            location /jsonp/ { alias @www@/noindex/; autoindex_format jsonp; }
            location /plain/ { alias @www@/noindex/; charset utf-8; }
            location /all/ { alias @www@/; index none; autoindex_exact_size off; }
            location /alljson/ { alias @www@/; index none; autoindex_format json; }
            location /off/ { alias @www@/noindex/; autoindex off; }
        }
    """, [get("/noindex/"), get("/noindex"), get("/noindex/folder/"), get("/exact/"), get("/local/"), get("/json/"), get("/xml/"), get("/jsonp/?callback=f"), get("/jsonp/?callback=a%3cb"),
          get("/jsonp/"), get("/plain/"), get("/all/"), get("/alljson/"), get("/off/"), head("/noindex/"), post("/noindex/", "x"), get("/none/"), get("/noindex/", version="HTTP/1.0")]),
    Case("symbolic links", r"""
        server { listen @port@; root @www@;
            location / { disable_symlinks off; }
            location /none/ { alias @www@/; disable_symlinks on; }
            location /owner/ { alias @www@/; disable_symlinks if_not_owner from=@www@; }
        }
    """, [get("/link.txt"), get("/none/link.txt"), get("/none/hello.txt"), get("/owner/link.txt"), get("/none/none"), get("/none/sub/"), get("/none/sub/deep/file.txt")], errors=True),
    Case("how files are read", r"""
        server { listen @port@; root @www@;
            location / { sendfile on; tcp_nopush on; }
            location /copy/ { alias @www@/; sendfile off; output_buffers 2 8k; }
            location /cached/ { alias @www@/; open_file_cache max=10; open_file_cache_errors on; open_file_cache_min_uses 1; }
            location /direct/ { alias @www@/; directio 4k; }
            location /quiet/ { alias @www@/; log_not_found off; access_log off; }
            location /limited/ { alias @www@/; limit_rate 10m; limit_rate_after 1k; }
        }
    """, [get("/big.bin"), get("/copy/big.bin"), get("/copy/big.bin", "Range: bytes=5-9,100000-100004"), get("/cached/hello.txt"), get("/cached/hello.txt"), get("/cached/none"), get("/cached/none"),
          get("/direct/big.bin"), get("/quiet/none"), get("/limited/big.bin")], errors=True),
    Case("empty_gif and stub_status", r"""
        server { listen @port@; location /gif { empty_gif; } location /counters { stub_status; } location /v { return 200 "$connections_active $connections_waiting"; } }
    """, [get("/gif"), head("/gif"), post("/gif", "x"), get("/gif", "If-Modified-Since: Mon, 28 Sep 1970 06:00:00 GMT"), get("/gif", "Range: bytes=0-1"),
          get("/counters", like=[("[0-9]+ [0-9]+ [0-9]+", "N N N")]), head("/counters"), post("/counters", "x"), get("/v")]),
    Case("paths that are made normal", r"""
        server { listen @port@; root @www@;
            location /show/ { return 200 "$uri|$request_uri|$args\n"; }
            location /files { alias @www@/sub/; }
            location /slashes/ { return 200 "$uri\n"; }
        }
        server { listen @port2@; merge_slashes off; root @www@; location / { return 200 "$uri\n"; } }
    """, [get(path) for path in (
              "/show/a/../b", "/show/./b", "/show//b", "/show/a/..", "/show/%2e%2e/show/x", "/show/a%2fb", "/show/%2E", "/show/a?b/../c", "/show/a%3Fb", "/show/a%23b", "/show/%25", "/show/...", "/show/.a",
              "/show/a%00b", "/show/%zz", "/show/%", "/show/%4", "/show/%c3%a9", "/show/é", "/../hello.txt", "/..", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "/sub/../hello.txt", "/a/../../hello.txt",
              "//hello.txt", "/sub//page.html", "/sub/./page.html", "/files/../hello.txt", "/hello.txt?", "/hello.txt??", "/show/a+b", "/show/;a=1",
              "/%c0%ae%c0%ae/etc/passwd", "/slashes////x", "/show/a\\b", "/show/\"'<>", "/show/{}|^`", "/%68ello.txt", "/hello%2etxt", "/sub%2fpage.html")] +
        [get("/files../hello.txt", ours=404), get("//a//b///c", port="port2"), get("/a/./b/../c//d", port="port2"), *[get(path, ours=400) for path in ("/hello.txt#frag", "/show/a#b?c", "/show/a?b#c")], get("/show/" + "a/" * 200 + "../" * 200 + "end")], errors=True),
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_same(case, nginx_pair):
    nginx_pair.compare(case)

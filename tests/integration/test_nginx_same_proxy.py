"""What backends are asked, and what becomes of their answers: over HTTP, uwsgi, SCGI and FastCGI."""

import pytest

from nginx_backends import ENDS
from nginx_pair import Case, get, head, kept, post, request

HANDSHAKE = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")


def websocket(target, then=b"\x81\x05hello and any other bytes \x00\xff", **how):
    talk = get(target, *HANDSHAKE, close=False, **how)
    talk.then = then
    return talk


CASES = [
    Case("packed answers offer no ranges", """
        server { listen @port@; gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any; gunzip on; location / { proxy_pass http://@http@; } }
    """, [get(path, "Accept-Encoding: gzip") for path in ("/picture", "/fields", "/text")] + [get(path) for path in ("/picture", "/fields")]),
    Case("the path that is passed", r"""
        server { listen @port@;
            location /none/ { proxy_pass http://@http@; }
            location /slash/ { proxy_pass http://@http@/; }
            location /other/ { proxy_pass http://@http@/base/; }
            location /noslash/ { proxy_pass http://@http@/base; }
            location /strip { proxy_pass http://@http@/; }
            location /query/ { proxy_pass http://@http@/base?fixed=1; }
            location = /exact { proxy_pass http://@http@/elsewhere; }
            location ~ ^/re/(.*)$ { proxy_pass http://@http@; }
            location ~ ^/rev/(.*)$ { proxy_pass http://@http@/got/$1; }
            location ~ ^/reva/(.*)$ { proxy_pass http://@http@/got/$1$is_args$args; }
            location /variable/ { set $to @http@; proxy_pass http://$to; }
            location /variableuri/ { set $to @http@; proxy_pass http://$to/fixed; }
            location /requesturi/ { proxy_pass http://@http@$request_uri; }
            location /rewritten/ { rewrite ^/rewritten/(.*)$ /new/$1?r=1 break; proxy_pass http://@http@; }
            location /rewritten2/ { rewrite ^/rewritten2/(.*)$ /new/$1 break; proxy_pass http://@http@/ignored/; }
            location /changed/ { set $args "only=this"; proxy_pass http://@http@; }
            location /changed2/ { set $args "only=this"; proxy_pass http://@http@/base/; }
            location /named/ { try_files /none @named; }
            location @named { proxy_pass http://@http@; }
            location /unix/ { proxy_pass http://@http_unix@:/u/; }
            location /unix2/ { proxy_pass http://@http_unix@; }
            location /if/ { if ($arg_x) { proxy_pass http://@http@; } proxy_pass http://@http@/not/; }
            location /nested/ { proxy_pass http://@http@/a/; location /nested/in/ { proxy_pass http://@http2@/b/; } location /nested/none/ { } }
            location /name/ { proxy_pass http://named/; }
        }
        upstream named { server @http@; }
    """, [get(path) for path in ("/none/a%20b/../c?d=e", "/none//x", "/slash/a%20b?c", "/slash/", "/other/x//y", "/other/%2e%2e%2f", "/noslash/x", "/strip", "/stripx", "/strip/x", "/query/a", "/query/a?b=c", "/exact?x", "/re/a%20b?c", "/rev/a%20b?c=d", "/reva/a?b=c", "/variable/a%20b?c",
                                 "/variableuri/x?y", "/requesturi/a%20b//?c=%20", "/rewritten/a%20b?q=1", "/rewritten2/x", "/changed/x?y=1", "/changed2/x?y=1", "/named/a%20b?x", "/unix/x", "/unix2/x", "/if/x", "/if/x?x=1", "/nested/x", "/nested/in/x", "/nested/none/x", "/name/x", "/slash/%C3%A9%3F%23%25",
                                 "/none/\u00e9", "/slash/\u00e9", "/slash/a+b&c;d=e", "/slash/%00x")] + [head("/none/x"), post("/none/x", "body"), get("/none/x", method="PATCH", body=b"patch"), get("/none/x", method="OPTIONS"), get("/none/x", method="DELETE"), get("/none/x", version="HTTP/1.0")], errors=True),
    Case("header fields towards the backend", r"""
        underscores_in_headers off;
        server { listen @port@; server_name front.example;
            location /plain/ { proxy_pass http://@http@; }
            location /usual/ { include @stock@/proxy_params; proxy_pass http://@http@; }
            location /set/ { proxy_set_header Host $http_host; proxy_set_header X-Own "$remote_addr $uri"; proxy_set_header Accept-Encoding ""; proxy_set_header Connection ""; proxy_set_header X-Empty ""; proxy_http_version 1.1; proxy_pass http://@http@; }
            location /host/ { proxy_set_header Host fixed.example; proxy_pass http://@http@; }
            location /none/ { proxy_pass_request_headers off; proxy_set_header X-Only this; proxy_pass http://@http@; }
            location /nobody/ { proxy_pass_request_body off; proxy_set_header Content-Length ""; proxy_pass http://@http@; }
            location /body/ { proxy_set_body "own $request_method body"; proxy_pass http://@http@; }
            location /method/ { proxy_method PUT; proxy_pass http://@http@; }
            location /11/ { proxy_http_version 1.1; proxy_pass http://@http@; }
            location /inherit/ { proxy_set_header X-A outer; location /inherit/in/ { proxy_set_header X-B inner; proxy_pass http://@http@; } location /inherit/same/ { proxy_pass http://@http@; } }
            location /streamed/ { proxy_request_buffering off; proxy_http_version 1.1; proxy_pass http://@http@; }
            location /xff/ { proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Host $proxy_host; proxy_set_header X-Port $proxy_port; proxy_set_header X-Upgrade $http_upgrade; proxy_pass http://@http@; }
        }
        server { listen @port2@; underscores_in_headers on; ignore_invalid_headers off; location / { proxy_pass http://@http@; } }
    """, [get("/plain/x", "X-Mine: 1", "X-Mine: 2", "Accept-Encoding: gzip", "Cookie: a=1", "Cookie: b=2", "X_Under: u", "Keep-Alive: 5", "TE: trailers", "Referer: r", "X-Forwarded-For: 9.9.9.9", host="Front.Example:81"), get("/usual/x", "X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 2.2.2.2", host="Front.Example:81"),
          get("/set/x", "Accept-Encoding: gzip", "X-Own: mine", "X-Empty: full", host="Front.Example:81"), get("/host/x"), get("/none/x", "X-Mine: 1"), post("/nobody/x", "body", "X-Mine: 1"), post("/body/x", "body"), get("/body/x"), get("/method/x"), post("/method/x", "b"), get("/11/x"), get("/inherit/in/x"), get("/inherit/same/x"),
          post("/plain/x", b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), post("/11/x", b"5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), post("/streamed/x", "b" * 50000), post("/plain/x", ""), get("/xff/x"), get("/plain/x", version="HTTP/1.0", host=None),
          get("/plain/x", "Range: bytes=0-3", "If-None-Match: *", "If-Modified-Since: Sat, 01 Jan 2022 00:00:00 GMT", "If-Range: x", "Authorization: Basic x", "Connection: close, X-Mine"), get("/x", "X_Under: u", "Odd.Name: o", "Bad Name: b", port="port2", ours=400), get("/x", "X_Under: u", "Odd.Name: o", port="port2"), get("/plain/x", "Odd.Name: o", "X!y: 1", "Proxy: evil")]),
    Case("header fields from the backend", r"""
        server { listen @port@;
            location /plain/ { proxy_pass http://@http@/; }
            location /hide/ { proxy_pass http://@http@/; proxy_hide_header X-Visible; proxy_hide_header ETag; proxy_hide_header Vary; proxy_pass_header Server; proxy_pass_header X-Accel-Redirect; }
            location /ignore/ { proxy_pass http://@http@/; proxy_ignore_headers X-Accel-Redirect Expires X-Accel-Charset; }
            location /add/ { proxy_pass http://@http@/; add_header X-Up "$upstream_status $upstream_http_x_visible $upstream_cookie_a" always; }
            location /kept/ { proxy_pass http://@http@/; proxy_http_version 1.1; proxy_set_header Connection ""; }
        }
    """, [get(f"/plain/{path}") for path in ("fields", "text", "html", "picture", "untyped", "empty", "chunked", "to-the-end", "coded", "status/204", "status/304", "status/404", "status/500", "status/401", "status/301", "status/999", "cookie?a=1|b=2;%20Path=/", "refresh?http://x/")] +
        [get("/hide/fields"), get("/hide/accel?/plain/text"), get("/ignore/accel?/plain/text"), get("/ignore/fields"), get("/add/fields"), get("/add/status/404"), get("/add/cookie?a=5"), head("/plain/text"), head("/plain/chunked"), head("/plain/status/404"), get("/plain/text", "Range: bytes=0-3"), get("/plain/picture", "Range: bytes=0-3"), get("/plain/text", 'If-None-Match: "text"'), get("/plain/text", "If-Modified-Since: Sat, 01 Jan 2022 00:00:00 GMT"),
         get("/plain/chunked", version="HTTP/1.0"), get("/plain/to-the-end", version="HTTP/1.0"), get("/kept/chunked"), get("/kept/text"), kept(request("/plain/to-the-end", close=False), request("/plain/chunked", close=False), request("/plain/status/204", close=False), request("/kept/status/304", close=False), request("/plain/text")), kept(request("/plain/text", method="HEAD", close=False), request("/plain/text")), post("/plain/text", "x" * 20000)]),
    Case("proxy_redirect", r"""
        server { listen @port@; server_name front.example;
            location /default/ { proxy_pass http://@http@/; }
            location /off/ { proxy_pass http://@http@/; proxy_redirect off; }
            location /one/ { proxy_pass http://@http@/; proxy_redirect http://back.example/ /front/; }
            location /several/ { proxy_pass http://@http@/; proxy_redirect default; proxy_redirect http://back.example/a/ http://$host:$server_port/x/; proxy_redirect ~^http://([^.]+)\.example/(.*)$ https://$1.front/$2; proxy_redirect ~*^HTTP://UPPER/ /lower/; }
            location /variable/ { set $a back; proxy_pass http://@http@/; proxy_redirect http://$a.example/ /v/; }
            location /relative/ { proxy_pass http://@http@/base/; proxy_redirect / /new/; }
            location /bare/ { proxy_pass http://@http@; }
        }
    """, [get(path) for path in ("/default/redirect?http://@http@/x?y=z", "/default/redirect?http://other/x", "/default/redirect?/x", "/default/redirect?x", "/off/redirect?http://@http@/x", "/one/redirect?http://back.example/a?b", "/one/redirect?http://back.example", "/several/redirect?http://back.example/a/b", "/several/redirect?http://back.example/c", "/several/redirect?http://upper/q", "/several/redirect?/plain",
                                 "/variable/redirect?http://back.example/q", "/relative/redirect?/x", "/bare/redirect", "/default/refresh?http://@http@/x", "/one/refresh?http://back.example/a", "/default/redirect?https://@http@/x", "/default/redirect?")]),
    Case("cookies of the backend", r"""
        server { listen @port@;
            location /none/ { proxy_pass http://@http@/; }
            location /path/ { proxy_pass http://@http@/; proxy_cookie_path / /path/; }
            location /paths/ { proxy_pass http://@http@/; proxy_cookie_path /a /b; proxy_cookie_path ~*^/C(.*)$ /d$1; proxy_cookie_path / "/x/; Secure"; }
            location /domain/ { proxy_pass http://@http@/; proxy_cookie_domain back.example front.example; proxy_cookie_domain ~\.([a-z]+)\.org$ $1.net; }
            location /flags/ { proxy_pass http://@http@/; proxy_cookie_flags one secure httponly; proxy_cookie_flags ~^t samesite=strict; proxy_cookie_flags no nosecure nohttponly nosamesite; }
            location /off/ { proxy_pass http://@http@/; proxy_cookie_path off; proxy_cookie_domain off; }
        }
    """, [get(f"/{place}/cookie?{text}") for place in ("none", "path", "paths", "domain", "flags", "off") for text in ("one=1;%20Path=/", "two=2;%20path=/a/x;%20Domain=back.example;%20HttpOnly", "no=3;%20Path=/Cx;%20domain=.x.org;%20Secure;%20SameSite=Lax|one=4", "plain")]),
    Case("X-Accel-Redirect", r"""
        server { listen @port@; root @www@;
            location / { proxy_pass http://@http@; }
            location /files/ { internal; alias @www@/protected/; }
            location /public/ { alias @www@/; }
            location /again/ { internal; proxy_pass http://@http2@/text/; }
            location @named { return 200 "named for $uri\n"; }
            location /types/ { internal; alias @www@/; add_header X-Added 1; }
            location /ups/ { internal; return 200 "$upstream_http_x_own $upstream_status $uri $args $request_uri\n"; }
            location /errors-on { proxy_pass http://@http@/accel?/files/none; error_page 404 /public/errors/404.html; }
        }
    """, [get(f"/accel?{to}") for to in ("/files/report.pdf", "/files/none", "/files/", "/files", "/public/hello.txt", "/again/", "@named", "/types/hello.txt", "/ups/a%3fb=c", "/files/../hello.txt", "/files/report%20x.pdf", "/nowhere", "/accel")] +
        [get("/accel-type?/files/report.pdf"), get("/accel-type?/types/hello.txt"), head("/accel?/files/report.pdf"), post("/accel?/files/report.pdf", "body"), get("/accel?/files/report.pdf", "Range: bytes=0-3"), get("/accel?/files/report.pdf", "If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT"), get("/errors-on"), get("/files/report.pdf"),
         kept(request("/accel?/files/report.pdf", close=False), request("/accel?/again/"))], errors=True),
    Case("errors of backends", r"""
        server { listen @port@; root @www@;
            location / { proxy_pass http://@http@; }
            location /dead { proxy_pass http://@dead@; }
            location /intercept/ { proxy_intercept_errors on; error_page 404 /errors/404.html; error_page 500 502 = @sorry; error_page 401 /login; proxy_pass http://@http@/; }
            location /not/ { error_page 404 502 /errors/404.html; proxy_pass http://@http@/; }
            location = /login { return 200 "log in\n"; }
            location @sorry { return 200 "sorry for $uri $upstream_status\n"; }
            location /deadpage { error_page 502 /errors/50x.html; proxy_pass http://@dead@; }
            location /deadnamed { error_page 502 = @sorry; proxy_pass http://@dead@; }
            location /unbuffered/ { proxy_buffering off; proxy_pass http://@http@/; }
            location /small/ { proxy_buffer_size 1k; proxy_buffers 4 1k; proxy_busy_buffers_size 1k; proxy_pass http://@http@/; }
            location /file/ { proxy_buffers 4 4k; proxy_max_temp_file_size 0; proxy_pass http://@http@/; }
            location /slow { proxy_read_timeout 100ms; proxy_pass http://@http@/broken/nothing; }
            location /nounix { proxy_pass http://unix:@dir@/none.sock; }
        }
    """, [get(f"/broken/{kind}") for kind in ("nothing", "half-head", "big-head", "lf", "one-zero")] + [get("/broken/short"), get("/dead"), post("/dead", "body"), get("/intercept/status/404"), get("/intercept/status/500"), get("/intercept/status/401"), get("/intercept/status/403"), get("/intercept/broken/nothing"), get("/not/status/404"), get("/not/broken/nothing"), get("/deadpage"), get("/deadnamed"), get("/unbuffered/text"), get("/unbuffered/chunked"), get("/unbuffered/to-the-end"), get("/unbuffered/broken/short"),
         get("/small/text"), get("/small/fields"), get("/file/text"), get("/small/picture"), get("/slow"), get("/nounix"), head("/dead"), kept(request("/dead", close=False), request("/text"))], errors=True),
    Case("backends that break HTTP", r"""
        server { listen @port@; location / { proxy_pass http://@http@; } }
    """, [get("/broken/long"), get("/broken/nul"), *[get(f"/broken/{kind}", ours=502) for kind in ("rubbish", "two-lengths", "odd-length", "both")], *[get(f"/broken/{kind}", ours=200) for kind in ("early", "no-reason", "bad-chunk")],
          get("/accel?relative", ours=404)]),
    Case("failures that count", r"""
        upstream one { server @dead@ fail_timeout=60; server @http@; }
        upstream none { server @dead@; server @dead@ max_fails=0; }
        upstream pair { server @http@; server @http2@; }
        server { listen @port@; add_header X-Up "$upstream_addr $upstream_status" always;
            location /one { proxy_pass http://one; }
            location /none { proxy_pass http://none; }
            location /status/ { proxy_next_upstream error http_503; proxy_pass http://pair; }
        }
    """, [*[get("/one")] * 3, *[get("/none")] * 2, get("/status/503"), get("/status/503"), get("/status/200")], errors=True, like=[("upstream: \"http://127.0.0.1:[0-9]+", "upstream: \"http://SOME")]),
    Case("upstreams", r"""
        upstream pair { server @http@; server @http2@; }
        upstream weighted { server @http@ weight=3; server @http2@; }
        upstream half { server @dead@ max_fails=1 fail_timeout=60; server @http@; }
        upstream backup { server @dead@ max_fails=0; server @http2@ backup; }
        upstream down { server @http@ down; server @http2@; }
        upstream again { server @http@ max_fails=0; server @http2@ max_fails=0; }
        upstream hashed { hash $arg_k; server @http@; server @http2@; }
        upstream consistent { hash $arg_k consistent; server 127.0.0.1:1111 max_fails=0; server 127.0.0.1:2222 max_fails=0; server 127.0.0.1:3333 weight=2 max_fails=0; }
        upstream sticky { ip_hash; server @http@; server @http2@; }
        upstream least { least_conn; server @http@; server @http2@; }
        upstream kept { server @http@; keepalive 4; }
        server { listen @port@; add_header X-Up "$upstream_addr $upstream_status" always;
            location /pair { proxy_pass http://pair; }
            location /weighted { proxy_pass http://weighted; }
            location /half { proxy_pass http://half; }
            location /backup { proxy_pass http://backup; }
            location /down { proxy_pass http://down; }
            location /hashed { proxy_pass http://hashed; }
            location /consistent { proxy_next_upstream off; proxy_pass http://consistent; }
            location /sticky { proxy_pass http://sticky; }
            location /least { proxy_pass http://least; }
            location /kept { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://kept; }
            location /status/ { proxy_next_upstream error http_503 http_404 non_idempotent; proxy_pass http://again; }
            location /tries/ { proxy_next_upstream error http_503; proxy_next_upstream_tries 1; proxy_pass http://again/status/503; }
            location /off/ { proxy_next_upstream off; proxy_pass http://again/broken/nothing; }
            location /broken/ { proxy_pass http://again; }
        }
    """, [*[get("/pair")] * 3, *[get("/weighted")] * 5, *[get("/half")] * 3, post("/half", "body"), get("/backup"), get("/down"), get("/down"), *[get(f"/hashed?k={key}") for key in ("a", "b", "c", "d", "")], *[get(f"/consistent?k={key}") for key in ("a", "b", "c", "d", "e", "f", "g", "h")],
          *[get("/sticky", source=address) for address in ("127.0.0.1", "127.0.1.1", "127.0.2.1", "127.1.0.1")], *[get("/least")] * 3, *[get("/kept")] * 3, get("/status/503"), get("/status/404"), get("/status/500"), post("/status/503", "b"), get("/tries/"), get("/off/"), get("/broken/nothing"), post("/broken/nothing", "b")], errors=True, like=[("upstream: \"http://127.0.0.1:[0-9]+", "upstream: \"http://SOME")]),
    Case("upgrades", r"""
        map $http_upgrade $connection_upgrade { default upgrade; "" close; }
        server { listen @port@;
            location /ws { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; proxy_pass http://@http@; }
            location /fixed { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; proxy_pass http://@http@; }
            location /plain { proxy_pass http://@http@; }
            location /named { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; proxy_pass http://app; }
        }
        upstream app { server @http@; keepalive 2; }
    """, [websocket("/ws"), websocket("/fixed"), get("/ws"), get("/plain", *HANDSHAKE[:1]), websocket("/named"), get("/named"), websocket("/ws", then=b"x" * 100_000)]),
    Case("uwsgi", r"""
        server { listen @port@; server_name uw.example; root @www@;
            location / { include @stock@/uwsgi_params; uwsgi_pass @uwsgi@; }
            location /unix/ { include @stock@/uwsgi_params; uwsgi_pass @uwsgi_unix@; }
            location /own/ { uwsgi_param A "$uri x"; uwsgi_param B ""; uwsgi_param C "" if_not_empty; uwsgi_param D $arg_d if_not_empty; uwsgi_param HTTP_X_OVER mine; uwsgi_param HTTP_PROXY ""; uwsgi_param HTTP_X_EMPTY $arg_none; uwsgi_param HTTP_X_MAYBE $arg_none if_not_empty; uwsgi_param HTTP_ ""; uwsgi_param PATH_INFO $uri; uwsgi_pass @uwsgi@; }
            location /modifier/ { uwsgi_modifier1 5; uwsgi_modifier2 7; uwsgi_param PATH_INFO $uri; uwsgi_pass @uwsgi@; }
            location /nothing/ { uwsgi_pass @uwsgi@; }
            location /hide/ { include @stock@/uwsgi_params; uwsgi_param PATH_INFO /fields; uwsgi_hide_header X-Visible; uwsgi_pass_header Server; uwsgi_pass @uwsgi@; }
            location /intercept/ { include @stock@/uwsgi_params; uwsgi_param PATH_INFO /status/404; uwsgi_intercept_errors on; error_page 404 /errors/404.html; uwsgi_pass @uwsgi@; }
            location /dead/ { include @stock@/uwsgi_params; uwsgi_pass @dead@; }
            location /prefix { include @stock@/uwsgi_params; uwsgi_param SCRIPT_NAME /prefix; uwsgi_pass @uwsgi@; }
            location /unbuffered/ { include @stock@/uwsgi_params; uwsgi_buffering off; uwsgi_pass @uwsgi@; }
            location /noheaders/ { uwsgi_param PATH_INFO $uri; uwsgi_param REQUEST_METHOD $request_method; uwsgi_pass_request_headers off; uwsgi_pass_request_body off; uwsgi_pass @uwsgi@; }
            location /streamed/ { include @stock@/uwsgi_params; uwsgi_request_buffering off; uwsgi_pass @uwsgi@; }
            location /files/ { internal; alias @www@/protected/; }
        }
    """, [get("/x%20y/../z?a=b%20c", "X-Own: 1", "Cookie: a=1", "User-Agent: t", "X_Under: no", host="UW.example:99"), post("/body", "12345", "Content-Type: a/b"), get("/unix/x"), get("/own/x?d=1", "X-Over: theirs"), get("/own/x"), get("/own/x", "Proxy: evil", "X-Empty: theirs", "X-Maybe: theirs"), get("/modifier/x"), get("/nothing/x"), get("/hide/x"), get("/intercept/x"), get("/dead/x"), get("/prefix/x"), get("/unbuffered/text"),
          post("/noheaders/x", "body", "X-A: 1"), post("/streamed/body", "s" * 30000), head("/text"), get("/text"), get("/fields"), get("/status/500"), get("/status/204"), get("/redirect?http://@uwsgi@/x"), get("/accel?/files/report.pdf"), post("/body", b"5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), get("/", version="HTTP/1.0", host=None), get("/untyped"), get("/x", "X-Forwarded-For: 1.1.1.1", "Content-Type: t", "Authorization: Basic x", "Proxy: evil", "TE: x"),
          kept(request("/text", close=False), request("/status/404", close=False), request("/text"))], errors=True, like=[(r"REMOTE_PORT: [0-9]+", "REMOTE_PORT: N")]),
    Case("SCGI and FastCGI", r"""
        server { listen @port@; server_name cgi.example; root @www@;
            location /scgi/ { include @stock@/scgi_params; scgi_param PATH_INFO $uri; scgi_pass @scgi@; }
            location /scgi-text/ { include @stock@/scgi_params; scgi_param PATH_INFO /text; scgi_pass @scgi@; }
            location /scgi-404/ { include @stock@/scgi_params; scgi_param PATH_INFO /status/404; scgi_pass @scgi@; }
            location /scgi-redirect/ { include @stock@/scgi_params; scgi_param PATH_INFO /redirect; scgi_pass @scgi@; }
            location / { include @stock@/fastcgi_params; fastcgi_pass @fastcgi@; }
            location ~ \.php$ { include @stock@/fastcgi.conf; fastcgi_pass @fastcgi@; }
            location ~ ^(/info/.+\.ph)(/.*)$ { fastcgi_split_path_info ^(.+\.ph)(/.*)$; include @stock@/fastcgi.conf; fastcgi_param PATH_INFO $fastcgi_path_info; fastcgi_pass @fastcgi@; }
            location /index/ { fastcgi_index start.php; include @stock@/fastcgi.conf; fastcgi_pass @fastcgi@; }
            location /kept/ { fastcgi_keep_conn on; include @stock@/fastcgi_params; fastcgi_pass keep; }
            location /hide/ { include @stock@/fastcgi_params; fastcgi_param SCRIPT_NAME /fields; fastcgi_hide_header X-Visible; fastcgi_pass @fastcgi@; }
            location /catch/ { include @stock@/fastcgi_params; fastcgi_catch_stderr "PHP Fatal"; fastcgi_pass @fastcgi@; }
            location /caught/ { include @stock@/fastcgi_params; fastcgi_catch_stderr "PHP Fatal"; fastcgi_catch_stderr "a complaint"; fastcgi_pass @fastcgi@; }
            location /next/ { include @stock@/fastcgi_params; fastcgi_catch_stderr "a complaint"; fastcgi_next_upstream invalid_header; fastcgi_pass next; }
            location /none/ { fastcgi_param HTTP_PROXY ""; fastcgi_param EMPTY ""; fastcgi_param SCRIPT_NAME /x; fastcgi_pass @fastcgi@; }
            location /dead { include @stock@/fastcgi_params; fastcgi_pass @dead@; }
            location /files/ { internal; alias @www@/protected/; }
        }
        upstream keep { server @fastcgi@; keepalive 2; }
        upstream next { server @fastcgi@ max_fails=0; server @fastcgi@ max_fails=0; }
    """, [get("/caught/x?complains"), get("/caught/x"), get("/next/x?complains"), get("/none/x", "Proxy: evil"), get("/scgi/x?y=z", "X-Own: 1"), post("/scgi/body", "12345"), get("/scgi-text/x"), get("/scgi-404/x"), get("/scgi-redirect/x?/y"), head("/scgi-text/x"), get("/x%20y?a=b", "X-Own: 1"), post("/body", "12345", "Content-Type: a/b"), get("/a/b.php?x"), get("/info/a.ph/more/x"), get("/index/"), get("/index/x/"), *[get("/kept/x")] * 2, get("/hide/x"),
          get("/text?complains"), get("/catch/x?complains"), get("/dead"), get("/text"), head("/text"), get("/status/404"), get("/status/500"), get("/fields"), get("/redirect?/there"), get("/accel?/files/report.pdf"), post("/body", "b" * 100_000), get("/x", "X-Long: " + "v" * 200), post("/body", b"5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), get("/untyped"), get("/empty"),
          kept(request("/text", close=False), request("/kept/text", close=False), request("/status/404"))], errors=True, like=[(r"REMOTE_PORT: [0-9]+", "REMOTE_PORT: N")]),
    Case("how an answer of FastCGI ends", r"""
        server { listen @port@;
            location /plain/ { include @stock@/fastcgi_params; fastcgi_pass @fastcgi@; }
            location /kept/ { fastcgi_keep_conn on; include @stock@/fastcgi_params; fastcgi_pass keep; }
            location /unbuffered/ { fastcgi_buffering off; include @stock@/fastcgi_params; fastcgi_pass @fastcgi@; }
        }
        upstream keep { server @fastcgi@; keepalive 2; }
    """, [get(f"/{place}/ends/{end}") for place in ("plain", "kept", "unbuffered") for end in ENDS if end != "cut-before-its-length" and (place, end) != ("unbuffered", "shorter-than-its-length")] +
        [kept(request("/kept/ends/at-once", close=False), request("/plain/ends/three-pieces", close=False), request("/kept/ends/no-body"))],
        errors=True, like=[(r"REMOTE_PORT: [0-9]+", "REMOTE_PORT: N")]),
    Case("an answer of FastCGI that is cut short", r"""
        server { listen @port@;
            location /plain/ { include @stock@/fastcgi_params; fastcgi_pass @fastcgi@; }
            location /kept/ { fastcgi_keep_conn on; include @stock@/fastcgi_params; fastcgi_pass keep; }
            location /unbuffered/ { fastcgi_buffering off; include @stock@/fastcgi_params; fastcgi_pass @fastcgi@; }
        }
        upstream keep { server @fastcgi@; keepalive 2; }
    """, [get(f"/{place}/ends/{end}") for place in ("plain", "kept", "unbuffered") for end in ("cut-before-its-length", "shorter-than-its-length")], like=[(r"REMOTE_PORT: [0-9]+", "REMOTE_PORT: N")]),
    Case("ranges of what was passed on", r"""
        server { listen @port@;
            location /p/ { proxy_force_ranges on; proxy_pass http://@http@/; }
            location /gzip/ { gzip on; gzip_types *; proxy_force_ranges on; proxy_pass http://@http@/; }
            location /unbuffered/ { proxy_buffering off; proxy_force_ranges on; proxy_pass http://@http@/; }
            location /small/ { proxy_buffers 2 4k; proxy_buffer_size 4k; proxy_busy_buffers_size 4k; proxy_max_temp_file_size 0; proxy_force_ranges on; proxy_pass http://@http@/; }
            location /u/ { uwsgi_param PATH_INFO /text; uwsgi_force_ranges on; uwsgi_pass @uwsgi@; }
            location /s/ { scgi_param PATH_INFO /text; scgi_force_ranges on; scgi_pass @scgi@; }
            location /f/ { fastcgi_param SCRIPT_NAME /text; fastcgi_force_ranges on; fastcgi_pass @fastcgi@; }
            location /chain/ { proxy_force_ranges on; proxy_intercept_errors on; error_page 416 /p/json; proxy_pass http://@http@/; }
        }
    """, [get(target, f"Range: bytes={asked}") for target in ("/p/text", "/p/json", "/p/empty", "/p/chunked", "/p/status/404", "/p/picture") for asked in ("1-2", "-5", "100-", "0-", "0-0,2-3", "99999999-", "5-1", "x")] +
        [get(target, "Range: bytes=40000-40099") for target in ("/gzip/text", "/unbuffered/text", "/small/text", "/u/", "/s/", "/f/")] + [get("/gzip/text", "Range: bytes=1-2", "Accept-Encoding: gzip"), get("/p/text"), head("/p/text", "Range: bytes=1-2"), get("/chain/json", "Range: bytes=99999999-"),
         get("/p/text", "Range: bytes=1-2", 'If-Range: "text"'), get("/p/text", "Range: bytes=1-2", 'If-Range: "other"'), get("/p/text", "Range: bytes=1-2", "If-Range: Sat, 01 Jan 2022 00:00:00 GMT"), get("/p/text", "Range: bytes=1-2", "If-Range: Sat, 01 Jan 2022 00:00:01 GMT"), get("/p/text", "Range: bytes=1-2", version="HTTP/1.0"),
         kept(request("/p/text", "Range: bytes=3-9", close=False), request("/p/json", "Range: bytes=-1", close=False), request("/p/text", "Range: bytes=40000-50000"))]),
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_same(case, nginx_pair):
    nginx_pair.compare(case)

"""Limits, access rules, passwords, who the client is, and what the logs say of it."""

import pytest

from nginx_pair import Case, get, head, kept, post, raw, request

# alice:secret as crypt, apr1, {SHA}, {SSHA}, {PLAIN}, sha256 and sha512 of crypt; mallory's is broken.
PASSWORDS = """# a comment
alice:{PLAIN}secret
bob:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/
carol:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
crypt:abNANd1rDfiNc
sha5:$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA
colon:{PLAIN}se:cret:a comment behind
mallory:nothing that is a hash
empty:
"""


def basic(text):
    import base64
    return "Authorization: Basic " + base64.b64encode(text.encode()).decode()


CASES = [
    Case("bodies that are too large", r"""
        client_max_body_size 100; lingering_timeout 50ms;
        server { listen @port@; root @www@;
            location / { return 200 "ok\n"; }
            location /small { client_max_body_size 10; proxy_pass http://@http@/body; }
            location /any { client_max_body_size 0; proxy_pass http://@http@/body; }
            location /page { client_max_body_size 1; error_page 413 /errors/50x.html; proxy_pass http://@http@/body; }
            location /page2 { client_max_body_size 1; error_page 413 = @large; proxy_pass http://@http@/body; }
            location /page3 { error_page 413 /errors/50x.html; proxy_pass http://@http@/body; }
            location /page4 { error_page 413 =200 /page3; }
            location @large { return 200 "too large for $uri\n"; }
            location /buffer { client_body_buffer_size 1k; client_max_body_size 1m; proxy_pass http://@http@/body; }
            location /file { client_body_in_file_only clean; client_max_body_size 1m; proxy_pass http://@http@/body; }
            location /single { client_body_in_single_buffer on; client_max_body_size 1m; proxy_pass http://@http@/body; }
        }
    """, [post("/", "x" * 100), post("/", "x" * 101), post("/small", "x" * 10), post("/small", "x" * 11), post("/any", "x" * 200_000), post("/page", "xx"), post("/page2", "xx"), post("/page3", "x" * 101), post("/page3", "x" * 300_000), post("/page4", "x" * 101), post("/buffer", "y" * 5000), post("/buffer", "z" * 100_000),
          post("/file", "f" * 500), post("/single", "s" * 20000), kept(request("/", method="POST", body=b"x" * 101, close=False)), kept(request("/small", method="POST", body=b"x" * 5, close=False), request("/small")),
          get("/", "Content-Length: 1000", method="POST"), post("/small", b"5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), post("/small", b"b\r\nhello world\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), post("/buffer", b"400\r\n" + b"c" * 1024 + b"\r\n" + b"400\r\n" + b"d" * 1024 + b"\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
          raw(request("/", "Expect: 100-continue", method="POST", body=b"x" * 101)), raw(request("/small", "Expect: 100-continue", method="POST", body=b"x" * 11)), raw(request("/small", "Expect: something", method="POST", body=b"hello"), ours=417),
          get("/", "Content-Length: 1000", "Expect: 100-continue", method="POST")], errors=True, like=[("(tmp/body)/[0-9]+", r"\1/N")]),
    Case("bodies that lie in files", r"""
        server { listen @port@; client_body_temp_path @dir@/tmp/own 1 2;
            location / { client_body_in_file_only clean; proxy_set_header X-File $request_body_file; proxy_pass http://@http@/body; }
            location /on { client_body_in_file_only on; proxy_set_header X-File $request_body_file; proxy_set_body off; proxy_pass http://@http@/body; }
            location /none { client_body_in_file_only on; proxy_set_header X-File "[$request_body_file][$request_body]"; proxy_pass http://@http@/body; }
            location /off { proxy_set_header X-File "[$request_body_file][$request_body]"; proxy_pass http://@http@/body; }
            location /uwsgi { client_body_in_file_only on; uwsgi_param PATH_INFO /body; uwsgi_param FILE $request_body_file; uwsgi_pass_request_body off; uwsgi_pass @uwsgi@; }
        }
    """, [post("/", "f" * 500), post("/", "f" * 100_000), post("/", ""), get("/"), post("/on", "x" * 10), post("/none", "y" * 10), post("/off", "z" * 10), post("/", b"5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), post("/uwsgi", "abc"), kept(request("/on", method="POST", body=b"1", close=False), request("/", method="POST", body=b"2"))],
         like=[("tmp/own/[0-9]/[0-9][0-9]/[0-9]{10}", "tmp/own/NAME"), ("REMOTE_PORT: [0-9]+", "REMOTE_PORT: N")]),
    Case("a first buffer that is larger than the others", r"""
        server { listen @port@; client_header_buffer_size 32k; large_client_header_buffers 2 4k; lingering_timeout 50ms; location / { return 200 "ok $http_x\n"; } }
    """, [get("/" + "a" * 12000), get("/", "X: " + "b" * 12000), get("/", *[f"Y-{n}: " + "c" * 3000 for n in range(8)]), get("/" + "a" * 33000)]),
    Case("heads that are too large", r"""
        server { listen @port@; client_header_buffer_size 256; large_client_header_buffers 2 1k; root @www@; location / { return 200 "ok\n"; } error_page 414 /errors/50x.html; }
        server { listen @port2@; large_client_header_buffers 4 8k; location / { return 200 "ok\n"; } }
        server { listen @port3@; large_client_header_buffers 2 1k; root @www@; error_page 494 /errors/404.html; error_page 400 =418 /errors/50x.html; }
    """, [get("/" + "a" * 500), get("/" + "a" * 1100), get("/", "X: " + "b" * 900), get("/", "X: " + "b" * 1100), get("/", "X: " + "b" * 900, "Y: " + "c" * 900, "Z: " + "d" * 900), get("/" + "a" * 8000, port="port2"), get("/" + "a" * 8300, port="port2"),
          get("/", "X: " + "b" * 8300, port="port2"), get("/", *[f"X-{n}: {'v' * 1000}" for n in range(30)], port="port2"), get("/", *[f"X-{n}: {'v' * 1000}" for n in range(40)], port="port2"), get("/" + "a" * 1100, port="port3"), get("/", "X: " + "b" * 1100, port="port3"), get("/", *[f"X-{n}: v" for n in range(200)], port="port2")], errors=True),
    Case("limit_req", r"""
        limit_req_zone $arg_k zone=slow:1m rate=1r/m;
        limit_req_zone $arg_k zone=burst:1m rate=1r/m;
        limit_req_zone $arg_k zone=status:1m rate=1r/m;
        limit_req_zone $arg_k zone=dry:1m rate=1r/m;
        limit_req_zone $arg_empty zone=empty:1m rate=1r/m;
        server { listen @port@; root @www@;
            location /slow/ { limit_req zone=slow; alias @www@/; }
            location /burst/ { limit_req zone=burst burst=2 nodelay; alias @www@/; add_header X-Limit $limit_req_status always; }
            location /status/ { limit_req zone=status; limit_req_status 429; limit_req_log_level warn; alias @www@/; add_header X-Limit $limit_req_status always; }
            location /dry/ { limit_req zone=dry; limit_req_dry_run on; alias @www@/; add_header X-Limit $limit_req_status always; }
            location /empty/ { limit_req zone=empty; alias @www@/; add_header X-Limit $limit_req_status always; }
            location /page/ { limit_req zone=slow; error_page 503 /errors/50x.html; alias @www@/; }
        }
    """, [get("/slow/hello.txt?k=a"), get("/slow/hello.txt?k=a"), get("/slow/hello.txt?k=b"), get("/slow/hello.txt"), get("/slow/hello.txt"), *[get("/burst/hello.txt?k=a")] * 4, get("/status/hello.txt?k=a"), get("/status/hello.txt?k=a"), get("/dry/hello.txt?k=a"),
          get("/dry/hello.txt?k=a"), *[get("/empty/hello.txt")] * 2, get("/page/hello.txt?k=a"), kept(request("/slow/hello.txt?k=a", close=False), request("/slow/hello.txt?k=new"))], errors=True, like=[(r"excess: [0-9.]+", "excess: N")]),
    Case("limit_req that delays", r"""
        limit_req_zone $uri zone=quick:1m rate=50r/s;
        server { listen @port@; root @www@; location / { limit_req zone=quick burst=5; add_header X-Limit $limit_req_status; } }
    """, [raw(request("/hello.txt", close=False) * 4 + request("/hello.txt"), 5, like=[("X-Limit: (PASSED|DELAYED)", "X-Limit: either")])]),
    Case("limit_conn", r"""
        limit_conn_zone $server_name zone=all:1m; limit_conn_zone $arg_k zone=key:1m;
        server { listen @port@; server_name limited; root @www@; location / { limit_conn all 1; limit_conn key 5; add_header X-Conn $limit_conn_status; } location /zero/ { limit_conn key 1; limit_conn_dry_run on; alias @www@/; add_header X-Conn $limit_conn_status; } }
    """, [get("/hello.txt?k=1"), get("/hello.txt"), get("/zero/hello.txt?k=2"), get("/zero/hello.txt")]),
    Case("allow and deny", r"""
        server { listen @port@; root @www@;
            location / { allow 127.0.0.1; deny all; }
            location /sub/ { deny 127.0.0.5; allow 127.0.0.0/8; deny all; }
            location /noindex/ { deny all; }
            location /media/ { allow all; deny 127.0.0.1; }
            location /static/ { deny 10.0.0.0/8; allow ::1; }
            location /page/ { deny all; error_page 403 /errors/404.html; }
            location /errors/ { allow all; }
            location /return { deny all; return 200 "rewrite comes first\n"; }
            location /outer/ { deny all; location /outer/in/ { allow all; return 200 "in\n"; } location /outer/same/ { alias @www@/; } }
            location = /unix { allow unix:; deny all; }
        }
    """, [get("/hello.txt"), get("/hello.txt", source="127.0.0.2"), get("/sub/page.html"), get("/sub/page.html", source="127.0.0.5"), get("/sub/page.html", source="127.8.0.5"), get("/noindex/a.txt"), get("/media/photo.jpg"), get("/static/css/site.css"),
          get("/page/x"), get("/return"), get("/outer/in/"), get("/outer/same/hello.txt"), post("/noindex/a.txt", "x"), get("/unix"), head("/noindex/a.txt")], errors=True),
    Case("auth_basic", r"""
        map $arg_r $realm { default "by $arg_r"; off off; }
        server { listen @port@; root @www@; auth_basic "members only"; auth_basic_user_file @dir@/passwords;
            location / { add_header X-User $remote_user; }
            location /sub/ { auth_basic off; }
            location /noindex/ { auth_basic_user_file @dir@/missing; }
            location /media/ { auth_basic $realm; }
            location /return { return 200 "user $remote_user\n"; }
            location /page/ { error_page 401 /errors/404.html; }
            location /errors/ { auth_basic off; }
            location /back/ { proxy_pass http://@http@/; }
            location /static/ { auth_basic 'with "quotes"'; }
        }
    """, [get("/hello.txt"), *[get("/hello.txt", basic(text)) for text in ("alice:secret", "alice:wrong", "bob:secret", "carol:secret", "crypt:secret", "sha5:secret", "colon:se", "colon:se:cret", "mallory:x", "empty:", "nobody:x", "alice", "", ":secret", "ALICE:secret")],
          get("/hello.txt", "Authorization: Basic"), get("/hello.txt", "Authorization: Bearer x"), get("/hello.txt", "Authorization: basic YWxpY2U6c2VjcmV0"), get("/hello.txt", "Authorization: Basic   YWxpY2U6c2VjcmV0"), get("/hello.txt", "Authorization: Basic YWxpY2U6c2VjcmV0 "), get("/sub/page.html"),
          get("/noindex/a.txt", basic("alice:secret")), get("/media/photo.jpg?r=x"), get("/media/photo.jpg?r=off"), get("/return"), get("/page/x"), get("/back/x", basic("alice:secret")), get("/static/css/site.css"), head("/hello.txt"), post("/hello.txt", "x")],
         files={"passwords": PASSWORDS}, errors=True),
    Case("satisfy", r"""
        server { listen @port@; root @www@; auth_basic "site"; auth_basic_user_file @dir@/passwords;
            location / { satisfy any; allow 127.0.0.5; deny all; }
            location /sub/ { satisfy all; allow 127.0.0.5; deny all; }
            location /noindex/ { satisfy any; allow 127.0.0.0/8; }
            location /media/ { satisfy any; deny all; auth_request /auth; }
            location /static/ { satisfy all; auth_request /no; }
            location = /auth { internal; auth_basic off; auth_request off; allow all; proxy_pass http://@http@/auth/yes; }
            location = /no { internal; auth_basic off; proxy_pass http://@http@/auth/no; }
        }
    """, [get("/hello.txt"), get("/hello.txt", source="127.0.0.5"), get("/hello.txt", basic("alice:secret")), get("/sub/page.html"), get("/sub/page.html", source="127.0.0.5"), get("/sub/page.html", basic("alice:secret"), source="127.0.0.5"), get("/noindex/a.txt"), get("/media/photo.jpg"),
          get("/static/css/site.css", basic("alice:secret")), get("/static/css/site.css")], files={"passwords": PASSWORDS}, errors=True),
    Case("auth_request", r"""
        server { listen @port@; root @www@;
            location / { auth_request /auth/yes; auth_request_set $user $upstream_http_x_user; auth_request_set $group $upstream_http_x_group; add_header X-User "$user $group" always; }
            location /sub/ { auth_request /auth/no; auth_request_set $user $upstream_http_x_user; add_header X-User $user always; }
            location /noindex/ { auth_request /auth/forbidden; auth_request_set $user $upstream_http_x_user; add_header X-User $user always; }
            location /media/ { auth_request /auth/broken; }
            location /static/ { auth_request /local; auth_request_set $u static; add_header X-U $u; }
            location /spa/ { auth_request /missing; }
            location /page/ { auth_request /auth/no; error_page 401 = @login; }
            location @login { return 302 /login?next=$request_uri; }
            location /back/ { auth_request /auth/yes; auth_request_set $user $upstream_http_x_user; proxy_set_header X-User $user; proxy_pass http://@http@/body/; }
            location /return { auth_request /auth/no; return 200 "rewrite first\n"; }
            location /dead/ { auth_request /deadauth; }
            location = /deadauth { internal; proxy_pass http://@dead@; }
            location = /local { return 204; }
            location /auth/ { internal; proxy_pass http://@http@; proxy_pass_request_body off; proxy_set_header Content-Length ""; proxy_set_header X-Original-URI $request_uri; proxy_set_header X-Original-Method $request_method; }
        }
    """, [get("/hello.txt"), get("/hello.txt", "Cookie: session=1", "X-Other: 2"), get("/sub/page.html"), get("/noindex/a.txt"), get("/media/photo.jpg"), get("/static/css/site.css"), get("/spa/index.html"), get("/page/x?y=z"), post("/back/x", "the body"), get("/return"), get("/dead/x"), get("/auth/yes"),
          head("/hello.txt"), get("/none"), post("/hello.txt", "x"), get("/hello.txt", "Range: bytes=0-3"), get("/hello.txt", "If-Modified-Since: Sun, 02 Jan 2022 00:00:00 GMT"), kept(request("/hello.txt", close=False), request("/sub/page.html"))], errors=True),
    Case("realip", r"""
        set_real_ip_from 127.0.0.0/30; set_real_ip_from 10.0.0.0/8; real_ip_header X-Forwarded-For;
        server { listen @port@;
            location / { return 200 "$remote_addr $realip_remote_addr $proxy_add_x_forwarded_for\n"; }
            location /back { proxy_set_header X-Real $remote_addr; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_pass http://@http@; }
            location /deny { deny 1.2.3.4; allow all; root @www@; try_files /hello.txt =404; }
        }
        server { listen @port2@; real_ip_recursive on; location / { return 200 "$remote_addr\n"; } }
        server { listen @port3@; real_ip_header X-Real-IP; location / { return 200 "$remote_addr $remote_port\n"; } }
    """, [get("/"), get("/", "X-Forwarded-For: 1.2.3.4"), get("/", "X-Forwarded-For: 1.2.3.4, 5.6.7.8"), get("/", "X-Forwarded-For: 1.2.3.4", source="127.0.0.9"), get("/", "X-Forwarded-For: nonsense"), get("/", "X-Forwarded-For: 1.2.3.4:80"), get("/", "X-Forwarded-For: ::5"), get("/", "X-Forwarded-For: [::5]:81"), get("/", "X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 2.2.2.2"),
          get("/", "X-Forwarded-For: "), get("/", "X-Forwarded-For: 1.2.3.4,"), get("/back", "X-Forwarded-For: 1.2.3.4"), get("/deny", "X-Forwarded-For: 1.2.3.4"), get("/deny"), get("/", "X-Forwarded-For: 1.2.3.4, 10.0.0.1, 10.0.0.2", port="port2"), get("/", "X-Forwarded-For: 10.0.0.1", port="port2"), get("/", "X-Forwarded-For: 1.1.1.1, x, 10.0.0.2", port="port2"),
          get("/", "X-Real-IP: 9.9.9.9", port="port3", like=[(r"9\.9\.9\.9 \d+", "9 PORT")]), get("/", "X-Real-IP: 9.9.9.9:77", port="port3"), get("/", "X-Real-IP: a, 8.8.8.8", port="port3", like=[(" [0-9]+$", " PORT")])], errors=True),
    Case("realip of PROXY", r"""
        server { listen @port@ proxy_protocol; set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol; location / { return 200 "$remote_addr $remote_port $proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr $proxy_protocol_server_port\n"; } }
    """, [raw(b"PROXY TCP4 1.2.3.4 5.6.7.8 1111 80\r\n" + request("/")), raw(b"PROXY TCP6 ::1 ::2 1111 80\r\n" + request("/")), raw(b"PROXY UNKNOWN\r\n" + request("/"), like=[("127.0.0.1 [0-9]+", "127.0.0.1 PORT")]), raw(request("/")), raw(b"PROXY TCP4 x y 1 2\r\n" + request("/"))]),
    Case("valid_referers", r"""
        server { listen @port@; server_name site.example *.wild.example;
            location /a { valid_referers none blocked server_names *.example.org example.com/path ~\.google\.; if ($invalid_referer) { return 403; } return 200 "fine [$invalid_referer]\n"; }
            location /b { valid_referers server_names; if ($invalid_referer) { return 403; } return 200 "fine\n"; }
            location /c { valid_referers blocked www.*; return 200 "[$invalid_referer]\n"; }
            location /d { return 200 "[$invalid_referer]\n"; }
        }
    """, [get(path, *([f"Referer: {text}"] if text is not None else []), host="site.example") for path in ("/a", "/b", "/c", "/d") for text in (None, "", "-", "http://site.example/x", "http://a.wild.example", "https://x.example.org/", "http://example.com/path/x", "http://example.com/other", "http://www.google.com/", "http://evil/", "no-scheme", "http://SITE.example:80/", "http://www.any/")]),
    Case("logs", r"""
        log_format short '$remote_addr "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"';
        log_format all escape=default '[$remote_user] $uri $args $request_uri $host $server_name $request_method $server_protocol $scheme $bytes_sent $request_length $sent_http_content_type $http_x_odd $request_completion $pipe $connection_requests $sent_http_location [$http_missing]';
        log_format json escape=json '{"uri": "$uri", "odd": "$http_x_odd", "ua": "$http_user_agent", "missing": "$http_missing", "args": "$args"}';
        log_format raw escape=none '$uri $http_x_odd $http_missing|$args';
        map $status $loggable { ~^[23] 0; default 1; }
        server { listen @port@; root @www@;
            access_log @dir@/logs/short.log short; access_log @dir@/logs/all.log all; access_log @dir@/logs/json.log json; access_log @dir@/logs/raw.log raw; access_log @dir@/logs/some.log short if=$loggable; access_log @dir@/logs/buffered.log short buffer=4k flush=1m;
            location /off { access_log off; return 200 "x\n"; }
            location /own { access_log @dir@/logs/own.log short; return 200 "x\n"; }
            location /back/ { proxy_pass http://@http@/; }
            location /off-first { access_log off; access_log @dir@/logs/own.log short; return 200 "x\n"; }
            location /off-last { access_log @dir@/logs/own.log short; access_log off; return 200 "x\n"; }
            location /named/ { access_log @dir@/logs/by-$arg_name.log short; return 200 "x\n"; }
            location /rewritten { rewrite ^ /hello.txt; }
            location /errors/ { log_subrequest on; }
            location /444 { return 444; }
            location /sub-auth { auth_request /back/auth/yes; try_files /hello.txt =404; }
        }
    """, [get("/"), get("/none?x=y"), get("/hello.txt", 'X-Odd: q"uo\\te tab', 'User-Agent: ag"ent', "Referer: http://r/?\u00e9"), get("/off"), get("/off-first"), get("/off-last"), get("/own"), get("/back/text"), get("/back/status/500"), get("/named/?name=one"), get("/named/?name=two"), head("/hello.txt"), post("/hello.txt", "body"), get("/rewritten"),
          get("/%22%5c%c3%a9?%22"), get("/444"), get("/hello.txt", "Range: bytes=0-3"), get("/hello.txt", "If-Modified-Since: Sun, 02 Jan 2022 00:00:00 GMT"), kept(request("/hello.txt", close=False), request("/hello.txt", close=False)), raw(b"rubbish\r\n\r\n", ours=400), raw(b"GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n"), get("/sub-auth"), raw(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"),
          get("/hello.txt", version="HTTP/1.0"), get("/big.bin"), get("/sub")],
         logs=[f"logs/{name}.log" for name in ("short", "all", "json", "raw", "some", "buffered", "own", "by-one", "by-two")], errors=True, like=[("open.. .*/\"[^ ]* failed", "open() NAME failed")]),
    Case("the logs' usual form", r"""
        server { listen @port@; root @www@; access_log @dir@/logs/a.log combined; access_log @dir@/logs/b.log; location /x { access_log @dir@/logs/c.log; } }
    """, [get("/"), get("/x"), get("/hello.txt", "Authorization: Basic YWxpY2U6cHc=", "User-Agent: a b"), post("/none", "x")], logs=["logs/a.log", "logs/b.log", "logs/c.log"], like=[(r"\[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} [+-][0-9]{4}\]", "[TIME]")]),
    Case("logs of upstreams", r"""
        log_format up '$upstream_addr|$upstream_status|$upstream_bytes_sent|$upstream_bytes_received|$upstream_response_length|$upstream_http_x_visible|$upstream_cookie_a|$upstream_cache_status|$proxy_host|$proxy_port|$upstream_trailer_x';
        upstream two { server @dead@ max_fails=0; server @http@ max_fails=0; }
        server { listen @port@; access_log @dir@/logs/up.log up;
            location / { proxy_pass http://@http@; } location /dead { proxy_pass http://@dead@; } location /two { proxy_pass http://two/; } location /none { return 200; }
            location /intercept { proxy_intercept_errors on; error_page 404 = @again; proxy_pass http://@http@/status/404; } location @again { proxy_pass http://@http2@; } location /cookie2 { proxy_pass http://@http@/cookie?a=1|b=2; }
        }
    """, [get("/"), get("/fields"), get("/dead"), get("/two"), get("/two"), get("/none"), get("/intercept"), get("/cookie?a=5"), get("/cookie2"), post("/body", "12345"), get("/broken/nothing")], logs=["logs/up.log"]),
    Case("clients that are slow or go", r"""
        log_format line '"$request" $status $body_bytes_sent $host';
        server { listen @port@; client_body_timeout 1s; client_header_timeout 1s; access_log @dir@/logs/line.log line;
            location / { proxy_pass http://@http@; }
            location /streamed { proxy_request_buffering off; proxy_pass http://@http@; }
            location /static { return 200 "x\n"; }
        }
    """, [raw("POST /half HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"), raw("POST /streamed HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"), raw("GET /half HTTP/1.1\r\nHo"), raw("GET /line HT"), raw("GET / HTTP/1.1\r\nHost: a\r\n"), raw(request("/static", close=False) + b"GET /second HTTP/1.1\r\n", 2),
          raw("GET /gone HTTP/1.1\r\nHo", 0), raw("POST /gone HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab", 0), raw("", 0)], logs=["logs/line.log"]),
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_same(case, nginx_pair):
    nginx_pair.compare(case)

"""Header fields that nginx adds, and what its variables and maps say."""

import pytest

from nginx_pair import Case, get, head, kept, post, raw, request

# Variables whose values are the same in both runs.
PLAIN = """arg_a arg_missing args binary_remote_addr body_bytes_sent content_length content_type cookie_a cookie_missing document_root document_uri
    host hostname http_user_agent http_x_own http_missing https is_args limit_rate nginx_version pipe query_string realpath_root remote_addr
    remote_user request request_body_file request_completion request_filename request_method request_uri scheme server_addr
    server_name server_port server_protocol status uri http_host http_cookie http_x_forwarded_for http_referer http_via proxy_protocol_addr
    sent_http_content_type connection_requests tcpinfo_rtt_missing""".split()
PLAIN.remove("tcpinfo_rtt_missing")
SHAPES = [("^time ([0-9]{4}-[0-9-]+T[0-9:]+[+-][0-9:]+)$", "time ISO"), ("^local ([0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} [+-][0-9]{4})$", "local LOCAL"),
          (r"^msec [0-9]+\.[0-9]{3}$", "msec N"), (r"^request_time [0-9]+\.[0-9]{3}$", "request_time N"), ("^id [0-9a-f]{32}$", "id HEX"), ("^pid [0-9]+$", "pid N"),
          ("^connection [0-9]+$", "connection N"), ("^port [0-9]+$", "port N"), ("^date .*$", "date D"),
          (r"^connection_time [0-9]+\.[0-9]{3}$", "connection_time N")]

CASES = [
    Case("add_header", r"""
        add_header X-Http http;
        server { listen @port@; root @www@; add_header X-Server server; add_header X-Always always always;
            location /inherits { return 200 "x\n"; }
            location /own { add_header X-Own own; return 200 "x\n"; }
            location /404 { return 404; }
            location /403 { return 403; }
            location /301 { return 301 /x; }
            location /204 { return 204; }
            location /500 { return 500; }
            location /201 { return 201 "x"; }
            location /418 { return 418 "x"; }
            location /304/ { alias @www@/; }
            location /same { add_header X-A 1; add_header X-A 2; add_header x-a 3; return 200 "x\n"; }
            location /empty { add_header X-Empty ""; add_header X-Var $arg_v; return 200 "x\n"; }
            location /known { add_header Last-Modified "Sat, 01 Jan 2022 00:00:00 GMT"; add_header ETag '"mine"'; add_header Cache-Control private; add_header Cache-Control "max-age=1"; add_header Vary Cookie; return 200 "x\n"; }
            location /file/ { alias @www@/; add_header Last-Modified ""; add_header Cache-Control no-cache; add_header Content-Type text/own; }
            location /file2/ { alias @www@/; add_header Last-Modified $arg_lm; add_header ETag ""; add_header Server mine; add_header Date mine; add_header Content-Length 5; add_header Connection mine; }
            location /nested/ { add_header X-Outer 1; location /nested/in/ { return 200 "in\n"; } location /nested/own/ { add_header X-Inner 1; return 200 "own\n"; } }
            location /status { add_header X-Status "$status $sent_http_content_type $upstream_status"; return 200 "x\n"; }
            location /long { add_header Content-Security-Policy "default-src 'self'; img-src *" always; add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always; return 404; }
            location /err { error_page 404 /errors/404.html; add_header X-Err 1; }
            location /errors/ { add_header X-Errors 1; add_header X-Errors-Always 1 always; }
            location /link { add_header Link "</a.css>; rel=preload"; add_header Link "</b.css>; rel=preload"; return 200 "x\n"; }
        }
    """, [get(path) for path in ("/inherits", "/own", "/404", "/403", "/301", "/204", "/500", "/201", "/418", "/same", "/empty", "/empty?v=1", "/known", "/file/hello.txt", "/file2/hello.txt", "/file2/hello.txt?lm=Sat",
                                 "/nested/in/", "/nested/own/", "/status", "/long", "/err/x", "/link", "/hello.txt", "/none", "/file2/")] +
        [get("/304/hello.txt", "If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT"), get("/304/hello.txt", "Range: bytes=0-1"), head("/own"), get("/304/hello.txt", "Range: bytes=900-"),
         get("/file/hello.txt", "If-Modified-Since: Sun, 02 Jan 2022 00:00:00 GMT"), post("/hello.txt", "x")]),
    Case("add_trailer", r"""
        log_format trailer '$uri $sent_trailer_x_sum';
        server { listen @port@; root @www@; add_trailer X-Sum "$uri of $request_method"; access_log @dir@/logs/trailer.log trailer;
            location / { }
            location /always/ { add_trailer X-Always "$status" always; add_trailer X-Good "$body_bytes_sent"; add_trailer X-Empty ""; }
            location /none { add_trailer X-Nothing $arg_none; return 200 "x\n"; }
            location /plain { chunked_transfer_encoding off; alias @www@/hello.txt; }
            location /own { add_header X-A b; return 200 "x\n"; }
            location /gzip { gzip on; gzip_types *; gzip_min_length 1; add_trailer X-Ratio "x$gzip_ratio"; alias @www@/text.txt; }
            location /back/ { add_trailer X-Up "$upstream_status $upstream_response_length"; proxy_pass http://@http@/; }
            location /ranges { add_trailer X-A b; proxy_force_ranges on; proxy_pass http://@http@/text; }
            location /two { add_trailer X-A 1; add_trailer X-A 2; return 404 "x\n"; }
            location /odd { add_trailer X-A "$arg_x"; add_trailer X-A "$arg_x" always; return 200 "x\n"; }
        }
    """, [get(path) for path in ("/hello.txt", "/big.bin", "/none.txt", "/always/none", "/none", "/none?none=1", "/plain", "/own", "/gzip", "/back/text", "/back/chunked", "/back/empty", "/back/to-the-end", "/back/status/404", "/back/status/204", "/two", "/odd?x=1", "/empty.txt", "/sub", "/ranges")] +
        [get("/gzip", "Accept-Encoding: gzip"), head("/hello.txt"), get("/hello.txt", version="HTTP/1.0"), get("/hello.txt", "Range: bytes=1-2"), get("/big.bin", "Range: bytes=100000-199999"), get("/hello.txt", "Range: bytes=1-2,4-5"), get("/hello.txt", "If-None-Match: *"), get("/ranges", "Range: bytes=1-2"), get("/hello.txt", "TE: trailers"),
         kept(request("/hello.txt", close=False), request("/back/text", close=False), request("/always/none"))], logs=["logs/trailer.log"]),
    Case("expires of what a variable says", r"""
        map $arg_e $when { default $arg_e; }
        server { listen @port@; root @www@;
            location / { expires modified $when; }
            location /back/ { expires modified $when; proxy_pass http://@http@/; }
        }
    """, [get(f"{path}?e={when}") for path in ("/hello.txt", "/back/text", "/back/json") for when in ("1h", "-1h", "off", "epoch", "max", "", "@1h", "bogus", "+2h", "0")]),
    Case("expires", r"""
        map $sent_http_content_type $by_type { default off; text/html epoch; text/css max; ~image/ 1h; text/plain -1; }
        server { listen @port@; root @www@;
            location /1h { expires 1h; return 200 "x\n"; }
            location /minus { expires -1h; return 200 "x\n"; }
            location /0 { expires 0; return 200 "x\n"; }
            location /-1 { expires -1; return 200 "x\n"; }
            location /epoch { expires epoch; return 200 "x\n"; }
            location /max { expires max; return 200 "x\n"; }
            location /off { expires off; return 200 "x\n"; }
            location /mod/ { alias @www@/; expires modified 1d; }
            location /modp/ { alias @www@/; expires modified +100000w; }
            location /modn { expires modified 1d; return 200 "x\n"; }
            location /daily { expires @23h59m; return 200 "x\n"; }
            location /years { expires 1y6M; return 200 "x\n"; }
            location /var { expires $arg_e; return 200 "x\n"; }
            location /map/ { alias @www@/; expires $by_type; }
            location /404 { expires 1h; return 404; }
            location /301 { expires 1h; return 301 /x; }
            location /500 { expires 1h; return 500; }
            location /304/ { alias @www@/; expires 1h; }
            location /both { expires 1h; add_header Cache-Control public; add_header Cache-Control must-revalidate; return 200 "x\n"; }
            location /fromback { expires 1h; proxy_pass http://@http@/fields; }
            location /offback { expires off; proxy_pass http://@http@/fields; }
            location /addback { add_header Cache-Control private; proxy_pass http://@http@/fields; }
        }
    """, [get(path) for path in ("/1h", "/minus", "/0", "/-1", "/epoch", "/max", "/off", "/mod/hello.txt", "/modp/hello.txt", "/modn", "/daily", "/years", "/var?e=1h", "/var?e=max", "/var?e=off", "/var?e=nonsense", "/var",
                                 "/var?e=-5", "/var?e=epoch", "/map/index.html", "/map/style.css", "/map/picture.png", "/map/hello.txt", "/map/app.js", "/404", "/301", "/500", "/both", "/fromback", "/offback", "/addback", "/304/none")] +
        [get("/304/hello.txt", "If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT"), get("/304/hello.txt", "Range: bytes=0-0")], errors=True),
    Case("charset", r"""
        map $arg_c $named { default off; u utf-8; k koi8-r; }
        server { listen @port@; root @www@;
            location /utf/ { alias @www@/; charset utf-8; }
            location /types/ { alias @www@/; charset utf-8; charset_types text/css application/json; }
            location /all/ { alias @www@/; charset windows-1251; charset_types *; }
            location /off/ { alias @www@/; charset off; }
            location /var/ { alias @www@/; charset $named; }
            location /text { charset utf-8; default_type text/html; return 200 "x\n"; }
            location /typed { charset utf-8; default_type "text/html; charset=latin1"; return 200 "x\n"; }
            location /404 { charset utf-8; return 404; }
            location /301 { charset utf-8; return 301 /x; }
            location /plain { charset utf-8; default_type text/plain; return 200 "x\n"; }
            location /back/ { charset utf-8; proxy_pass http://@http@/; }
            location /over/ { charset utf-8; override_charset on; proxy_pass http://@http@/; }
        }
    """, [get(path) for path in ("/utf/hello.txt", "/utf/index.html", "/utf/style.css", "/utf/app.js", "/utf/data.json", "/utf/picture.png", "/types/style.css", "/types/index.html", "/types/data.json", "/types/hello.txt",
                                 "/all/picture.png", "/off/index.html", "/var/index.html?c=u", "/var/index.html?c=k", "/var/index.html", "/text", "/typed", "/404", "/301", "/plain", "/back/html", "/back/text", "/back/json", "/over/text",
                                 "/utf/none")] + [get("/utf/hello.txt", "Range: bytes=0-1,3-4"), get("/utf/hello.txt", "If-Modified-Since: Sun, 02 Jan 2022 00:00:00 GMT"), head("/utf/index.html")]),
    Case("override_charset", r"""
        server { listen @port@; charset koi8-r; override_charset on; root @www@;
            location / { proxy_pass http://@http@; }
            location /off/ { override_charset off; proxy_pass http://@http@/; }
            location /none/ { charset off; proxy_pass http://@http@/; }
            location /same/ { charset utf-8; proxy_pass http://@http@/; }
            location /variable/ { set $c windows-1251; charset $c; proxy_pass http://@http@/; }
            location /u { uwsgi_param PATH_INFO /html; uwsgi_pass @uwsgi@; }
        }
    """, [get(f"{place}{path}") for place in ("/", "/off/", "/none/", "/same/", "/variable/") for path in ("html", "text", "accel-charset", "json", "picture", "untyped")] + [get("/u")]),
    Case("variables of modules that nobody uses", r"""
        server { listen @port@;
            location / { return 200 "[$msie][$modern_browser][$ancient_browser][$secure_link][$secure_link_expires][$slice_range][$uid_got][$uid_set][$uid_reset]\n"; }
            location /set { set $msie x; set $ancient_browser y; return 200 "[$msie][$ancient_browser]\n"; }
            location /tcp { return 200 "$tcpinfo_rtt $tcpinfo_rttvar $tcpinfo_snd_cwnd $tcpinfo_rcv_space\n"; }
        }
    """, [get("/"), get("/", "User-Agent: Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.0)"), get("/", "User-Agent: Mozilla/5.0 Chrome/99"), get("/set"), get("/tcp", like=[(r"^[1-9][0-9]* [1-9][0-9]* [1-9][0-9]* [1-9][0-9]*$", "N N N N"), ("body .[0-9]+.", "body")])]),
    Case("what the server says of itself", r"""
        server { listen @port@; root @www@;
            location /off { server_tokens off; return 404; }
            location /on { server_tokens on; return 404; }
            location /build { server_tokens build; return 404; }
            location /offok { server_tokens off; return 200 "x\n"; }
            location /back/ { proxy_pass http://@http@/; }
            location /pass/ { proxy_pass http://@http@/; proxy_pass_header Server; proxy_pass_header Date; proxy_pass_header X-Pad; }
            location /hide/ { proxy_pass http://@http@/; proxy_hide_header X-Visible; proxy_hide_header x-twice; }
            location /msie { return 404; }
        }
    """, [get(path) for path in ("/off", "/on", "/build", "/offok", "/back/fields", "/pass/fields", "/hide/fields")] +
        [get("/msie", "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows)"), head("/msie", "User-Agent: MSIE 7.0"),
         get("/msie", "User-Agent: Opera (MSIE 6.0)"), get("/msie", "User-Agent: Chrome/100")], like=[(r" \(Debian\)", "")]),
    Case("connections that are kept", r"""
        server { listen @port@; root @www@; keepalive_timeout 20s 15s; }
        server { listen @port2@; root @www@; keepalive_timeout 0; }
        server { listen @port3@; root @www@; keepalive_requests 2; }
        server { listen @port4@; root @www@; keepalive_disable safari; chunked_transfer_encoding off; location /b/ { proxy_pass http://@http@/; } }
    """, [kept(request("/hello.txt", close=False), request("/hello.txt", close=False)), get("/hello.txt", version="HTTP/1.0"), get("/hello.txt", "Connection: keep-alive", version="HTTP/1.0"),
          kept(request("/hello.txt", "Connection: keep-alive", version="HTTP/1.0"), request("/hello.txt")), kept(request("/hello.txt", close=False), port="port2"),
          kept(*[request("/hello.txt", close=False)] * 3, port="port3"), get("/b/chunked", port="port4"), kept(request("/hello.txt", "Connection: Close", close=False)),
          kept(request("/hello.txt", "Connection: keep-alive, Upgrade", close=False)), kept(request("/hello.txt", "Connection: upgrade", close=False)),
          kept(request("/hello.txt", "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X) Version/5 Safari/5", close=False), port="port4"),
          raw(request("/hello.txt", close=False) * 5, 5), raw(request("/hello.txt", close=False) * 3, 3, port="port3")]),
    Case("variables", "server { listen @port@; server_name vars.example; root @www@;\n" +
         "".join(f'    location /{name} {{ return 200 "{name} [${{{name}}}]\\n"; }}\n' for name in PLAIN if name != "binary_remote_addr") + r"""
            location /nothing/ { return 200 "[$arg_][$http_][$cookie_x][$sent_http_x]\n"; }
            location /named-args { return 200 "$arg_a,$arg_b,$arg_A,$arg_long_name,$arg_dash\n"; }
        }
    """, [get(f"/{name}?a=1&b=2", "X-Own: mine", "User-Agent: tester", "Cookie: a=x; b=y", "Referer: http://r/", host="vars.example:81") for name in PLAIN if name != "binary_remote_addr"] +
        [get("/nothing/"), get("/named-args?A=upper&b=%20x&a=1&a=2&long_name=l&dash-ed=1"), get("/args?"), get("/is_args?"), get("/args"), get("/is_args"), get("/request?x", version="HTTP/1.0"), get("/host", host=None, version="HTTP/1.0"),
         get("/host", host="UPPER.Example"), get("/http_host", host="UPPER.Example:99"), get("http://absolute/host", host="vars.example"), get("http://absolute/request_uri?q"), get("http://absolute/http_host", host="vars.example"), get("/request_uri//a/../b%20c?d=%20e"), get("/uri//a/../b%20c?d=%20e"),
         post("/content_length", "12345"), post("/content_type", "12345", "Content-Type: a/b; c=d"), get("/remote_user", "Authorization: Basic YWxpY2U6cHc="), get("/remote_user", "Authorization: Basic !!!"), get("/remote_user", "Authorization: Bearer YWxpY2U6cHc="), get("/remote_user", "Authorization: basic OnB3"),
         get("/http_cookie", "Cookie: a=1", "Cookie: b=2"), get("/cookie_a", "Cookie: b=1; A=2; a=3; a=4"), get("/cookie_a", "Cookie: xa=1;a=2"), get("/cookie_a", "Cookie: a = 3"), get("/cookie_a", 'Cookie: a="q;r"'),
         get("/http_x_forwarded_for", "X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 2.2.2.2"), get("/arg_a?a"), get("/arg_a?a="), get("/arg_a?xa=1&a=2"), get("/arg_a?A=2"), get("/arg_a?b&a=%41+c"), get("/arg_a?b=a=5"), get("/request_filename/x/../y"), get("/http_user_agent"),
         get("/connection_requests"), kept(request("/connection_requests", close=False), request("/connection_requests"))]),
    Case("variables that differ each time", r"""
        server { listen @port@; location / { default_type text/plain;
            return 200 "time $time_iso8601\nlocal $time_local\nmsec $msec\nrequest_time $request_time\nid $request_id\npid $pid\nconnection $connection\nport $remote_port\nconnection_time $connection_time\n"; }
          location /local { return 200 "date $date_local $date_gmt\n"; } location /length { return 200 "$request_length $bytes_sent $body_bytes_sent\n"; }
          location /twice { return 200 "$request_id=$request_id\n"; } }
    """, [get("/"), get("/local"), get("/length"), get("/length?" + "x" * 3000), get("/length", "X-Long: " + "y" * 2000), post("/length", "body"), get("/twice", like=[("([0-9a-f]{32})=\\1", "same=same")])], like=SHAPES),
    Case("map", r"""
        map $arg_v $plain { default none; one 1; two 2; "three four" 34; \default escaped; ~^re(x+)$ "regex $1"; ~*^RI "insensitive"; ~^named-(?<part>.+)$ "part $part"; "" empty; volatile2 v; }
        map $http_host $hosts { hostnames; default none; example.com exact; *.example.com wild; .dotted.org dotted; mail.* trailing; ~^re regex; }
        map $uri $chained { default $plain; /direct direct-$arg_v; }
        map "$arg_a:$arg_b" $pair { default "other"; "1:2" "one-two"; ~^(?<left>.*):(?<right>.*)$ "$right:$left"; }
        map $arg_v $file { include @dir@/map.inc; default nofile; }
        map $plain $second { 1 uno; 2 dos; }
        map $arg_v $vol { volatile; default d; a $uri; }
        server { listen @port@;
            location / { return 200 "$plain|$hosts|$chained|$pair|$file|$second|$vol\n"; }
            location /twice { set $a $vol; rewrite ^ /changed break; return 200 "$a $vol\n"; }
            location /redirect { if ($file != nofile) { return 301 $file; } return 404; }
            location /captures { if ($uri ~ ^/(cap)(tures)) { set $x $plain; } return 200 "$1 $2 $x\n"; }
        }
    """, [get(path) for path in ("/", "/?v=one", "/?v=ONE", "/?v=two", "/?v=three four".replace(" ", "%20"), "/?v=default", "/?v=rexxx", "/?v=ri1", "/?v=named-it", "/?v=", "/direct?v=q", "/?a=1&b=2", "/?a=3&b=4", "/?v=/old", "/twice?v=a", "/redirect?v=/old", "/redirect?v=x", "/captures?v=rexx", "/?v=volatile2")] +
        [get("/", host=name) for name in ("example.com", "a.example.com", "a.b.example.com", "dotted.org", "q.dotted.org", "mail.x", "regexp", "EXAMPLE.com")], files={"map.inc": "/old /new;\n# comment\n'quoted key' value;\n"}),
    Case("geo", r"""
        geo $where { default elsewhere; 127.0.0.1 me; 127.0.0.0/8 loop; 10.0.0.0/8 ten; 127.0.0.5 five; 127.0.0.6/31 pair; include @dir@/geo.inc; delete 127.0.0.9; }
        geo $arg_ip $by_arg { default none; 192.168.0.0/16 private; 192.168.1.0/24 "one"; 192.168.1.5/32 host; 10.0.0.0/8 ten; ::1 six; 2001:db8::/32 doc; }
        geo $arg_ip $ranges { ranges; default none; 10.0.0.1-10.0.0.100 low; 10.0.0.50-10.0.0.60 mid; }
        geo $proxied { proxy 127.0.0.0/8; default direct; 1.2.3.0/24 seen; }
        server { listen @port@; location / { return 200 "$where $by_arg $ranges $proxied\n"; } }
    """, [get("/"), get("/", source="127.0.0.5"), get("/", source="127.0.0.7"), get("/", source="127.0.0.9"), get("/", source="127.3.0.1"), get("/", source="127.0.0.20"), *[get(f"/?ip={ip}") for ip in ("192.168.1.1", "192.168.1.5", "192.168.2.1", "10.0.0.55", "10.0.0.1", "10.0.0.101", "255.255.255.255", "::1", "2001:db8::5", "nonsense", "1.2.3")],
          get("/", "X-Forwarded-For: 1.2.3.4"), get("/", "X-Forwarded-For: 1.2.3.4, 9.9.9.9"), get("/", "X-Forwarded-For: 9.9.9.9, 1.2.3.4, 127.0.0.1")], files={"geo.inc": "127.0.0.20 included;\n127.0.0.9 nine;\n"}),
    Case("split_clients", r"""
        split_clients "$arg_v" $variant { 10% ten; 20.5% twenty; 30% thirty; * rest; }
        split_clients "${remote_addr}x$arg_v" $other { 50% a; * ""; }
        split_clients $arg_v $none { 33.33% third; }
        server { listen @port@; location / { return 200 "$variant $other [$none]\n"; } }
    """, [get(f"/?v={n}") for n in range(25)]),
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_same(case, nginx_pair):
    nginx_pair.compare(case)

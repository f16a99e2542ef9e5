"""Which server and location answer, and what rewrite, if, return and error_page make of a request."""

import pytest

from nginx_pair import Case, get, head, kept, post, request

CASES = [
    Case("statuses for logs alone, and empty texts", """
        limit_req_zone $binary_remote_addr zone=once:1m rate=1r/m;
        server { listen @port@; root @www@;
            location /444 { try_files /none =444; }
            location /499 { try_files /none =499; }
            location /408 { try_files /none =408; }
            location /late { return 408; }
            location /page { error_page 444 408 /hello.txt; return 444; }
            location /said { return 444 "text"; }
            location /often { limit_req zone=once; limit_req_status 444; try_files /hello.txt =404; }
            location /empty { error_page 503 /hello.txt; return 503 ""; }
            location /empty-variable { error_page 503 /hello.txt; return 503 $arg_x; }
            location /404 { return 404 ""; }
            location /403 { error_page 404 =410 /hello.txt; return 403 ""; }
        }
    """, [*(get(f"/{name}") for name in ("444", "499", "408", "late", "page", "said", "empty", "empty-variable", "empty-variable?x=y", "404", "403", "often", "often")),
          kept(request("/444", close=False), request("/empty", close=False))]),
    Case("a name with capitals", """
        server { listen @port@; server_name FIXME.Example other; server_name_in_redirect on;
            location / { return 200 "$server_name $host\\n"; } location /r { return 301 /x; } location /u { uwsgi_param SERVER_NAME $server_name; uwsgi_pass @uwsgi@; } }
    """, [get("/"), get("/r"), get("/u"), get("/", host="fixme.example"), get("/r", host="OTHER")]),
    Case("kinds of locations", r"""
        server { listen @port@;
            location / { return 200 "prefix /\n"; }
            location /a { return 200 "prefix /a\n"; }
            location /a/b/ { return 200 "prefix /a/b/\n"; }
            location = /a { return 200 "exact /a\n"; }
            location = /a/b { return 200 "exact /a/b\n"; }
            location ^~ /images/ { return 200 "no regex /images/\n"; }
            location ~ \.php$ { return 200 "regex php\n"; }
            location ~* \.(GIF|jpe?g)$ { return 200 "regex picture $1\n"; }
            location ~ ^/a/(?<rest>.*)x$ { return 200 "regex x $rest\n"; }
            location ^~ /images/big/ { return 200 "no regex, deeper\n"; }
            location /images/big/raw/ { return 200 "prefix under\n"; }
            location "/with space/" { return 200 "space\n"; }
            location ~ "^/n[0-9]{2,3}$" { return 200 "number\n"; }
            location /UP { return 200 "upper\n"; }
        }
    """, [get(path) for path in ("/", "/a", "/a/", "/ab", "/a/b", "/a/b/", "/a/b/c", "/a/b/c.php", "/a/qx", "/images/x.php", "/images/x.gif", "/x.GIF", "/x.jpeg", "/x.jpg?y=.php", "/images/big/x.php",
                                 "/images/big/raw/x.php", "/with%20space/x", "/n12", "/n1234", "/up", "/UPPER", "/x.PHP", "/a%2Fb", "/A")]),
    Case("nested locations", r"""
        server { listen @port@; root @www@;
            location /sub/ {
                add_header X-In outer;
                location /sub/deep/ { return 200 "deep\n"; }
                location = /sub/page.html { add_header X-In exact; }
                location ~ \.html$ { add_header X-In regex; location ~ ^/sub/i { return 200 "inner regex\n"; } }
            }
            location ~ \.txt$ { return 200 "text outside\n"; }
            location ~ ^/r/ { location ~ /(\d+)/ { return 200 "number $1\n"; } location ~ /([a-z]+)/ { return 200 "word $1\n"; } return 404; }
            location / { location /noindex/ { location ~ (.)\.txt$ { return 200 "nested $1\n"; } return 200 "none of them\n"; } }
        }
    """, [get(path) for path in ("/sub/", "/sub/page.html", "/sub/index.html", "/sub/deep/file.txt", "/sub/x.txt", "/r/1/", "/r/ab/", "/r/1/ab/", "/r/", "/noindex/a.txt", "/noindex/a", "/sub/none")]),
    Case("a slash that is missing", r"""
        server { listen @port@; server_name example.com;
            location /p/ { proxy_pass http://@http@/; }
            location /u/ { include uwsgi.inc; uwsgi_pass @uwsgi@; }
            location = /exact/ { return 200 "exact\n"; }
            location /t/ { return 200 "t\n"; }
        }
        server { listen @port@; server_name off; port_in_redirect off; location /p/ { proxy_pass http://@http@/; } }
        server { listen @port@; server_name relative; absolute_redirect off; location /p/ { proxy_pass http://@http@/; } root @www@; }
        server { listen @port@; server_name first second; server_name_in_redirect on; location /p/ { proxy_pass http://@http@/; } root @www@; }
    """, [get("/p"), get("/p?a=b"), get("/p/"), get("/u"), get("/exact"), get("/t"), get("/p", host="example.com:81"), get("/p", host="off"), get("/p", host="relative"), get("/sub", host="relative"),
          get("/p", host="second"), get("/sub?q", host="second"), get("/p", host=None, version="HTTP/1.0"), post("/p", "x"), get("/sub%20", host="relative")],
         files={"uwsgi.inc": "uwsgi_param A b;\n"}),
    Case("return", r"""
        server { listen @port@;
            location /200 { return 200; }
            location /text { return 200 "text of $uri\n"; }
            location /typed { default_type application/json; return 200 '{"a": 1}'; }
            location /204 { return 204; }
            location /204t { return 204 "no body\n"; }
            location /301 { return 301 /new; }
            location /302 { return 302 http://other/$uri; }
            location /303 { return 303 https://$host$request_uri; }
            location /307 { return 307 /x; }
            location /308 { return 308 /x; }
            location /url { return http://elsewhere/; }
            location /relative { return 301 relative; }
            location /404 { return 404; }
            location /404t { return 404 "own text\n"; }
            location /410 { return 410; }
            location /418 { return 418; }
            location /418t { return 418 "a teapot"; }
            location /444 { return 444; }
            location /499 { return 499; }
            location /500 { return 500; }
            location /503 { return 503 "closed\n"; }
            location /599 { return 599; }
            location /600 { return 600; }
            location /999 { return 999 "x"; }
            location /000 { return 000; }
            location /100 { return 100; }
            location /empty { return 200 ""; }
            location /301e { return 301 ""; }
            location /variable { return 302 $arg_to; }
            location /400 { return 400; }
            location /401 { return 401; }
            location /405 { return 405; }
            location /413 { return 413; }
            location /414 { return 414; }
            location /429 { return 429; }
            location /494 { return 494; }
            location /497 { return 497; }
            location /304 { return 304; }
            location /206 { return 206 "x"; }
            location /421 { return 421; }
            location /451 { return 451; }
            location /505 { return 505; }
            location /511 { return 511; }
        }
    """, [get(f"/{name}") for name in ("200", "text", "typed", "204", "204t", "301", "302", "303?a=b%20c", "307", "308", "url", "relative", "404", "404t", "410", "418", "418t", "444", "499", "500", "503", "599", "600",
                                       "999", "000", "empty", "301e", "variable?to=/x", "variable?to=http://a/b", "variable", "400", "401", "405", "413", "414", "429", "494", "497", "206",
                                       "304", "421", "451", "505", "511")] +
        [head("/text"), head("/404"), post("/text", "body"), post("/404", "body"), post("/301", "body"), get("/text", "Range: bytes=0-2"), get("/text", version="HTTP/1.0"),
         kept(request("/404", close=False), request("/text", close=False), request("/500", close=False)), kept(request("/400", close=False)), kept(request("/413", close=False)),
         kept(request("/text", method="POST", body=b"x" * 1000, close=False), request("/404", method="POST", body=b"x" * 1000, close=False), request("/text"))]),
    Case("rewrite", r"""
        server { listen @port@;
            rewrite ^/server/(.*)$ /got?where=server&what=$1;
            rewrite ^/once/?$ /got last;
            location = /got { return 200 "uri $uri args $args request $request_uri\n"; }
            location /last/ { rewrite ^/last/(.*)$ /got?what=$1 last; return 200 "never\n"; }
            location /break/ { rewrite ^/break/(.*)$ /broken/$1 break; return 200 "never\n"; }
            location /break2/ { rewrite ^/break2/(.*)$ /hello.txt break; root @www@; }
            location /plain/ { rewrite ^/plain/(.*)$ /got?what=$1; rewrite ^/got$ /got2; return 200 "here $uri $args\n"; }
            location /redirect/ { rewrite ^/redirect/(.*)$ /new/$1 redirect; }
            location /permanent/ { rewrite ^/permanent/(.*)$ /new/$1 permanent; }
            location /absolute/ { rewrite ^/absolute/(.*)$ http://other/$1; }
            location /absolutes/ { rewrite ^/absolutes/(.*)$ https://other/$1 permanent; }
            location /scheme/ { rewrite ^/scheme/(.*)$ $scheme://other/$1; }
            location /schemer/ { rewrite ^/schemer/(.*)$ $scheme://other/$1 redirect; }
            location /noargs/ { rewrite ^/noargs/(.*)$ /got? last; }
            location /noargs2/ { rewrite ^/noargs2/(.*)$ /got?a=$1? last; }
            location /argsr/ { rewrite ^/argsr/(.*)$ /got?a=$1 redirect; }
            location /named/ { rewrite ^/named/(?<one>[^/]+)/(?<two>.*)$ /got?$two=$one last; }
            location /nomatch/ { rewrite ^/other /got last; return 200 "no match $uri\n"; }
            location /case/ { rewrite (?i)^/CASE/(.*) /got?case=$1 last; }
            location /empty/ { rewrite ^ /got last; }
            location /whole/ { rewrite ^(.*)$ /got?whole=$1 last; }
            location /escape/ { rewrite ^/escape/(.*)$ /target/$1 redirect; }
            location /chain/ { rewrite ^/chain/(.)(.*)$ /chain/$2?$1 last; return 200 "chain ended $uri $args\n"; }
            location /loop/ { rewrite ^/loop/(.*)$ /loop/x$1 last; }
            location /nested/ { rewrite ^/((.*))$ http://x/$1$2 redirect; }
            location /optional/ { rewrite ^/optional/(a)?(b)?$ /got?one=$1&two=$2 last; }
            location /many/ { rewrite ^/many/(.)(.)(.)(.)(.)(.)(.)(.)(.)$ /got?$9$8$7$6$5$4$3$2$1 last; }
            location /braces/ { rewrite "^/braces/([0-9]{2})$" /got?n=$1 last; }
            location /utf/ { rewrite ^/utf/(.*)$ /target?name=$1 redirect; }
        }
    """, [get(path) for path in ("/server/x", "/server/x?y=z", "/once", "/once/", "/last/a", "/last/a?b=c", "/break/a", "/break2/x", "/plain/a?b", "/redirect/a?b=c", "/permanent/a", "/absolute/a?x", "/absolutes/a", "/scheme/a",
                                 "/schemer/a?z=1", "/noargs/a?b=c", "/noargs2/a?b=c", "/argsr/x%20y?b=c", "/named/1/2", "/nomatch/a", "/case/a", "/CASE/a", "/empty/", "/whole/x", "/escape/a%20b%3Fc%25d%23e", "/escape/a+b&c=d",
                                 "/escape/%C3%A9", "/escape/%0d%0aX:%20y", "/chain/abc", "/chain/abcdefghijklmn", "/loop/", "/nested/", "/nested/" + "+" * 4000, "/nested/a%20b", "/optional/a", "/optional/b", "/optional/", "/many/abcdefghi",
                                 "/braces/12", "/braces/123", "/utf/%D0%B0%26%3D", "/last/a%26b%3Dc%2Bd%25", "/last/a+b%20c")] + [post("/last/a", "body"), head("/redirect/a")], errors=True, like=[("html/escape/.*", "html/escape")]),
    Case("rewrite and the variables it is given", r"""
        server { listen @port@; uninitialized_variable_warn off;
            location /a/ { rewrite ^(.*)$ /new?c=1; set $v $1; return 200 "$v|$uri|$args\n"; }
            location /b/ { set $v 1; set $v "$v-2"; set $w "${v}x$v"; return 200 "$v $w\n"; }
            location /c/ { set $args "x=1&y=2"; return 200 "$args $arg_x $arg_y $query_string $is_args\n"; }
            location /d/ { set $args ""; return 200 "[$args] [$is_args] $request_uri\n"; }
            location /e/ { if ($uri ~ ^/e/(.*)/(.*)$) { set $one $1; set $two $2; } return 200 "$one $two $1\n"; }
            location /f/ { if ($args ~* "id=(\d+)") { set $id $1; return 200 "id $id\n"; } return 200 "none [$id]\n"; }
            location /g/ { rewrite ^/g/(.*)/(.*)$ /g2/$2/$1 break; set $x "$1 and $2"; return 200 "$uri $x\n"; }
            location /h/ { rewrite_log on; return 200 "[$never]\n"; if ($arg_x) { set $never 1; } }
            location /i/ { break; return 200 "after break\n"; }
            location /j/ { if ($arg_a) { break; } return 200 "not broken\n"; }
            location /k/ { rewrite ^/k/(.*)$ /l/$1?new=1 last; }
            location /l/ { return 200 "$uri $args $1 $request_uri\n"; }
            location /m/ { set $limit_rate 100k; return 200 "$limit_rate\n"; }
            location ~ ^/n/(?<name>\w+)/(\d*) { return 200 "$name $1 $2\n"; }
        }
    """, [get(path) for path in ("/a/+%26%25", "/a/x%20y?q", "/b/", "/c/?a=b", "/c/", "/d/?x", "/e/1/2", "/e/1", "/f/?id=12", "/f/?ID=x", "/g/1/2", "/h/", "/i/", "/j/", "/j/?a=1", "/k/x?y", "/m/", "/n/word/1", "/n/word/")], errors=True),
    Case("if", r"""
        map $arg_v $empty { default ""; one 1; zero 0; }
        server { listen @port@; root @www@; uninitialized_variable_warn off;
            location /var { if ($empty) { return 200 "true\n"; } return 200 "false\n"; }
            location /eq { if ($arg_v = one) { return 200 "equal\n"; } return 200 "no\n"; }
            location /ne { if ($arg_v != one) { return 200 "unequal\n"; } return 200 "no\n"; }
            location /eqv { if ($arg_v = $arg_w) { return 200 "same\n"; } return 200 "no\n"; }
            location /re { if ($arg_v ~ ^o(n)e$) { return 200 "matches $1\n"; } return 200 "no\n"; }
            location /rei { if ($arg_v ~* ^O(.)E$) { return 200 "matches $1\n"; } return 200 "no\n"; }
            location /nre { if ($arg_v !~ one) { return 200 "does not\n"; } return 200 "no\n"; }
            location /nrei { if ($arg_v !~* ONE) { return 200 "does not\n"; } return 200 "no\n"; }
            location /f { if (-f $document_root/$arg_v) { return 200 "file\n"; } return 200 "no\n"; }
            location /nf { if (!-f $document_root/$arg_v) { return 200 "no file\n"; } return 200 "is\n"; }
            location /d { if (-d $document_root/$arg_v) { return 200 "folder\n"; } return 200 "no\n"; }
            location /e { if (-e $document_root/$arg_v) { return 200 "exists\n"; } return 200 "no\n"; }
            location /x { if (-x $document_root/$arg_v) { return 200 "runs\n"; } return 200 "no\n"; }
            location /quoted { if ($arg_v = "one") { return 200 "quoted\n"; } return 200 "no\n"; }
            location /method { if ($request_method = POST) { return 405; } return 200 "fine\n"; }
            location /header { if ($http_x_flag) { add_header X-Flag $http_x_flag; return 200 "flag\n"; } add_header X-None 1; return 200 "none\n"; }
            location /cookie { if ($http_cookie ~* "id=([^;]+)(?:;|$)") { set $id $1; } return 200 "id=$id\n"; }
            location /two { if ($arg_a) { set $m A; } if ($arg_b) { set $m "${m}B"; } if ($m = AB) { return 403; } return 200 "$m\n"; }
            location /sub/ { if ($arg_x) { add_header X-If 1; } add_header X-Out 1; }
            location /sub/deep/ { if ($arg_x) { root @www@/sub; } }
            location /expires { if ($arg_x) { expires 1h; } try_files /hello.txt =404; }
            location /try { try_files /hello.txt =404; if ($arg_x) { set $y 1; } }
            location /inherit { add_header A 1; if ($arg_x) { expires 60; return 200 "in\n"; } return 200 "out\n"; }
            location /proxied { proxy_pass http://@http@; if ($arg_x) { set $z 1; } }
            location /proxied2 { if ($arg_x) { proxy_pass http://@http@; } return 200 "not\n"; }
            location /deny { if ($http_user_agent ~* (curl|wget)) { return 403; } return 200 "welcome\n"; }
        }
    """, [get(path) for path in ("/var", "/var?v=one", "/var?v=zero", "/eq?v=one", "/eq?v=ONE", "/eq", "/ne?v=one", "/ne", "/eqv?v=a&w=a", "/eqv?v=a", "/re?v=one", "/re?v=One", "/rei?v=oNe", "/nre?v=one", "/nre?v=ONE", "/nrei?v=one",
                                 "/f?v=hello.txt", "/f?v=sub", "/f?v=none", "/nf?v=hello.txt", "/nf?v=none", "/d?v=sub", "/d?v=hello.txt", "/e?v=sub", "/e?v=hello.txt", "/e?v=none", "/x?v=hello.txt", "/x?v=sub", "/quoted?v=one", "/method", "/header",
                                 "/two?a=1", "/two?b=1", "/two?a=1&b=1", "/sub/page.html", "/sub/page.html?x=1", "/sub/deep/file.txt?x=1", "/expires", "/expires?x=1", "/try", "/try?x=1", "/inherit", "/inherit?x=1", "/proxied", "/proxied?x=1",
                                 "/proxied2", "/proxied2?x=1")] +
        [post("/method", "x"), get("/header", "X-Flag: yes"), get("/header", "X-Flag: 0"), get("/cookie", "Cookie: a=b; id=42; c=d"), get("/cookie"), get("/deny", "User-Agent: curl/7"), get("/deny", "User-Agent: Mozilla")], errors=True),
    Case("captures behind an expression that does not match", r"""
        map $uri $mapped { ~^/m(.)(.*)$ $2; default none; }
        server { listen @port@;
            location ~ ^/b(.*)$ { rewrite ^/nope(.*)$ /; set $r '[$1]'; return 200 $r; }
            location ~ ^/c(.*)$ { if ($uri ~ ^/nope(.*)$) { } return 200 '[$1]'; }
            location ~ ^/d(.*)$ { if ($uri !~ ^/nope(.*)$) { return 200 '[$1]'; } return 200 '[$1] left'; }
            location ~ ^/e(.*)$ { if ($uri !~* ^/E(x)(.*)$) { return 200 '[$1]'; } return 200 '[$1][$2] left'; }
            location ~ ^/(?<name>f.*)$ { rewrite ^/nope(.*)$ /; return 200 '[$1][$name]'; }
            location ~ ^/g(.*)$ { if ($uri = /x) { } return 200 '[$1]'; }
            location ~ ^/h(.*)$ { rewrite ^/h /i; }
            location ~ ^/i(.*)$ { return 200 '[$1]'; }
            location ~ ^/m(.*)$ { set $r '[$1]'; set $r '$r[$mapped]'; return 200 '$r[$1][$2]'; }
            location /n { if ($uri ~ (x)) { set $r $1; } return 200 '[$r][$1]'; }
            location ~ ^/o(.*)$ { if ($uri ~ ^/o) { set $r 1; } return 200 '[$1]'; }
        }
    """, [get(path) for path in ("/bxx", "/cxx", "/dxx", "/dope", "/exx", "/eyy", "/fxx", "/gxx", "/hxx", "/mxyz", "/nx", "/ny", "/oxx")]),
    Case("a named location of which there are two", r"""
        server { listen @port@; root @www@;
            location @a { return 200 "first\n"; }
            location / { try_files /none @a; }
            location @a { return 200 "second\n"; }
        }
    """, [get("/x")]),
    Case("$status in the answer to an error", r"""
        log_format line '$uri $status';
        server { listen @port@; root @www@; access_log @dir@/logs/line.log line;
            location /plain/ { error_page 404 /show; }
            location /any/ { error_page 404 = /show; }
            location /other/ { error_page 404 =202 /show; }
            location /named/ { error_page 404 @named; }
            location /teapot { error_page 418 /show; return 418; }
            location = /show { return 200 "[$status]\n"; }
            location @named { add_header X-Status $status always; set $was $status; return 203 "[$status][$was]\n"; }
            location /file/ { error_page 404 /hello.txt; }
            location = /hello.txt { add_header X-Status "$status" always; }
            location /back/ { error_page 404 /backend; }
            location = /backend { proxy_set_header X-Status $status; add_header X-Status "$status $upstream_status" always; proxy_pass http://@http@; }
            location /direct { add_header X-Status $status always; set $was $status; return 200 "[$status][$was]\n"; }
        }
    """, [get(path) for path in ("/plain/x", "/any/x", "/other/x", "/named/x", "/teapot", "/file/x", "/back/x", "/direct")], logs=["logs/line.log"]),
    Case("error pages", r"""
        server { listen @port@; root @www@;
            error_page 404 /errors/404.html;
            error_page 500 502 503 504 /errors/50x.html;
            location /plain/ { }
            location /500 { return 500; }
            location /status/ { error_page 404 =200 /hello.txt; }
            location /any/ { error_page 404 = /answer; }
            location = /answer { return 201 "answered $uri $request_uri $status\n"; }
            location /redirect/ { error_page 404 http://other/gone; }
            location /redirect301/ { error_page 404 =301 http://other/gone$uri; }
            location /named/ { error_page 404 @named; }
            location /named200/ { error_page 404 =200 @named; }
            location /namedany/ { error_page 404 = @named; }
            location @named { return 202 "named $uri\n"; }
            location /named2/ { error_page 404 @file; }
            location @file { try_files /hello.txt =404; }
            location /internal/ { internal; error_page 404 /errors/404.html; }
            location = /errors/404.html { internal; }
            location /args/ { error_page 404 /show?a=$arg_x; }
            location = /show { return 200 "args $args\n"; }
            location /missing/ { error_page 404 /nothing/here.html; }
            location /proxied/ { error_page 404 /backend; }
            location = /backend { proxy_pass http://@http@; }
            location /403 { error_page 403 =404 /errors/404.html; deny all; }
            location /403b { error_page 403 =404 /none; deny all; }
            location /inherits { return 503; }
            location /none { error_page 418 /x; return 404; }
            location /own { error_page 402 =444 /x; return 402; }
            location /variable/ { error_page 404 /errors/$arg_page.html; }
            location /text { error_page 404 /errors/404.html; return 404 "text goes first\n"; }
            location /cached { error_page 404 /errors/404.html; add_header X-A always-no; add_header X-B always always; }
        }
    """, [get(path) for path in ("/plain/x", "/500", "/status/x", "/any/x", "/redirect/x", "/redirect301/x", "/named/x", "/named200/x", "/namedany/x", "/named2/x", "/internal/x", "/errors/404.html", "/args/?x=1", "/args/y?x=2",
                                 "/missing/x", "/proxied/x", "/403", "/403b", "/inherits", "/none", "/own", "/variable/x?page=404", "/variable/x?page=none", "/text", "/cached/x")] +
        [post("/plain/x", "body"), head("/plain/x"), post("/any/x", "b"), post("/named/x", "b"), post("/proxied/x", "bb"), kept(request("/plain/x", close=False), request("/500", close=False)),
         get("/plain/x", "If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT"), get("/plain/x", "Range: bytes=0-3"), get("/plain/x", 'If-None-Match: *')], errors=True),
    Case("error pages of error pages", r"""
        server { listen @port@; root @www@;
            location /once/ { error_page 404 /next/x; }
            location /next/ { error_page 404 /errors/404.html; }
            location /rec/ { recursive_error_pages on; error_page 404 /rec2/x; }
            location /rec2/ { recursive_error_pages on; error_page 404 /errors/404.html; }
            location /cycle/ { recursive_error_pages on; error_page 404 /cycle/again; }
            location /a/ { recursive_error_pages on; error_page 404 @b; }
            location @b { recursive_error_pages on; error_page 405 = @c; return 405; }
            location @c { return 200 "c for $uri\n"; }
            location /fallback/ { recursive_error_pages on; try_files $uri @d; }
            location @d { error_page 404 = @c; return 404; }
            location /missing-name/ { error_page 404 @nowhere; }
        }
    """, [get(path) for path in ("/once/x", "/rec/x", "/cycle/x", "/a/x", "/fallback/x", "/missing-name/x")], errors=True),
    Case("internal locations and redirects without end", r"""
        server { listen @port@; root @www@;
            location /in/ { internal; alias @www@/sub/; }
            location /rw/ { rewrite ^/rw/(.*)$ /in/$1 last; }
            location /try/ { try_files /none /in/page.html; }
            location /ix/ { index /in/page.html; }
            location /err { error_page 404 /in/page.html; }
            location /c1 { rewrite ^ /c2 last; }
            location /c2 { rewrite ^ /c1 last; }
            location /t1 { try_files /none /t2; }
            location /t2 { try_files /none /t1; }
            location ~ ^/m/(.)(.*)$ { rewrite ^/m/(.)(.*)$ /m/$2 last; return 200 "left\n"; }
        }
    """, [get(path) for path in ("/in/page.html", "/rw/page.html", "/try/x", "/err/x", "/c1", "/t1", "/m/12345678", "/m/123456789", "/m/1234567890ab")], errors=True),
    Case("names of servers", r"""
        server { listen @port@ default_server; server_name _; return 200 "default $server_name $host\n"; }
        server { listen @port@; server_name example.com www.example.com; return 200 "exact $server_name\n"; }
        server { listen @port@; server_name *.example.com; return 200 "leading $server_name\n"; }
        server { listen @port@; server_name .dotted.org; return 200 "dotted $server_name\n"; }
        server { listen @port@; server_name mail.*; return 200 "trailing $server_name\n"; }
        server { listen @port@; server_name ~^(?<sub>[a-z]+)\.re\.net$; return 200 "regex $sub $1 $server_name\n"; }
        server { listen @port@; server_name ~^(.+)\.(\d+)\.num$; location / { return 200 "captures $1 $2\n"; } location ~ ^/(x) { return 200 "inner $1\n"; } }
        server { listen @port@; server_name ""; return 200 "no name\n"; }
        server { listen @port@; server_name UPPER.case; return 200 "upper\n"; }
        server { listen @port@; server_name deep.mail.example.com; return 200 "deep\n"; }
        server { listen @port2@; server_name first; return 200 "first at 2\n"; }
        server { listen @port2@; server_name second; return 200 "second at 2\n"; }
    """, [get("/", host=name) for name in ("example.com", "EXAMPLE.com", "example.com.", "example.com:8080", "www.example.com", "a.example.com", "a.b.example.com", "dotted.org", "x.dotted.org", "xdotted.org", "mail.a", "mail.example.com", "mail.",
                                           "abc.re.net", "ab1.re.net", "a.12.num", "upper.case", "deep.mail.example.com", "unknown", "", "127.0.0.1", "[::1]", "[::1]:80", "a_b", "1")] + [get("/", host=name, ours=400) for name in ("example.com:", "example.com:x", ".example.com")] +
        [get("/", host=None, version="HTTP/1.0"), get("/x", host="a.12.num"), get("/", host="none", port="port2"), get("/", host="second", port="port2"), get("http://second/", host="first", port="port2"),
         get("http://example.com/", host="unknown"), get("http://example.com:81/x?y", host="unknown"), get("http://EXAMPLE.com", host="u")]),
    Case("addresses that are listened on", r"""
        server { listen @port@; listen @port2@ default_server; server_name a; return 200 "a $server_addr:$server_port\n"; }
        server { listen @port2@; server_name b; return 200 "b $server_port\n"; }
        server { listen @number3@; server_name c; return 200 "c $server_addr $server_port\n"; }
        server { listen 127.0.0.1:@number3@; server_name d; return 200 "d $server_addr\n"; }
        server { listen *:@number4@ backlog=10 so_keepalive=on; listen [::]:@number4@ ipv6only=on; return 200 "e @port3@ @port4@\n"; }
    """, [get("/", host="a"), get("/", host="b"), get("/", host="b", port="port2"), get("/", host="x", port="port2"), get("/", host="c", port="port3"), get("/", port="port4")]),
    Case("nothing but a server", "server { listen @port@; }", [get("/"), get("/x"), get("/favicon.ico"), post("/", "x")]),
    Case("no server name, and names in variables", r"""
        server { listen @port@; server_name ~^(?:www\.)?(?<domain>.+)$; root @www@/$domain; location /v { return 200 "$domain $document_root\n"; } }
    """, [get("/page.html", host="sub"), get("/page.html", host="www.sub"), get("/v", host="www.x.y"), get("/", host="none"), get("/", host="www.sub")], like=[]),
    Case("limit_except", r"""
        server { listen @port@; root @www@;
            location /a { limit_except GET { deny all; } return 200 "a\n"; }
            location /sub/ { limit_except GET POST { deny all; } }
            location /b/ { limit_except POST { allow 127.0.0.1; deny all; } alias @www@/sub/; }
            location /noindex/ { limit_except HEAD { deny all; } }
            location /p/ { limit_except GET { proxy_pass http://@http@; } alias @www@/sub/; }
        }
    """, [get("/a"), post("/a", "x"), get("/sub/page.html"), head("/sub/page.html"), post("/sub/page.html", "x"), get("/sub/page.html", method="PUT"), get("/sub/page.html", method="DELETE"), get("/b/page.html"),
          get("/noindex/a.txt"), head("/noindex/a.txt"), get("/p/page.html"), post("/p/page.html", "xyz")], errors=True),
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_same(case, nginx_pair):
    nginx_pair.compare(case)

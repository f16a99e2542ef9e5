"""Whole configurations, as people write them in front of their applications."""

import pytest

from nginx_pair import Case, get, head, kept, post, request

DJANGO = r"""
    upstream gunicorn { server @http_unix@ fail_timeout=0; keepalive 8; }
    server { listen @port@ default_server; return 444; }
    server {
        listen @port@; server_name shop.example www.shop.example; client_max_body_size 4G; keepalive_timeout 5; charset utf-8;
        location = /favicon.ico { access_log off; log_not_found off; }
        location = /robots.txt { return 200 "User-agent: *\nDisallow: /admin/\n"; }
        location /static/ { alias @www@/static/; expires 30d; add_header Cache-Control "public, immutable"; access_log off; }
        location /media/ { root @www@; add_header X-Content-Type-Options nosniff; }
        location / { try_files $uri @proxy_to_app; }
        location @proxy_to_app {
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header Host $http_host;
            proxy_redirect off;
            proxy_pass http://gunicorn;
        }
        error_page 500 502 503 504 /500.html;
        location = /500.html { root @www@/errors; try_files /50x.html =404; }
        root @www@/spa;
    }
"""

CASES = [
    Case("Django behind Gunicorn", DJANGO, [get(path, host="shop.example") for path in ("/", "/admin/", "/static/css/site.css", "/static/none.css", "/media/photo.jpg", "/favicon.ico", "/robots.txt", "/assets/app.123.js", "/status/500", "/broken/nothing", "/redirect?http://shop.example/login/", "/static", "/media/", "/cookie?sessionid=x;%20HttpOnly", "/index.html")] +
         [post("/body", "a=b&csrf=1", "Content-Type: application/x-www-form-urlencoded", host="shop.example"), get("/", host="unknown"), head("/text", host="www.shop.example"), kept(request("/text", host="shop.example", close=False), request("/static/css/site.css", host="shop.example"))], errors=True),
    Case("Flask with uwsgi", r"""
        server { listen @port@; server_name flask.example; access_log @dir@/logs/site.log;
            location = /yourapp { rewrite ^ /yourapp/; }
            location /yourapp { try_files $uri @yourapp; }
            location @yourapp { include uwsgi_params; uwsgi_param SCRIPT_NAME /yourapp; uwsgi_modifier1 30; uwsgi_pass @uwsgi_unix@; }
            location / { include uwsgi_params; uwsgi_pass @uwsgi_unix@; uwsgi_read_timeout 300s; }
            location /static { alias @www@/static; }
        }
    """, [get("/"), get("/x?y=z"), post("/body", "data"), get("/yourapp"), get("/yourapp/x"), get("/static/css/site.css"), get("/static/none"), get("/status/404"), get("/text", "Range: bytes=0-9")], files={"uwsgi_params": "uwsgi_param QUERY_STRING $query_string;\nuwsgi_param REQUEST_METHOD $request_method;\nuwsgi_param CONTENT_TYPE $content_type;\nuwsgi_param CONTENT_LENGTH $content_length;\nuwsgi_param REQUEST_URI $request_uri;\nuwsgi_param PATH_INFO $document_uri;\n"}, errors=True),
    Case("a single page", r"""
        server { listen @port@; root @www@/spa; index index.html;
            location / { try_files $uri $uri/ /index.html; }
            location = /index.html { add_header Cache-Control "no-store, no-cache, must-revalidate"; }
            location /assets/ { expires 1y; add_header Cache-Control "public"; }
            location ~* \.(?:js|css|svg|woff2?)$ { expires max; access_log off; }
            location /api/ { proxy_pass http://@http@/; proxy_set_header Host $host; proxy_buffering off; }
        }
    """, [get(path) for path in ("/", "/about/us", "/assets/app.123.js", "/assets/none.js", "/index.html", "/api/json", "/api/none?x=1", "/assets", "/api", "/x.svg")] + [get("/", "If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT"), post("/about", "x"), head("/about")], errors=True),
    Case("redirect to TLS", r"""
        server { listen @port@ default_server; server_name _; return 301 https://$host$request_uri; }
        server { listen @port@; server_name example.com; location /.well-known/acme-challenge/ { root @www@; } location / { return 301 https://example.com$request_uri; } }
        server { listen @port@; server_name www.example.org; rewrite ^/(.*)$ https://example.org/$1 permanent; }
        server { listen @port@; server_name old.example; if ($host ~* ^old\.(.*)$) { return 308 https://new.$1$request_uri; } }
        server { listen @port@; server_name blank.example; if ($scheme = http) { return 302 https://$server_name$uri$is_args$args; } }
    """, [get("/a%20b?c=d", host="x.example"), get("/", host="example.com"), get("/.well-known/acme-challenge/x", host="example.com"), get("/a%20b?c=d", host="www.example.org"), get("/q?r", host="old.example"), get("/q%20x?r", host="blank.example"), post("/form", "a=b", host="x.example"), get("/", host="evil\"<>", ours=400), get("/", host=None, version="HTTP/1.0"), get("/", host="x.example:8080")]),
    Case("downloads that the application allows", r"""
        server { listen @port@; root @www@;
            location / { proxy_pass http://@http@; proxy_set_header Host $host; }
            location /protected/ { internal; add_header X-Served-By front; types { } default_type application/octet-stream; }
            location /sendfile/ { internal; alias @www@/; expires -1; }
        }
    """, [get("/accel?/protected/report.pdf"), get("/accel?/sendfile/big.bin", "Range: bytes=1000-1999"), get("/accel?/sendfile/none"), get("/protected/report.pdf"), head("/accel?/protected/report.pdf"), get("/accel?/sendfile/hello.txt", 'If-None-Match: "61d0eb00-24"'), get("/accel-type?/protected/report.pdf")], errors=True),
    Case("a login whose rate is limited", r"""
        limit_req_zone $binary_remote_addr zone=login:10m rate=1r/m; limit_req_status 429; limit_conn_zone $binary_remote_addr zone=addr:10m;
        server { listen @port@; root @www@; limit_conn addr 10;
            location = /login { limit_req zone=login burst=1 nodelay; limit_except POST GET { deny all; } proxy_pass http://@http@/body; error_page 429 = @slow; }
            location @slow { default_type application/json; add_header Retry-After 60 always; return 429 '{"error": "too many"}'; }
            location / { proxy_pass http://@http@; }
        }
    """, [post("/login", "u=1"), post("/login", "u=2"), post("/login", "u=3"), get("/login"), get("/"), post("/login", "u=4", source="127.0.0.3"), get("/login", method="DELETE", source="127.0.0.4")], errors=True, like=[(r"excess: [0-9.]+", "excess: N")]),
    Case("the file of the seed", r"""
        include @stock@/mime.types; default_type application/octet-stream;
        log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                        '$status $body_bytes_sent "$http_referer" '
                        '"$http_user_agent" "$http_x_forwarded_for"';
        access_log @dir@/logs/main.log main; sendfile on; keepalive_timeout 65;
        server { listen @port@; location / { include @stock@/uwsgi_params; uwsgi_pass @uwsgi_unix@; } }
    """, [get("/"), get("/note?x=y", "X-Forwarded-For: 1.2.3.4", "User-Agent: u", "Referer: r"), post("/body", "note"), head("/text"), get("/status/500"), kept(request("/text", close=False), request("/empty"))], types=False, logs=["logs/main.log"],
         like=[(r"\[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} [+-][0-9]{4}\]", "[TIME]"), (r"REMOTE_PORT: [0-9]+", "REMOTE_PORT: N")]),
    Case("security headers and a health check", r"""
        map $http_origin $cors { default ""; ~^https://(app|admin)\.example$ $http_origin; }
        server { listen @port@; server_tokens off; root @www@;
            add_header X-Frame-Options SAMEORIGIN always; add_header Referrer-Policy no-referrer always; add_header Access-Control-Allow-Origin $cors always;
            location = /health { access_log off; default_type text/plain; return 200 "ok"; }
            location ~ /\.(?!well-known) { deny all; }
            location ~* \.(ini|log|conf|bak)$ { return 404; }
            location /api { if ($request_method = OPTIONS) { add_header Access-Control-Allow-Methods "GET, POST"; add_header Content-Length 0; return 204; } proxy_pass http://@http@; }
            location /ws/ { proxy_pass http://@http@; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; proxy_read_timeout 1d; }
        }
    """, [get("/health"), get("/.git/config"), get("/.hidden"), get("/.well-known/x"), get("/a.ini"), get("/api/x", "Origin: https://app.example"), get("/api/x", "Origin: https://evil"), get("/api", method="OPTIONS"), get("/hello.txt", "Origin: https://admin.example"), get("/ws/x")], errors=True, like=[("that of the body .*", "of the body")]),
    Case("maintenance, and a blue and a green side", r"""
        map $cookie_side $side { default blue; green green; }
        upstream blue { server @http@; } upstream green { server @http2@; }
        server { listen @port@; root @www@;
            if (-f @dir@/maintenance) { set $closed 1; }
            if ($remote_addr = 127.0.0.9) { set $closed 0; }
            if ($closed) { return 503; }
            error_page 503 @maintenance;
            location @maintenance { rewrite ^(.*)$ /errors/50x.html break; }
            location / { add_header X-Side $side; proxy_pass http://$side; }
        }
        server { listen @port2@; location / { add_header X-Side $side; proxy_pass http://$side$request_uri; proxy_set_header X-Side $side; } }
    """, [get("/x"), get("/x", source="127.0.0.9"), post("/x", "b"), get("/x", port="port2"), get("/x?y=%20", "Cookie: side=green", port="port2"), get("/x", "Cookie: side=other", port="port2")], files={"maintenance": ""}, errors=True),
    Case("one file for each application", r"""
        include @dir@/sites/*.conf;
        server { listen @port@ default_server; server_name _; return 404; }
    """, [get("/", host="one"), get("/static/css/site.css", host="one"), get("/", host="two"), get("/app/x", host="two"), get("/", host="three")],
         files={"sites/1.conf": "server { listen @port@; server_name one; root @www@; location / { proxy_pass http://@http@; include common.inc; } location /static { } }\n", "common.inc": "proxy_set_header Host $host;\nproxy_set_header X-Real-IP $remote_addr;\n",
                "sites/2.conf": "server { listen @port@; server_name two; location /app/ { proxy_pass http://@http2@/; include common.inc; proxy_set_header X-Prefix /app; } location / { return 302 /app/; } }\n"}, errors=True),
    Case("WordPress as it is told everywhere", r"""
        server { listen @port@; server_name php.example; root @www@; index index.php index.html;
            location / { try_files $uri $uri/ /index.php?$args; }
            location ~ \.php$ { include @stock@/fastcgi.conf; fastcgi_intercept_errors on; fastcgi_pass @fastcgi@; fastcgi_buffers 16 16k; }
            location ~* \.(js|css|png)$ { expires max; log_not_found off; }
            location ~ /\.ht { deny all; }
        }
    """, [get("/"), get("/2024/01/post?p=1"), get("/index.php?x"), get("/style.css"), get("/none.css"), get("/.htaccess"), post("/wp-login.php", "log=x"), get("/sub"), get("/sub/")], errors=True, like=[(r"REMOTE_PORT: [0-9]+", "REMOTE_PORT: N")]),
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_same(case, nginx_pair):
    nginx_pair.compare(case)

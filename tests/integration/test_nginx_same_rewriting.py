"""proxy_redirect and the rewriting of cookies, as the real nginx does them."""

import pytest

from nginx_pair import Case, get

# What an application redirects to; @http@ is where nginx finds it.
TARGETS = ("http://@/a/b?c=d", "http://@/app/x", "http://@", "http://other.test:8000/x", "https://@/x", "/relative", "/app/relative", "relative", "//two/slashes")
COOKIES = ("a=b; Domain=app.internal; Path=/app/x; Secure", "a=b; domain=.App.Internal;Path=/v2/x", "a=b", "a", "a=; Path=/app/", "session=1; HttpOnly; SameSite=lax; Secure",
           "session=1; Domain=www.shop.lan; samesite=STRICT", "Other = 1 ;; Path = /app/ ; Expires=Thu, 01 Jan 1970 00:00:01 GMT;")


def redirects(prefix="/", targets=TARGETS):
    return [get(f"{prefix}{kind}?{target.replace('@', '@http@')}") for target in targets for kind in ("redirect", "refresh")]


def cookies(prefix="/"):
    return [get(f"{prefix}cookie?{'|'.join(COOKIES).replace(' ', '%20')}"), *(get(f"{prefix}cookie?{cookie.replace(' ', '%20')}") for cookie in COOKIES)]


CASES = [
    Case("redirect by default", "server { listen @port@; location / { proxy_pass http://@http@; } }", redirects()),
    Case("redirect by default with a path", """
        server { listen @port@; location /app/ { proxy_pass http://@http@/; } location /exact { proxy_pass http://@http@/app; } }
    """, redirects("/app/") + redirects("/exact/../app/")),
    Case("redirect of an upstream", """
        upstream behind { server @http@; }
        server { listen @port@; location /one/ { proxy_pass http://behind/; } location / { proxy_pass http://behind; } }
    """, [get(f"{prefix}redirect?{target}") for prefix in ("/", "/one/") for target in ("http://behind/x", "http://behind", "http://behind:80/x", "http://BEHIND/x")]),
    Case("redirect with variables", """
        server { listen @port@; set $where http://@http@; location / { proxy_pass $where; } }
    """, redirects()),
    Case("redirect off", "server { listen @port@; proxy_redirect off; location / { proxy_pass http://@http@; } }", redirects()),
    Case("redirect by prefixes", """
        server { listen @port@; location / {
            proxy_pass http://@http@;
            proxy_redirect http://other.test:8000/ http://$host:81/other/;
            proxy_redirect default;
            proxy_redirect /app/ /one/;
            proxy_redirect relative "";
        } }
    """, redirects()),
    Case("redirect by expressions", r"""
        server { listen @port@; location / {
            proxy_pass http://@http@;
            proxy_redirect ~^http://(?<name>[^/:]+):8000(/.*)$ https://$name$2;
            proxy_redirect ~*^HTTPS?://[^/]*(/a.*)$ $scheme://$http_host$1;
            proxy_redirect ~rel $uri;
        } }
    """, redirects()),
    Case("absolute_redirect off", """
        server { listen @port@; absolute_redirect off; location /app/ { proxy_pass http://@http@/; } }
    """, redirects("/app/")),
    Case("redirect is inherited", """
        server { listen @port@; proxy_redirect http://other.test:8000/ /other/;
            location / { proxy_pass http://@http@; }
            location /app/ { proxy_pass http://@http@/; proxy_redirect default; }
        }
    """, redirects() + redirects("/app/")),
    Case("the default of an outer location is inherited", """
        server { listen @port@; location /one/ { proxy_pass http://@http@/; location /one/app/ { proxy_pass http://@http@/app/; } } }
    """, [get(f"/one/{path}?{target}") for path in ("redirect", "app/redirect") for target in ("http://@http@/x", "http://@http@/app/x")]),
    Case("redirect inside an if", """
        server { listen @port@; location /app/ { proxy_pass http://@http@/; if ($arg_x) { add_header X-If yes; } } }
    """, [get("/app/redirect?http://@http@/x"), get("/app/redirect?http://@http@/x&x=1")]),
    Case("cookies as they came", "server { listen @port@; location / { proxy_pass http://@http@; } }", cookies()),
    Case("cookie domain and path", r"""
        server { listen @port@; location / {
            proxy_pass http://@http@;
            proxy_cookie_domain .APP.internal .$host;
            proxy_cookie_domain ~\.([a-z]+)\.LAN$ $1.test;
            proxy_cookie_path /app/ /;
            proxy_cookie_path ~*^/V([0-9]) /version-$1;
        } }
    """, cookies()),
    Case("cookie flags", """
        server { listen @port@; set $none ""; location / {
            proxy_pass http://@http@;
            proxy_cookie_flags a secure samesite=none httponly;
            proxy_cookie_flags ~^SESS nosecure nohttponly samesite=strict;
            proxy_cookie_flags other $none bogus;
        }
        location /off/ { proxy_pass http://@http@/; proxy_cookie_flags ~. nosecure nohttponly nosamesite; } }
    """, cookies() + cookies("/off/")),
    Case("cookies off where they were on", """
        server { listen @port@; proxy_cookie_path /app/ /; proxy_cookie_flags a secure; proxy_cookie_domain app.internal localhost;
            location / { proxy_pass http://@http@; }
            location /off/ { proxy_pass http://@http@/; proxy_cookie_path off; proxy_cookie_flags off; proxy_cookie_domain off; }
        }
    """, cookies() + cookies("/off/")),
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_same(case, nginx_pair):
    nginx_pair.compare(case)

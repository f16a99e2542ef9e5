"""Which server of a group is asked, when one is left out, and what logs and variables say of it.

The servers at ports 11 to 14 of loopback do not exist: whom nginx turned to stands in $upstream_addr all the same.
"""

import pytest

from nginx_pair import Case, get, kept, post, request

DEAD = "\n".join(f"server 127.0.0.1:{11 + n} weight={n + 1} max_fails=0;" for n in range(4))
UP = 'add_header X-Up "$upstream_addr|$upstream_status|$upstream_connect_time|$upstream_header_time" always;'
# How long it took, and ports that are chosen anew for each run.
TIMES = [(r"\b[0-9]+\.[0-9]{3}\b", "T"), ("upstream: \"http://127.0.0.1:[0-9]{5}", "upstream: \"http://SOME")]


def several(target, times, **how):
    return [get(target, **how) for _ in range(times)]


CASES = [
    Case("turns by weight", f"""
        upstream all {{ {DEAD} }}
        upstream three {{ server 127.0.0.1:11 weight=5 max_fails=0; server 127.0.0.1:12 max_fails=0; server 127.0.0.1:13 max_fails=0; }}
        upstream some {{ server 127.0.0.1:11 down; server 127.0.0.1:12 weight=2 max_fails=0; server 127.0.0.1:13 max_fails=0; server 127.0.0.1:14 backup; }}
        server {{ listen @port@; {UP}
            location /all {{ proxy_pass http://all; }}
            location /one {{ proxy_next_upstream off; proxy_pass http://all; }}
            location /three {{ proxy_next_upstream off; proxy_pass http://three; }}
            location /two {{ proxy_next_upstream_tries 2; proxy_pass http://all; }}
            location /some {{ proxy_pass http://some; }}
        }}
    """, several("/three", 14) + several("/one", 12) + several("/all", 4) + several("/two", 6) + several("/some", 4), errors=True, like=TIMES),
    Case("keys", f"""
        upstream plain {{ hash $arg_k; {DEAD} }}
        upstream ring {{ hash $arg_k consistent; {DEAD} }}
        upstream named {{ hash $arg_k consistent; server 127.0.0.1 max_fails=0; server unix:@dir@/none.sock max_fails=0 weight=2; server [::1]:11 max_fails=0; server localhost:12 down; }}
        upstream half {{ hash $arg_k consistent; server 127.0.0.1:11 down; server 127.0.0.1:12 max_fails=0; server 127.0.0.1:13 fail_timeout=60; }}
        server {{ listen @port@; {UP}
            location /plain {{ proxy_next_upstream off; proxy_pass http://plain; }}
            location /plain-all {{ proxy_pass http://plain; }}
            location /ring {{ proxy_next_upstream off; proxy_pass http://ring; }}
            location /ring-all {{ proxy_pass http://ring; }}
            location /half {{ proxy_pass http://half; }}
            location /named {{ proxy_next_upstream off; proxy_pass http://named; }}
        }}
    """, [get(f"/{place}?k={key}") for place in ("plain", "ring", "plain-all", "ring-all", "half", "named") for key in ("", "a", "b", "one", "two", "three", "a-rather-long-key", "%41", "z9")], errors=True, like=TIMES),
    Case("addresses", f"""
        upstream sticky {{ ip_hash; {DEAD} }}
        upstream without {{ ip_hash; server 127.0.0.1:11 down; server 127.0.0.1:12 max_fails=0; server 127.0.0.1:13 weight=3 max_fails=0; }}
        server {{ listen @port@; {UP} set_real_ip_from 127.0.0.0/8; real_ip_header X-Ip;
            location / {{ proxy_next_upstream off; proxy_pass http://sticky; }}
            location /all {{ proxy_pass http://sticky; }}
            location /without {{ proxy_pass http://without; }}
        }}
    """, [get(place, f"X-Ip: {address}") for place in ("/", "/all", "/without") for address in ("10.0.0.1", "10.0.0.2", "10.1.0.1", "192.168.7.9", "8.8.8.8", "::1", "2001:db8::5", "fe80::1:2")], errors=True, like=TIMES),
    Case("failures and their words", f"""
        upstream f403 {{ server @http@; server @http2@; }}
        upstream f404 {{ server @http@ max_fails=2; server @http2@ max_fails=2; }}
        upstream f429 {{ server @http@; server @http2@; }}
        upstream f500 {{ server @http@; server @http2@; server 127.0.0.1:12 backup; }}
        upstream broken {{ server @http@ max_fails=2; server @http2@ max_fails=2; }}
        upstream posts {{ server @http@ max_fails=0; server @http2@ max_fails=0; }}
        upstream alone {{ server @dead@; }}
        upstream dead {{ server 127.0.0.1:11; server 127.0.0.1:12; }}
        upstream off {{ server 127.0.0.1:11 down; }}
        server {{ listen @port@; {UP}
            location /status/403 {{ proxy_next_upstream http_403; proxy_pass http://f403; }}
            location /status/404 {{ proxy_next_upstream http_404; proxy_pass http://f404; }}
            location /status/429 {{ proxy_next_upstream http_429; proxy_pass http://f429; }}
            location /status/500 {{ proxy_next_upstream error timeout http_500; proxy_pass http://f500; }}
            location /status/501 {{ proxy_next_upstream http_500 http_502; proxy_pass http://posts; }}
            location /status/502 {{ proxy_next_upstream http_502 non_idempotent; proxy_pass http://posts; }}
            location /status/503 {{ proxy_next_upstream http_503; proxy_pass http://posts; }}
            location /status/504 {{ proxy_next_upstream http_504; proxy_next_upstream_tries 3; proxy_pass http://posts; }}
            location /broken/big-head {{ proxy_next_upstream invalid_header; proxy_pass http://broken; }}
            location /broken/nothing {{ proxy_pass http://broken; }}
            location /alone {{ proxy_pass http://alone; }}
            location /dead {{ proxy_pass http://dead; error_page 502 = /sorry; }}
            location /off {{ proxy_pass http://off; }}
            location = /sorry {{ return 200 "sorry: $upstream_addr $upstream_status\\n"; }}
        }}
    """, [talk for status in (403, 404, 429, 500, 501, 502, 503, 504) for talk in several(f"/status/{status}", 4)] + [post(f"/status/{status}", "b") for status in (502, 503)] +
         several("/broken/big-head", 2) + several("/broken/nothing", 3) + several("/alone", 3) + several("/dead", 3) + several("/off", 2), errors=True, like=TIMES),
    Case("time out of a server", f"""
        upstream slow {{ server @http@; server @http2@; server @dead@ backup; }}
        upstream sockets {{ server unix:@dir@/one.sock fail_timeout=60; server unix:@dir@/two.sock fail_timeout=60; }}
        server {{ listen @port@; {UP}
            location /sockets {{ proxy_pass http://sockets; }}
            location /again {{ proxy_pass http://sockets/other; }}
            location / {{ proxy_pass http://slow; }}
        }}
    """, several("/sockets", 3) + several("/again", 2) + several("/text", 2), errors=True, like=TIMES),
    Case("least connections and one of two", f"""
        upstream least {{ least_conn; {DEAD} }}
        upstream spare {{ least_conn; server 127.0.0.1:11 down; server 127.0.0.1:12 backup max_fails=0; server 127.0.0.1:13 backup max_fails=0; server 127.0.0.1:14 max_fails=0; }}
        upstream two {{ random two least_conn; server 127.0.0.1:11 down; server 127.0.0.1:12 max_fails=0; }}
        upstream zoned {{ zone shared 64k; {DEAD} }}
        server {{ listen @port@; {UP}
            location /least {{ proxy_next_upstream off; proxy_pass http://least; }}
            location /all {{ proxy_pass http://least; }}
            location /spare {{ proxy_pass http://spare; }}
            location /two {{ proxy_pass http://two; }}
            location /zoned {{ proxy_next_upstream off; proxy_pass http://zoned; }}
        }}
    """, several("/least", 8) + several("/all", 3) + several("/spare", 4) + several("/two", 3) + several("/zoned", 6), errors=True, like=TIMES),
    Case("where a variable says", f"""
        upstream group {{ server @http@; }}
        server {{ listen @port@; {UP}
            location /number {{ set $to @http@; proxy_pass http://$to; }}
            location /group {{ set $to group; proxy_pass http://$to; }}
            location /name {{ set $to localhost; proxy_pass http://$to:11; }}
            location /dead {{ set $to @dead@; proxy_pass http://$to/other; }}
            location /socket {{ set $to unix:@dir@/none.sock; proxy_pass http://$to:/other; }}
        }}
    """, [get("/number"), get("/group"), get("/name"), post("/name", "b"), get("/dead"), get("/socket"), get("/dead")], errors=True, like=TIMES),
    Case("kept connections", f"""
        upstream kept {{ server @http@; keepalive 2; keepalive_requests 3; }}
        upstream pair {{ server @http@; server @http2@; keepalive 1; }}
        server {{ listen @port@; {UP} proxy_http_version 1.1; proxy_set_header Connection "";
            location / {{ proxy_pass http://kept; }}
            location /pair/ {{ proxy_pass http://pair; }}
        }}
    """, several("/text", 5) + several("/pair/text", 5) + [get("/status/500"), get("/chunked"), post("/body", "12345"), kept(request("/text", close=False), request("/text"))], errors=True, like=TIMES),
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_same(case, nginx_pair):
    nginx_pair.compare(case)

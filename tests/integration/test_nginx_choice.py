"""Which server and which location answer: the real nginx is asked over the wire, ours by `tierce nginx --choose`."""

import subprocess

import pytest

from front_servers import FrontServer
from nginx_peers import OURS, REAL
from raw_client import RawClient
from server_process import free_port

SERVERS = ["a.com www.a.com", ".b.com", "*.c.com c.com", "www.d.*", r"~^(www\.)?e\d+\.com$", "*.www.b.com", "x.b.com", "~^x", '""', "A.ORG",
           "mail.*", "mail.a.*", "*.mail.a.com"]
HOSTS = ["a.com", "www.a.com", "A.com", "a.com.", "a.com:81", "b.com", "x.b.com", "y.b.com", "z.y.b.com", "q.www.b.com", "c.com", "x.c.com",
         "www.d.com", "www.d.co.uk", "www.d", "d.com", "e1.com", "www.e22.com", "www.ex.com", "xyz", "nobody.org", "a.org", "mail.a.com",
         "mail.b.com", "x.mail.a.com", "-", "a..com", "mail.", "[::1]", "127.0.0.1"]
LOCATIONS = [
    "location / {{ {0} }} location = / {{ {1} }} location /a {{ {2} }} location /a/ {{ {3} }} location ^~ /img/ {{ {4} }} "
    r"location ~ \.png$ {{ {5} }} location ~* \.(png|gif)$ {{ {6} }} location = /a/b {{ {7} }}",
    r"location /a {{ {0} location /a/b {{ {1} location ~ \.x$ {{ {2} }} }} location ~ \.y$ {{ {3} }} }} location ~ \.(x|y|z)$ {{ {4} }}",
    r"location ^~ /a {{ {0} location /a/b {{ {1} }} location ~ \.x$ {{ {2} }} }} location ~ \.(x|y)$ {{ {3} location ~ b {{ {4} }} }}",
    "location /a/ {{ proxy_pass http://127.0.0.1:1; location /a/b {{ {0} }} }} location /img {{ {1} }} location /img/ {{ proxy_pass http://127.0.0.1:1; "
    "location /img/a {{ {2} }} }}",
    r"location ~ ^/a {{ {0} }} location ~ ^/(a|b) {{ {1} location ~ /b$ {{ {2} }} }} location = /a {{ {3} }}",
    "merge_slashes off; location / {{ {0} }} location /a/ {{ {1} }} location //a {{ {2} }} location /a//b {{ {3} }}",
    "location /a {{ location /a/b {{ {0} }} location ~ a {{ location ~ x {{ {1} }} {2} }} {3} }} location ^~ /a/b {{ {4} }}",
    'location "/a b" {{ {0} }} location /%20 {{ {1} }} location /é {{ {2} }} location ~ "^/a b" {{ {3} }} location /a?b {{ {4} }}',
]
TARGETS = ["/", "/a", "/a/", "/a/b", "/a/b/", "/ab", "/A", "/a.png", "/a.PNG", "/a/b.x", "/a/b.y", "/a/b.z", "/a/c.y", "/img", "/img/", "/img/a.png",
           "/img/a", "/b", "/b/b", "/c", "//a", "/a//b", "/a/./b", "/a/../b", "/a/..", "/../a", "/a%2fb", "/%61", "/a%20b", "/%2520", "/%C3%A9", "/a?b",
           "/a%3Fb", "/a#b", "/a/b?x=/../c", "/a/%2e%2e/b", "/.", "/a/.", "/...", "/a/.b", "/%", "/%4", "/%zz", "/%00", "/a+b", "/a/%2E", "/a//../b",
           "/a///b/", "/a%2F%2Fb", "/a\\b"]


def served_by_nginx(tmp_path, http, requests):
    """Status and body of each (port, host, target)."""
    (tmp_path / "logs").mkdir()
    front = FrontServer(tmp_path, REAL, "nginx-core")
    front.port = requests[0][0]
    path = tmp_path / "nginx.conf"
    path.write_text(f"daemon off;\nmaster_process off;\npid {tmp_path}/pid;\nerror_log {tmp_path}/nginx.log;\nevents {{}}\nhttp {{\n"
                    f"access_log off;\ndefault_type text/plain;\n{http}\n}}\n")
    front.start([REAL, "-p", str(tmp_path), "-c", str(path)])
    try:
        return path, [ask(*request) for request in requests]
    finally:
        front.stop()


def ask(port, host, target):
    with RawClient(("127.0.0.1", port)) as client:
        version = "1.0" if host == "-" else "1.1"
        lines = f"GET {target} HTTP/{version}\r\n" + ("" if host == "-" else f"Host: {host}\r\n") + "Connection: close\r\n\r\n"
        client.send(lines.encode())
        answer = client.response("GET")
    return f"{answer.status} {answer.body.decode() if answer.status == 200 else ''}"


def chosen_by_ours(path, requests):
    lines = "".join(f"127.0.0.1:{port} {host} {target}\n" for port, host, target in requests)
    done = subprocess.run([*OURS, "--choose", "-c", str(path)], input=lines, capture_output=True, text=True, check=True)
    # Nobody listens where the locations pass to.
    return [line if line.startswith("200") else line[:4].replace("pass", "502 ") for line in done.stdout.splitlines()]


def compare(tmp_path, http, requests):
    path, theirs = served_by_nginx(tmp_path, http, requests)
    different = [f"{request[1:]}: nginx {real!r}, ours {ours!r}"
                 for request, real, ours in zip(requests, theirs, chosen_by_ours(path, requests), strict=True) if real != ours]
    assert not different, "\n".join(different)


@pytest.mark.parametrize("default", [0, 3])
def test_servers(tmp_path, default):
    port = free_port()
    servers = [f'server {{ listen 127.0.0.1:{port}{" default_server" if default and number == default else ""}; server_name {names};'
               f' return 200 "{number}"; }}' for number, names in enumerate(SERVERS)]
    compare(tmp_path, "\n".join(servers), [(port, host, "/") for host in HOSTS])


def test_addresses(tmp_path):
    one, two = free_port(), free_port()
    compare(tmp_path, f'server {{ listen {one}; server_name a; return 200 "all"; }}'
                      f'server {{ listen 127.0.0.1:{one}; server_name b; return 200 "local"; }}'
                      f'server {{ listen {two}; return 200 "first"; }}'
                      f'server {{ listen 127.0.0.2:{one}; listen {two}; server_name a; return 200 "second"; }}',
            [(port, host, "/") for port in (one, two) for host in ("a", "b", "c")])


@pytest.mark.parametrize("number", range(len(LOCATIONS)))
def test_locations(tmp_path, number):
    port = free_port()
    answers = [f'return 200 "{name}";' for name in range(10)]
    compare(tmp_path, f"server {{ listen 127.0.0.1:{port}; {LOCATIONS[number].format(*answers)} }}", [(port, "a", target) for target in TARGETS])

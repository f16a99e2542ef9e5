"""Configurations that do not start: nginx -t of the real one and of ours, the same verdict in the same words."""

import socket

import pytest

from certificates import Certificate
from nginx_pair import free_port
from nginx_peers import both

HTTP = "events {}\nhttp {\n%s\n}\n"
SERVER = "events {}\nhttp {\n  server {\n    listen 127.0.0.1:{port};\n%s\n  }\n}\n"
LOCATION = "events {}\nhttp {\n  server {\n    listen 127.0.0.1:{port};\n    location / {\n%s\n    }\n  }\n}\n"


def in_http(text):
    return HTTP.replace("%s", text)


def in_server(text):
    return SERVER.replace("%s", text)


def in_location(text):
    return LOCATION.replace("%s", text)


# What is in a folder {dir} beside the file: cert.pem and key.pem, other.key of another certificate, text.txt, folder/.
CASES = {
    # Files that cannot be opened.
    "error log in no folder": "error_log {dir}/none/error.log;\nevents {}\n",
    "error log that is a folder": "error_log {dir}/folder;\nevents {}\n",
    "error log of http": in_http("error_log {dir}/none/error.log; server { listen 127.0.0.1:{port}; }"),
    "error log of a location": in_location("error_log {dir}/none/error.log;"),
    "access log in no folder": in_http("access_log {dir}/none/access.log; server { listen 127.0.0.1:{port}; }"),
    "access log of a server": in_server("access_log {dir}/none/access.log;"),
    "access log of a location": in_location("access_log {dir}/none/access.log;"),
    "access log that is a folder": in_http("access_log {dir}/folder; server { listen 127.0.0.1:{port}; }"),
    "pid in no folder": "pid {dir}/none/nginx.pid;\nevents {}\n",
    "include of nothing": "include {dir}/none.conf;\nevents {}\n",
    "include of a folder": "include {dir}/folder;\nevents {}\n",
    "include that is no configuration": "include {dir}/text.txt;\nevents {}\n",
    "include of a wrong one": "include {dir}/wrong.conf;\nevents {}\n",
    "include in http of a wrong one": in_http("include {dir}/wrong.conf;"),
    "glob of nothing": "include {dir}/none/*.conf;\nevents {}\nnothing_like_this;\n",
    # Addresses.
    "an address of another machine": in_http("server { listen 192.0.2.1:8080; }"),
    "an address in use": in_http("server { listen 127.0.0.1:{used}; }"),
    "a unix socket in no folder": in_http("server { listen unix:{dir}/none/s.sock; }"),
    "a unix socket": in_http("server { listen unix:{dir}/s.sock; }"),
    "a unix socket without a path": in_http("server { listen unix:; }"),
    "a host that is none": in_http("server { listen no.such.host.invalid:80; }"),
    "a port that is none": in_http("server { listen 127.0.0.1:70000; }"),
    "a port of letters": in_http("server { listen 127.0.0.1:http; }"),
    "a port of nothing": in_http("server { listen 127.0.0.1:; }"),
    "the same address twice": in_server("listen 127.0.0.1:{port};"),
    "two defaults": in_http("server { listen 127.0.0.1:{port} default_server; }\nserver { listen 127.0.0.1:{port} default_server; }"),
    "options twice": in_http("server { listen 127.0.0.1:{port} backlog=5; }\nserver { listen 127.0.0.1:{port} backlog=6; }"),
    "an option that is none": in_http("server { listen 127.0.0.1:{port} fast; }"),
    "a backlog that is none": in_http("server { listen 127.0.0.1:{port} backlog=x; }"),
    "the same name twice": in_http("server { listen 127.0.0.1:{port}; server_name a; }\nserver { listen 127.0.0.1:{port}; server_name a; }"),
    "a pattern that is none": in_http("server { listen 127.0.0.1:{port}; server_name ~(; }"),
    # Users and numbers of the machine.
    "a user that is none": "user nobody_of_this_name;\nevents {}\n",
    "a group that is none": "user root nobodies_of_this_name;\nevents {}\n",
    "workers of letters": "worker_processes many;\nevents {}\n",
    "connections of letters": "events { worker_connections many; }\n",
    "events twice": "events {}\nevents {}\n",
    "http twice": "events {}\nhttp {}\nhttp {}\n",
    "no events": "http {}\n",
    # Certificates.
    "no certificate": in_http("server { listen 127.0.0.1:{port} ssl; }"),
    "a certificate without its key": in_http("server { listen 127.0.0.1:{port} ssl; ssl_certificate {dir}/cert.pem; }"),
    "a certificate that is not there": in_http("server { listen 127.0.0.1:{port} ssl; ssl_certificate {dir}/none.pem; ssl_certificate_key {dir}/key.pem; }"),
    "a protocol that is none": in_http("server { listen 127.0.0.1:{port} ssl; ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem; ssl_protocols TLSv9; }"),
    # Upstreams.
    "an upstream of nobody": in_http("upstream u {}"),
    "an upstream twice": in_http("upstream u { server 127.0.0.1:1; }\nupstream u { server 127.0.0.1:2; }"),
    "an upstream with a port": in_http("upstream u { server 127.0.0.1:1; }\nserver { listen 127.0.0.1:{port}; location / { proxy_pass http://u:81; } }"),
    "a weight that is none": in_http("upstream u { server 127.0.0.1:1 weight=x; }"),
    "a server's option that is none": in_http("upstream u { server 127.0.0.1:1 strong; }"),
    "a server's port that is none": in_http("upstream u { server 127.0.0.1:99999; }"),
    "balanced twice": in_http("upstream u { ip_hash; least_conn; server 127.0.0.1:1; }"),
    "a backup of ip_hash": in_http("upstream u { ip_hash; server 127.0.0.1:1 backup; }"),
    "keepalive of none": in_http("upstream u { server 127.0.0.1:1; keepalive 0; }"),
    # Locations.
    "a pass without a scheme": in_location("proxy_pass 127.0.0.1:1;"),
    "a pass of another scheme": in_location("proxy_pass ftp://127.0.0.1;"),
    "a pass with a path in a pattern": in_server("location ~ /a { proxy_pass http://127.0.0.1:1/b; }"),
    "two passes": in_location("proxy_pass http://127.0.0.1:1; proxy_pass http://127.0.0.1:2;"),
    "the same location twice": in_server("location /a {}\nlocation /a {}"),
    "a location outside of its parent": in_location("location /a {} } location /b { location /c {}"),
    "a location's modifier that is none": in_server("location ~~ /a {}"),
    "a location's pattern that is none": in_server("location ~ ( {}"),
    "a named location in a location": in_location("location @a {}"),
    "an alias twice": in_location("alias /a; alias /b;"),
    "root and alias": in_location("root /a; alias /b;"),
    "a rewrite that is none": in_location("rewrite ( /a;"),
    "a rewrite's flag that is none": in_location("rewrite a /b later;"),
    "a return that is none": in_location("return 99999;"),
    "a set without a dollar": in_location("set a b;"),
    "a condition that is none": in_location("if ($a ! b) {}"),
    "an unknown variable": in_location("return 200 $nothing_like_this;"),
    "an unknown variable of a header": in_location("add_header X $nothing_like_this;"),
    "an error page of a code that is none": in_location("error_page 200 /a;"),
    "try_files of one": in_location("try_files $uri;"),
    "a type twice": in_http("types { text/plain a; text/html a; }"),
    # Logs, limits, maps.
    "a format that is none": in_http("access_log {dir}/access.log nothing;"),
    "a format twice": in_http("log_format a b;\nlog_format a c;"),
    "a format of an unknown variable": in_http("log_format a $nothing_like_this;\naccess_log {dir}/access.log a;"),
    "a level that is none": "error_log {dir}/error.log loud;\nevents {}\n",
    "a zone that is none": in_location("limit_req zone=nothing;"),
    "a zone too small": in_http("limit_req_zone $uri zone=a:1k rate=1r/s;"),
    "a rate that is none": in_http("limit_req_zone $uri zone=a:1m rate=fast;"),
    "connections of no zone": in_location("limit_conn nothing 1;"),
    "a map's pattern that is none": in_http("map $uri $a { ~( b; }"),
    "a map's value twice": in_http("map $uri $a { b 1; b 2; }"),
    "a size that is none": in_location("client_max_body_size 1x;"),
    "a time that is none": in_location("proxy_read_timeout 1x;"),
    "a flag that is none": in_location("gzip maybe;"),
    "a level of gzip that is none": in_location("gzip_comp_level 10;"),
    "an address to deny that is none": in_location("deny 1.2.3;"),
    "buffers that do not fit": in_location("proxy_buffer_size 64k; proxy_buffers 2 4k;"),
    "busy buffers that do not fit": in_location("proxy_busy_buffers_size 1k;"),
}
# Ours begin as nginx's and say more: the place, the nearest name, what is missing. (nginx names the line where a block ends
# that it has put together.)
MORE = {"a host that is none", "an upstream with a port", "an unknown variable", "an unknown variable of a header",
        "a format of an unknown variable", "a zone that is none", "connections of no zone", "buffers that do not fit",
        "busy buffers that do not fit"}
# Ours are words of their own, for the same file: a directory is not read, OpenSSL's error numbers are left out.
OTHER = {"include of a folder": "Is a directory", "a certificate that is not there": "No such file or directory"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("broken")
    (folder / "folder").mkdir()
    (folder / "text.txt").write_text("this is no configuration\n")
    (folder / "wrong.conf").write_text("\n\nnothing_like_this on;\n")
    made = Certificate(folder)
    made.certificate.rename(folder / "cert.pem")
    made.key.rename(folder / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as used:
        yield folder, used.getsockname()[1]


@pytest.mark.parametrize("name", CASES)
def test_the_same_verdict(folder, name):
    folder, used = folder
    path = folder / "nginx.conf"
    text = CASES[name].replace("{dir}", str(folder)).replace("{port}", str(free_port())).replace("{used}", str(used))
    # Neither takes a file of the machine.
    if "pid " not in text:
        text = f"pid {folder}/nginx.pid; " + text
    if "http {" in text and "access_log" not in text:
        text = text.replace("http {", "http { access_log off; ", 1)
    path.write_text(text)
    real, ours = both(path)
    if name in OTHER:
        assert OTHER[name] in ours.text and OTHER[name] in real.text
    elif name in MORE:
        assert real.error.split(" in /")[0].split(" of the ")[0] in ours.error, (real.text, ours.text)
    else:
        assert ours.error == real.error, text
        assert ("syntax is ok" in ours.text) == ("syntax is ok" in real.text)
    assert ours.status == real.status
    assert not (folder / "s.sock").exists()
    (folder / "nginx.pid").unlink(missing_ok=True)  # nginx leaves an empty one.

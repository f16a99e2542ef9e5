"""A reload costs no request: not behind nginx or Apache over any protocol, not straight, whatever asks for it."""

import os
import signal
import sys

import pytest

from front_servers import Apache, Nginx
from mixed_load import WITHOUT_CHUNKS, MixedLoad
from server_process import APPS, BINARY, free_port
from waiting import eventually

RELOADS = 4


def servers_of_nginx(passes):
    """A server for each of {name: inside of location}, as nginx's text, and {name: address}."""
    routes = {name: ("127.0.0.1", free_port()) for name in passes}
    servers = "".join(f"server {{ listen 127.0.0.1:{routes[name][1]}; location / {{ {passes[name]} }} }}\n" for name in passes)
    return servers, routes


@pytest.fixture
def fronts():
    started = []
    yield started
    for front in started:
        front.stop()


def behind_everything(server, tmp_path, fronts):
    """nginx and Apache in front of every listener of the server; {route: address}."""
    http, unix, uwsgi, fastcgi, scgi = server.addresses()
    assert isinstance(unix, str)
    keep = "proxy_http_version 1.1; proxy_set_header Connection ''; proxy_next_upstream off;"
    servers, routes = servers_of_nginx({
        "nginx, uwsgi over unix": f"include /etc/nginx/uwsgi_params; uwsgi_next_upstream off; uwsgi_pass unix:{unix};",
        "nginx, uwsgi over TCP": f"include /etc/nginx/uwsgi_params; uwsgi_next_upstream off; uwsgi_pass 127.0.0.1:{uwsgi[1]};",
        "nginx, FastCGI kept": "include /etc/nginx/fastcgi_params; fastcgi_next_upstream off; fastcgi_keep_conn on; fastcgi_pass fastcgi;",
        "nginx, SCGI": f"include /etc/nginx/scgi_params; scgi_next_upstream off; scgi_pass 127.0.0.1:{scgi[1]};",
        "nginx, HTTP kept": f"{keep} proxy_pass http://http;",
        "nginx, HTTP": f"proxy_next_upstream off; proxy_pass http://127.0.0.1:{http[1]};"})
    upstreams = (f"upstream http {{ server 127.0.0.1:{http[1]}; keepalive 8; }}\n"
                 f"upstream fastcgi {{ server 127.0.0.1:{fastcgi[1]}; keepalive 8; }}\n")
    (tmp_path / "nginx").mkdir()
    fronts.append(Nginx(tmp_path / "nginx").serve("return 204;", http=upstreams + servers))
    for name, line in {"Apache, uwsgi": f'ProxyPass "/" "uwsgi://127.0.0.1:{uwsgi[1]}/"',
                       "Apache, FastCGI": f'ProxyPass "/" "fcgi://127.0.0.1:{fastcgi[1]}/"',
                       "Apache, HTTP": f'ProxyPass "/" "http://127.0.0.1:{http[1]}/"'}.items():
        directory = tmp_path / f"apache{len(fronts)}"
        directory.mkdir()
        fronts.append(Apache(directory).serve(line))
        routes[name] = fronts[-1].address
    return {"straight": http, **routes}


def reload_by(trigger, server, tmp_path):
    if trigger == "HUP":
        server.signal(signal.SIGHUP)
    elif trigger == "touch-reload":
        os.utime(tmp_path / "touched")
    else:
        (tmp_path / "fifo").write_bytes(b"r")


@pytest.mark.parametrize("more", [[], ["lazy-apps = true"], ["threads = 4"]], ids=["plain", "lazy-apps", "threads"])
@pytest.mark.parametrize("trigger", ["HUP", "touch-reload", "fifo"])
def test_no_request_fails_when_uwsgi_reloads(server, tmp_path, fronts, trigger, more):
    (tmp_path / "touched").touch()
    ini = tmp_path / "uwsgi.ini"
    ini.write_text("\n".join([
        "[uwsgi]", f"home = {sys.prefix}", f"chdir = {APPS}", "module = behind:app", "master = true", "processes = 2",
        "http = 127.0.0.1:0", "http-keepalive = 60", f"socket = {tmp_path}/app.sock", "chmod-socket = 666", "socket = 127.0.0.1:0",
        "fastcgi-socket = 127.0.0.1:0", "scgi-socket = 127.0.0.1:0", f"touch-reload = {tmp_path}/touched",
        f"master-fifo = {tmp_path}/fifo", *more, ""]))
    server.spawn([str(BINARY), "uwsgi", "--ini", str(ini)])
    server.wait_listening(5)
    before = set(server.workers(2))
    # mod_proxy_uwsgi answers 411 to a chunked upload itself.
    with MixedLoad(behind_everything(server, tmp_path, fronts), {"Apache, uwsgi": WITHOUT_CHUNKS}) as load:
        for turn in range(1, RELOADS + 1):
            load.wait_more(3)
            reload_by(trigger, server, tmp_path)
            server.wait_log("The new code answers", 20, count=turn)
            eventually(lambda before=before: len(server.workers()) == 2 and not before & set(server.workers()), 20, "new workers alone")
            before = set(server.workers())
        load.wait_more(3)
    assert not load.failures, load.failures[:5]


@pytest.mark.parametrize("args", [["-k", "sync"], ["-k", "gthread", "--threads", "4"], ["-k", "gthread", "--threads", "2", "--preload"]],
                         ids=["sync", "gthread", "preload"])
def test_no_request_fails_when_gunicorn_gets_a_hup(server, tmp_path, fronts, args):
    server.spawn([str(BINARY), "gunicorn", "--python", sys.executable, "-w", "2", "-b", "127.0.0.1:0", "--chdir", str(APPS), *args,
                  "behind:app"])
    server.wait_listening()
    before = set(server.workers(2))
    port = server.port
    servers, routes = servers_of_nginx({
        "nginx, HTTP kept": "proxy_http_version 1.1; proxy_set_header Connection ''; proxy_next_upstream off; proxy_pass http://kept;",
        "nginx, HTTP": f"proxy_next_upstream off; proxy_pass http://127.0.0.1:{port};"})
    fronts.append(Nginx(tmp_path).serve("return 204;", http=f"upstream kept {{ server 127.0.0.1:{port}; keepalive 8; }}\n{servers}"))
    with MixedLoad({"straight": server.address, **routes}) as load:
        for _ in range(RELOADS):
            load.wait_more(5)
            server.signal(signal.SIGHUP)
            eventually(lambda before=before: len(server.workers()) == 2 and not before & set(server.workers()), 20, "new workers alone")
            before = set(server.workers())
        load.wait_more(5)
    assert not load.failures, load.failures[:5]


def test_reloads_within_a_reload_cost_nothing_either(server, tmp_path):
    server.start("behind:app", workers=2, threads=2)
    with MixedLoad({"straight": server.address}) as load:
        for _ in range(20):
            load.wait_more(2)
            server.signal(signal.SIGHUP)
        server.wait_log("The new code answers", 20)
        load.wait_more(20)
    assert not load.failures, load.failures[:5]

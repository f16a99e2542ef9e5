"""What others have been attacked with, and what users write wrong."""

import socket
import subprocess

import pytest
from server_process import BINARY
from supervisord_peers import OURS
from waiting import eventually

ONE = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n"


@pytest.fixture
def run(supervisord_run):
    return supervisord_run(OURS, ONE).start()


def exchange(run, data, seconds=10):
    """What comes back on a connection of its own, to its end."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(seconds)
        client.connect(str(run.folder / "s.sock"))
        answer = b""
        try:
            client.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            while part := client.recv(65536):
                answer += part
        except ConnectionResetError:
            pass
    return answer


def post(body, path="/RPC2", fields=""):
    body = body.encode()
    return (f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: text/xml\r\n{fields}"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def call(name, *values):
    params = "".join(f"<param><value>{v}</value></param>" for v in values)
    return f"<?xml version='1.0'?><methodCall><methodName>{name}</methodName><params>{params}</params></methodCall>"


def test_bodies_that_are_no_calls_are_400(run):
    bomb = ('<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
            "<methodCall><methodName>&b;</methodName></methodCall>")
    external = ('<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><methodCall><methodName>&f;</methodName></methodCall>')
    for body in ("", "x", "<methodCall>", "<methodCall></methodCall>", bomb, external, "<a>" * 5000,
                 call("supervisor.getState").replace("methodName", "methodname"),
                 call("supervisor.readLog", "<int>99999999999999999999</int>", "<int>0</int>"),
                 call("supervisor.readLog", "<int>0</int><int>1</int>"), "<methodResponse/>"):
        assert exchange(run, post(body)).startswith(b"HTTP/1.1 400 "), body[:80]
    deep = "<array><data><value>" * 60 + "</value></data></array>" * 60
    assert exchange(run, post(call("supervisor.getState", deep))).startswith(b"HTTP/1.1 400 ")
    assert run.state("cat") in ("RUNNING", "STARTING")


def test_attributes_are_no_methods(run):
    for name in ("supervisor.supervisord.options.warnings.linecache.os.system", "supervisor.__class__", "supervisor._update",
                 "__init__", "supervisor", "system", "."):
        assert b"UNKNOWN_METHOD" in exchange(run, post(call(name, "<string>id</string>"))), name


def test_large_bodies_are_refused_before_they_are_read(run):
    head = b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n"
    assert exchange(run, head).startswith(b"HTTP/1.1 413 ")
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    endless = b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 100
    assert exchange(run, endless)[:13] in (b"HTTP/1.1 413 ", b"")
    assert run.rpc.getState()["statename"] == "RUNNING"


def test_other_sites_pages_press_no_buttons(run):
    form = "action=stop&processname=cat"
    for fields in ("Sec-Fetch-Site: cross-site\r\n", "Origin: http://evil.example\r\n", "Origin: null\r\n"):
        assert exchange(run, post(form, "/", fields)).startswith(b"HTTP/1.1 403 ")
        assert exchange(run, post(call("supervisor.shutdown"), "/RPC2", fields)).startswith(b"HTTP/1.1 403 ")
    assert exchange(run, post(form, "/", "Sec-Fetch-Site: same-origin\r\n")).startswith(b"HTTP/1.1 303 ")
    run.reaches("cat", "STOPPED")


def test_the_page_shows_and_escapes(supervisord_run):
    run = supervisord_run(OURS, ONE + '[program:bad]\ncommand=/no/<script>"x"\nstartretries=0\n').start()
    run.reaches("bad", "FATAL")
    get = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    page = exchange(run, get).decode()
    assert "200 OK" in page and ">cat<" in page and "uptime 0:00:" in page and "<script>" not in page
    assert "&lt;script&gt;" in page and "Content-Security-Policy" in page
    eventually(lambda: b"supervisord started" in exchange(run, get.replace(b" / ", b" /tail.html ")))
    assert b" 404 " in exchange(run, get.replace(b" / ", b" /../../etc/passwd "))[:30]


def test_half_a_request_keeps_nobody_waiting(run):
    with socket.socket(socket.AF_UNIX) as slow:
        slow.connect(str(run.folder / "s.sock"))
        slow.sendall(b"POST /RPC2 HTTP/1.1\r\nHo")
        assert run.rpc.getState()["statename"] == "RUNNING"


def refused(run, *arguments):
    done = subprocess.run([str(BINARY), "supervisord", "-n", "-c", str(run.config), *arguments], capture_output=True, text=True,
                          timeout=20, cwd=run.folder)
    assert done.returncode == 2, done.stdout + done.stderr
    return done.stderr


@pytest.mark.parametrize("config, what", [
    ("[program:x]\n", "does not specify a command"),
    ("[program:x]\ncommand=a\nstartsecs=soon\n", "invalid literal for int()"),
    ("[program:x]\ncommand=a\nautostart=maybe\n", "not a valid boolean value: 'maybe'"),
    ("[program:x]\ncommand=a\nstopsignal=NO\n", "not a valid signal name"),
    ("[program:x]\ncommand=a\nnumprocs=2\n", "%(process_num) must be present within process_name"),
    ("[program:x]\ncommand=%(nosuch)s\n", "cannot be expanded. Available names: ENV_"),
    ("[program:x]\ncommand=date +%Y\n", "is badly formatted"),
    ("[program:x]\ncommand=a\nenvironment=A\n", "Unexpected end of key/value pairs"),
    ("[program:x]\ncommand=a\nstopasgroup=true\nkillasgroup=false\n", "Cannot set stopasgroup=true and killasgroup=false"),
    ("[program:x]\ncommand=a\nstdout_logfile=/no/such/x.log\n", "does not exist"),
    ("[program:x]\ncommand=a\nuser=nosuchuser\n", "Invalid user name nosuchuser"),
    ("[program:a:b]\ncommand=a\n", "Invalid name"),
    ("[group:g]\nprograms=nosuch\n", "names unknown program"),
    ("[eventlistener:x]\ncommand=a\n", "requires an \"events\" line"),
    ("[eventlistener:x]\ncommand=a\nevents=NOSUCH\n", "unknown event type NOSUCH"),
    ("[eventlistener:x]\ncommand=a\nevents=TICK_5\nredirect_stderr=true\n", "redirect_stderr=true"),
    ("[fcgi-program:x]\ncommand=a\n", "requires a \"socket\" line"),
    ("[inet_http_server]\nport=0.0.0.0:9001\n", "needs a username and a password"),
    ("[inet_http_server]\nport=127.0.0.1:http\n", "not a valid port number"),
    ("no section above\n", "neither"),
])
def test_mistakes_are_named_with_file_and_line(supervisord_run, config, what):
    run = supervisord_run(OURS, config)
    error = refused(run)
    assert what in error and f"{run.config}:" in error


def test_misspelt_keys_are_named_and_stop_nothing(supervisord_run):
    run = supervisord_run(OURS, "[program:cat]\ncommand=/bin/cat && true\nautorstart=true\nstopwatisecs=1\n[progam:x]\n").start()
    log = run.log()
    for text in (":18: [program:cat] autorstart: unknown key, it has no effect (did you mean autostart?)",
                 "[program:cat] stopwatisecs: unknown key, it has no effect (did you mean stopwaitsecs?)",
                 "command holds '&&', but no shell reads it", "[progam:x] is not a section of supervisord (did you mean [program]?)"):
        assert text in log, log


def test_a_second_server_on_the_socket_is_refused(run):
    assert "another process listens there already" in refused(run)
    assert run.rpc.getState()["statename"] == "RUNNING"
